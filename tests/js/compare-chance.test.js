import assert from "node:assert/strict";
import { test } from "node:test";
import { chanceOf } from "#viewer/compare-chance";
import { comparePage } from "#viewer/compare-files";
import { cellLinks } from "#viewer/compare-links";
import { PADDING } from "#viewer/compare-place";
import { compareViews } from "#viewer/compare-view";

/** 40 × 40 pixels in 2 × 2 cells; what differs is where the image lies in them. */
const geometry = (affine) => ({
  mediaType: "image/png",
  width: 40,
  height: 40,
  rows: 2,
  cols: 2,
  cellWidth: 20,
  cellHeight: 20,
  gridX: 0,
  gridY: 0,
  affine,
});
const WHOLE = 0;
/** The image in the upper half, padding below. */
const UPPER = 1;
/** The same map for images of any height: of a low one, the lower half is padding. */
const PLAIN = 2;
const geometries = [
  geometry([0.4, 0, 0, 0, 0.4, 0]),
  geometry([0.4, 0, 0, 0, 0.2, 0]),
  geometry([1, 0, 0, 0, 1, 0]),
];
const model = (...kinds) => ({
  numLayers: 1,
  visionLayers: [1],
  lenses: ["logit"],
  files: kinds.map((kind, image) => ({ image, geometry: kind, src: "", key: "", canvas: null })),
  absentImages: [],
  absences: [],
});
const page = comparePage({
  models: [model(WHOLE, WHOLE), model(WHOLE, UPPER), model(PLAIN, PLAIN)],
  images: [
    { width: 100, height: 100 },
    { width: 100, height: 100 },
  ],
  geometries,
  frequentWords: [],
});

test("padding of the other image has no counterpart, whether its canvas is cut otherwise or alike", () => {
  const between = cellLinks(page);
  assert.deepEqual([...between(0, 1, 0)], [0, 1, 2, 3]);
  assert.deepEqual([...between(0, 1, 0, 1)], [0, 1, PADDING, PADDING]);
  const low = {
    ...page,
    images: [
      { width: 40, height: 40 },
      { width: 40, height: 20 },
    ],
  };
  const alike = cellLinks(low);
  assert.deepEqual([...alike(2, 2, 0, 0)], [0, 1, 2, 3]);
  assert.deepEqual([...alike(2, 2, 0, 1)], [0, 1, PADDING, PADDING]);
});

test("chance counts no padding of the image that the other model reads", () => {
  const reads = (...tokens) => {
    const entries = Int32Array.from(tokens, (_, index) => index);
    return {
      data: {
        entries: () => ({ entries, ranks: 1, contextual: false }),
        tables: { tokens: tokens.map((token) => ({ token })), contexts: [] },
      },
    };
  };
  const views = compareViews(page, {});
  const state = { models: [0, 1], image: 0, depth: 1, lens: "logit", first: 1 };
  const dogs = reads("dog", "dog", "dog", "dog");
  const columns = [0, 1].map((index) => ({ index, layer: 0, loaded: dogs }));
  // The second model reads the other image in its upper half only; below, its "dog" is of padding.
  const loaded = [reads("dog", "sky", "sky", "sky"), reads("dog", "sky", "dog", "dog")];
  const chance = chanceOf({ page, state, columns }, views.agreementOf, { image: 1, loaded });
  // First model: 1 of 2. Second, whose cells on the shown image are whole: 1 of 4 of the first's.
  assert.deepEqual(chance, { agreeing: 2, compared: 6 });
});
