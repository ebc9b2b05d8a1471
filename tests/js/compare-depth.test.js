import assert from "node:assert/strict";
import { test } from "node:test";
import { depthOf, depthStops, formatDepth, layerAt, nearest } from "#viewer/compare-depth";

const six = { numLayers: 6, visionLayers: [0, 1, 2, 3, 4, 5, 6] };
const deep = { numLayers: 28, visionLayers: [0, 1, 2, 4, 8, 16, 24, 26, 27] };

test("each model shows its own nearest stored layer", () => {
  assert.equal(deep.visionLayers[layerAt(deep, depthOf(six, 3))], 16); // 14 of 28 is nearer to 16 than to 8
  assert.equal(deep.visionLayers[layerAt(deep, 1)], 27);
  assert.equal(six.visionLayers[layerAt(six, 8 / 28)], 2); // 0.286 is nearer to 1/3 than to 1/6
});

test("of two equally near layers the shallower is shown", () => {
  assert.equal(layerAt({ numLayers: 4, visionLayers: [0, 2, 4] }, 0.25), 0);
  assert.equal(nearest([1 / 6, 1 / 2], 1 / 3), 0);
});

test("the slider stops wherever a model has a layer, once", () => {
  const four = { numLayers: 4, visionLayers: [0, 2, 4] };
  assert.deepEqual(depthStops([four, { numLayers: 2, visionLayers: [1, 2] }]), [0, 0.5, 1]);
  assert.equal(depthStops([six, deep]).length, 7 + 9 - 1);
});

test("depths read as percentages", () => {
  assert.equal(formatDepth(1 / 3), "33\u202f%");
});
