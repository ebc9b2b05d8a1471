import assert from "node:assert/strict";
import { test } from "node:test";

import { countOnsets, onsets, perThousand } from "#viewer/onset";
import { imagesShowing } from "#viewer/shown-words";

const LAYERS = [0, 1, 2, 4, 7, 9, 12];
const CELLS = 100;

/** Hits of one lens: `named` maps a cell to the depths that name the word; `absent` are layers not stored. */
function hitsOf(named, { layers = LAYERS, cells = CELLS, absent = [] } = {}) {
  const counts = new Uint8Array(layers.length * cells);
  for (const [cell, depths] of Object.entries(named)) {
    for (const depth of depths) counts[layers.indexOf(depth) * cells + Number(cell)] = 2;
  }
  return { cells, counts, stored: [layers.map((depth) => !absent.includes(depth))] };
}

const depthsOf = (hits, layers = LAYERS) => [...onsets(hits, 0)].map((layer) => (layer < 0 ? null : layers[layer]));

test("an onset planted at layer 7 on 12 cells is found there and nowhere else", () => {
  const planted = Array.from({ length: 12 }, (_, index) => 8 * index + 3);
  const blips = { 1: [7], 2: [2], 5: [0, 2, 7], 6: [12] };
  const hits = hitsOf({ ...Object.fromEntries(planted.map((cell) => [cell, [7, 9, 12]])), ...blips });
  const found = depthsOf(hits);
  assert.deepEqual(found.flatMap((depth, cell) => (depth === null ? [] : [[cell, depth]])), planted.map((cell) => [cell, 7]));
  const { showing } = countOnsets([hits], [true], 0, LAYERS.length);
  assert.deepEqual(showing.counts, [0, 0, 0, 0, 12, 0, 0]);
  assert.deepEqual(perThousand(showing), [0, 0, 0, 0, 120, 0, 0]);
});

test("a blip before it does not move an onset; a later gap neither", () => {
  assert.deepEqual(depthsOf(hitsOf({ 0: [0, 2, 4, 9] })).slice(0, 2), [2, null]);
});

test("the last layer alone is no onset, unless it is the only one", () => {
  assert.equal(depthsOf(hitsOf({ 0: [12] }))[0], null);
  assert.equal(depthsOf(hitsOf({ 0: [9, 12] }))[0], 9);
  assert.equal(depthsOf(hitsOf({ 0: [4] }, { layers: [4] }), [4])[0], 4);
});

test("layers at which the lens is absent are passed over", () => {
  assert.equal(depthsOf(hitsOf({ 0: [4, 9] }, { absent: [7] }))[0], 4);
  assert.equal(depthsOf(hitsOf({ 0: [4, 9] }))[0], null);
  assert.equal(depthsOf(hitsOf({ 0: [4] }, { absent: LAYERS.filter((depth) => depth !== 4) }))[0], 4);
  assert.equal(depthsOf(hitsOf({}, { absent: LAYERS }))[0], null);
});

test("images are counted by what they show; an image that is not read is in no group", () => {
  const [a, b] = [hitsOf({ 0: [0, 1] }), hitsOf({ 0: [1, 2], 1: [1, 2] }, { cells: 50 })];
  const { showing, without, unknown } = countOnsets([a, b, undefined, a], [true, false, true, null], 0, LAYERS.length);
  assert.deepEqual([showing.images, without.images, unknown.images], [1, 1, 1]);
  assert.deepEqual(perThousand(without), [0, 40, 0, 0, 0, 0, 0]);
  assert.deepEqual(perThousand({ images: 0, cells: 0, counts: [0] }), [0]);
  assert.equal(showing.counts[0], 1);
});

const DESCRIBED = [
  { caption: "A Dog and a cat.", regions: [] },
  { caption: null, regions: [{ words: ["hot dog", "sausage"], attributes: ["brown"] }] },
  { caption: "Dogs everywhere", regions: [] },
  { caption: null, regions: [] },
  { caption: "", regions: [{ words: [], attributes: [] }] },
  { caption: "underdogs", regions: [] },
];

for (const [find, expected] of [
  [{ text: " DOG", by: "word" }, [true, true, false, null, null, false]],
  [{ text: "␣dog", by: "exact" }, [true, true, false, null, null, false]],
  [{ text: "dog", by: "prefix" }, [true, true, true, null, null, false]],
  [{ text: "^ ?Dogs?$", by: "regex" }, [true, true, true, null, null, false]],
  [{ text: "brown", by: "word" }, [false, true, false, null, null, false]],
  [{ text: "hot dog", by: "word" }, [false, true, false, null, null, false]],
]) {
  test(`images that show ${find.by} "${find.text}"`, () => assert.deepEqual(imagesShowing(DESCRIBED, find), expected));
}
