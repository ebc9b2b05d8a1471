import assert from "node:assert/strict";
import { test } from "node:test";

import { colourRuns, fit, fontSize, labelPlaces } from "#viewer/map-drawing";

const canvas = { width: 60, height: 20, rows: 1, cols: 3, cellWidth: 20, cellHeight: 20, gridX: 0, gridY: 0 };
const map = {
  fills: [],
  classes: [],
  ramp: null,
  groups: ["dog", "dog", "cat"],
  labels: ["dog", "Dog", "cat"],
};

test("large cells carry their own words", () => {
  const places = labelPlaces(canvas, map, 0.4);
  assert.deepEqual(
    places.map(({ text, box }) => [text, box.x, box.width]),
    [
      ["dog", 0, 20],
      ["Dog", 20, 20],
      ["cat", 40, 20],
    ],
  );
});

test("small cells share a word per area, across its widest row", () => {
  const places = labelPlaces(canvas, map, 1);
  assert.deepEqual(
    places.map(({ text, box }) => [text, box.x, box.width]),
    [
      ["dog", 0, 40],
      ["cat", 40, 20],
    ],
  );
});

test("text that does not fit is cut, and left out where too little would remain", () => {
  assert.equal(fit("grass", 1.2), "grass");
  assert.equal(fit("grassland", 0.6), "gras…");
  assert.equal(fit("grassland", 0.3), "");
  assert.equal(fit("🦊🦊🦊🦊", 0.75), "🦊🦊…");
  assert.equal(fit("e\u0301e\u0301e\u0301e\u0301", 0.75), "e\u0301e\u0301…");
  assert.equal(fit("👩\u200d🚀👩\u200d🚀👩\u200d🚀👩\u200d🚀", 0.75), "👩\u200d🚀👩\u200d🚀…");
});

test("fonts are as large as the box allows, in whole pixels between 8 and 13", () => {
  assert.equal(fontSize(3, 100, 40), 13);
  assert.equal(fontSize(3, 32, 40), 10);
  assert.equal(fontSize(3, 100, 16), 11);
  assert.equal(fontSize(9, 20, 16), 8);
  assert.equal(fontSize(0, 20, 40), 13);
});

test("neighbours of one colour are filled in one go, row by row", () => {
  const colours = ["a", "a", "b", "a", null, "a"];
  assert.deepEqual(
    colourRuns(colours, 3).map(({ row, firstCol, lastCol, colour }) => [row, firstCol, lastCol, colour]),
    [
      [0, 0, 1, "a"],
      [0, 2, 2, "b"],
      [1, 0, 0, "a"],
      [1, 2, 2, "a"],
    ],
  );
});
