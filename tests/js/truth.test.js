import assert from "node:assert/strict";
import { test } from "node:test";

import { nameRegion, regionsOf } from "#viewer/truth";

const canvas = { width: 40, height: 20, rows: 2, cols: 4, cellWidth: 10, cellHeight: 10, gridX: 0, gridY: 0 };
const region = (kind, word, box) => ({ kind, words: [word], attributes: [], box });

test("a cell's regions are those that its box meets: objects first, then by share", () => {
  const regions = [
    region("background", "grass", [0, 0, 40, 20]),
    region("object", "dog", [8, 0, 20, 5]),
    region("object", "cat", [10, 0, 20, 10]),
    region("object", "sun", [30, 10, 40, 20]),
    region("object", "unplaced", []),
  ];
  const found = regionsOf(regions, canvas, 1).map(({ region: { words }, share }) => [words[0], share]);
  assert.deepEqual(found, [
    ["cat", 1],
    ["dog", 0.5],
    ["grass", 1],
  ]);
});

test("a region is named by its attributes and first noun", () => {
  assert.equal(
    nameRegion({ kind: "object", words: ["dog", "puppy"], attributes: ["red", "scarlet"], box: [] }),
    "red dog",
  );
  assert.equal(nameRegion({ kind: "background", words: [], attributes: [], box: [] }), "background");
});
