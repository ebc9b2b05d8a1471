import assert from "node:assert/strict";
import { test } from "node:test";

import { fit, labelPlaces } from "#viewer/map-drawing";

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
});
