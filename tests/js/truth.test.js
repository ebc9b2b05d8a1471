import assert from "node:assert/strict";
import { test } from "node:test";

import { nameRegion, regionsOf } from "#viewer/truth";

const region = (kind, word, cells) => ({ kind, words: [word], attributes: [], box: [0, 0, 40, 20], cells });

test("a cell's regions are those listed for it, whatever their boxes: objects first, then by share", () => {
  const regions = [
    region("background", "grass", [
      [0, 100],
      [1, 70],
    ]),
    region("object", "dog", [[1, 30]]),
    region("object", "cat", [
      [1, 45],
      [2, 100],
    ]),
    region("object", "sun", [[7, 100]]),
    region("object", "unplaced", []),
  ];
  const found = regionsOf(regions, 1).map(({ region: { words }, share }) => [words[0], share]);
  assert.deepEqual(found, [
    ["cat", 45],
    ["dog", 30],
    ["grass", 70],
  ]);
  assert.deepEqual(regionsOf(regions, 3), []);
});

test("a region is named by its attributes and first noun", () => {
  assert.equal(
    nameRegion({ kind: "object", words: ["dog", "puppy"], attributes: ["red", "scarlet"], box: [], cells: [] }),
    "red dog",
  );
  assert.equal(nameRegion({ kind: "background", words: [], attributes: [], box: [], cells: [] }), "background");
});
