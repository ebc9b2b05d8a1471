import assert from "node:assert/strict";
import { test } from "node:test";

import { whyNone } from "#viewer/tokens-control";

for (const [images, words] of [
  [1, /^one image is too few to find default tokens$/],
  [2, /^no default tokens found; with 2 images only one that comes first on half/],
  [7, /^no default tokens found; with 7 images only one that is often first in all 7/],
  [10, /^no default tokens found$/],
]) {
  test(`why nothing is hidden in ${images} images`, () => assert.match(whyNone(Number(images)), words));
}
