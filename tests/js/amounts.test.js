import assert from "node:assert/strict";
import { test } from "node:test";

import { amount } from "#viewer/amounts";

test("one is one, all others are more", () => {
  assert.deepEqual([0, 1, 2, 1200].map((count) => amount(count, "hit")), ["0 hits", "1 hit", "2 hits", "1,200 hits"]);
  assert.deepEqual([amount(1, "patch", "patches"), amount(21, "patch", "patches")], ["1 patch", "21 patches"]);
});
