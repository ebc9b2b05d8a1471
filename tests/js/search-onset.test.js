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
  const { shows } = countOnsets([hits], ["shows"], 0, LAYERS.length);
  assert.deepEqual(shows.counts, [0, 0, 0, 0, 12, 0, 0]);
  assert.deepEqual(perThousand(shows), [0, 0, 0, 0, 120, 0, 0]);
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
  const shown = ["shows", "without", "shows", "undescribed", "unclear"];
  const groups = countOnsets([a, b, undefined, a, b], shown, 0, LAYERS.length);
  const { shows, without, unclear, undescribed } = groups;
  assert.deepEqual([shows, without, unclear, undescribed].map(({ images }) => images), [1, 1, 1, 1]);
  assert.deepEqual(perThousand(without), [0, 40, 0, 0, 0, 0, 0]);
  assert.deepEqual(perThousand({ images: 0, cells: 0, counts: [0] }), [0]);
  assert.equal(shows.counts[0], 1);
});

const NOT_DESCRIBED = [
  { caption: null, regions: [] },
  { caption: "", regions: [{ words: [], attributes: [] }] },
];

test("an image without caption and annotations is in no group to compare", () => {
  assert.deepEqual(imagesShowing(NOT_DESCRIBED, { text: "dog", by: "word" }), ["undescribed", "undescribed"]);
});

const inCaption = (caption) => ({ caption, regions: [] });
const inRegion = (name) => ({ caption: null, regions: [{ words: [name], attributes: ["brown"] }] });

/** Who would be in the grey null although the word is there in another form made this table necessary. */
for (const [by, text, texts] of [
  ["word", " DOG", { shows: ["A Dog and a cat.", "Two dogs play", "the dog's bone", "hot dog", "dog-sitter"], unclear: ["a doghouse"], without: ["underdogs", "a cat"] }],
  ["word", "dogs", { shows: ["A dog."], unclear: ["a doghouse"], without: ["a cat"] }],
  ["word", "boxes", { shows: ["a box", "boxes"], without: ["a book"] }],
  ["word", "box", { shows: ["Boxes!"], unclear: ["a boxer"], without: ["a book"] }],
  ["word", "riding", { shows: ["a man rides", "they ride"], without: ["a man walks"] }],
  ["word", "man", { shows: ["three men"], unclear: ["many cats"], without: ["a woman"] }],
  ["word", "hot dogs", { shows: ["a hot dog"], without: ["a hot day with a dog", "hot"] }],
  ["word", "a", { shows: ["a cat"], without: ["apples"] }],
  ["word", "猫", { shows: ["一只红色的猫"], without: ["一只狗"] }],
  ["word", "🦊", { shows: ["a 🦊 runs"], without: ["a fox"] }],
  ["exact", "␣dog", { shows: ["two dogs"], unclear: ["a doghouse"], without: ["underdogs"] }],
  ["exact", "tain", { unclear: ["a mountain"], without: ["a hill"] }],
  ["prefix", "dog", { shows: ["Dogs", "a doghouse"], without: ["underdogs"] }],
  ["prefix", "boxes", { shows: ["boxes"], unclear: ["a box"], without: ["a book"] }],
  ["regex", "teddy bear", { shows: ["a teddy bear", "Teddy bears"], without: ["a bear", "a teddy and a bear"] }],
  ["regex", "^teddy bear$", { shows: ["a teddy bear sits"], without: ["a bear"] }],
  ["regex", "^ ?Dogs?$", { shows: ["Dogs everywhere", "dog"], without: ["underdogs"] }],
  ["regex", "^dog$", { shows: ["a dog"], unclear: ["two dogs"], without: ["doghouse"] }],
  ["regex", "^house$", { shows: ["a house"], unclear: ["houses"], without: ["a home"] }],
  ["regex", "s.*t", { shows: ["a street"], unclear: ["a house at night"], without: ["a dog"] }],
]) {
  for (const [expected, captions] of Object.entries(texts)) {
    for (const caption of captions) {
      test(`${by} "${text}" in "${caption}": ${expected}`, () => {
        assert.deepEqual(imagesShowing([inCaption(caption), inRegion(caption)], { text, by }), [expected, expected]);
      });
    }
  }
}

test("attributes count; of several texts the surest does", () => {
  assert.deepEqual(imagesShowing([inRegion("dog")], { text: "brown", by: "word" }), ["shows"]);
  const image = { caption: "a doghouse", regions: [{ words: ["dogs"], attributes: [] }] };
  assert.deepEqual(imagesShowing([image], { text: "dog", by: "word" }), ["shows"]);
});
