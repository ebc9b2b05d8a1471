import assert from "node:assert/strict";
import { test } from "node:test";

import { describeLayer, middleIndex, nearestIndex, stepIndex } from "#viewer/layers";

const LAYERS = [0, 1, 2, 4, 8, 16, 24, 26, 27];

test("the nearest stored layer is taken, the shallower of two", () => {
  assert.equal(nearestIndex(LAYERS, 16), 5);
  assert.equal(nearestIndex(LAYERS, 13), 5);
  assert.equal(nearestIndex(LAYERS, 12), 4);
  assert.equal(nearestIndex(LAYERS, 3), 2);
  assert.equal(nearestIndex(LAYERS, 99), 8);
});

test("steps stay in the list", () => {
  assert.equal(stepIndex(LAYERS, 0, -1), 0);
  assert.equal(stepIndex(LAYERS, 8, 1), 8);
  assert.equal(stepIndex(LAYERS, 3, 1), 4);
});

test("a fresh page shows the middle of the stored layers", () => {
  assert.equal(middleIndex(LAYERS), 4);
  assert.equal(middleIndex([0]), 0);
});

test("layer l is the output of block l, layer 0 what enters", () => {
  assert.equal(describeLayer(0, 28), "what enters the LLM");
  assert.equal(describeLayer(8, 28), "output of block 8 of 28");
  assert.equal(describeLayer(28, 28), "output of block 28, the last");
});
