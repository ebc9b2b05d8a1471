import assert from "node:assert/strict";
import { test } from "node:test";

import { firstState } from "#viewer/first-state";
import { viewMaker } from "#viewer/view";
import { wordPlaces } from "#viewer/words";

const canvas = {
  width: 30,
  height: 30,
  rows: 3,
  cols: 3,
  cellWidth: 10,
  cellHeight: 10,
  gridX: 0,
  gridY: 0,
  src: "",
};
const page = {
  model: { id: "m", title: "M", numLayers: 4 },
  visionLayers: [0, 2, 4],
  textLayers: [1, 2],
  lenses: [
    { id: "logit", title: "LogitLens", scoreName: "logit" },
    { id: "contextual", title: "LN-Lens", scoreName: "cosine" },
  ],
  images: [{ id: "a", caption: null, generatedCaption: null, canvas, regions: [] }],
  image: async () => data({}),
  absence: () => null,
};
const palette = { word: { lightness: ["0.8"], chroma: ["0.1"] }, quiet: "grey", ramp: ["a"], verdict: {} };

/** @param {Record<number, number>} named lenses that name each cell @param {number[]} things cells with an object */
const data = (named, things = []) => ({
  reads: 0,
  neighbors() {
    this.reads += 1;
    return [{ rank: 1, token: "dog", score: 1, probability: null, textLayer: null, context: null }];
  },
  judgment: (lens, layer, cell) => ({
    status: "ok",
    interpretable: true,
    concrete: (named[cell] ?? 0) > (lens === "logit" ? 1 : 0) ? ["dog"] : [],
    abstract: [],
    global: [],
    candidates: [],
    truthKind: things.includes(cell) ? "object" : "background",
  }),
  statistics: () => null,
});
const BLANK = { image: 0, layer: 0, cell: null, pins: [], map: "words", lens: "", only: null, grid: true };

test("a fresh page opens on a patch that most lenses name, else on the centre", () => {
  assert.equal(firstState(page, data({}), BLANK).cell, 4);
  assert.equal(firstState(page, data({ 0: 1, 8: 2 }), BLANK).cell, 8);
  assert.equal(firstState(page, data({ 0: 1, 1: 1 }), BLANK).cell, 1);
  assert.equal(firstState(page, data({ 1: 1, 6: 1 }, [6]), BLANK).cell, 6);
  assert.equal(firstState(page, data({}), BLANK).layer, 1);
  assert.equal(firstState(page, data({}), BLANK).lens, "contextual");
});

test("hovering shows another patch, letting go shows the pinned one", () => {
  const view = viewMaker(page, palette);
  assert.equal(view({ ...BLANK, cell: 3 }, 7, data({})).cell, 7);
  assert.equal(view({ ...BLANK, cell: 3 }, null, data({})).cell, 3);
  assert.equal(view(BLANK, null, data({})).cell, null);
});

test("hovering does not read the map again; another layer does", () => {
  const view = viewMaker(page, palette);
  const readings = data({});
  const state = { ...BLANK, lens: "logit" };
  const first = view(state, null, readings).map;
  assert.equal(view(state, 5, readings).map, first);
  assert.equal(readings.reads, 9);
  const deeper = view({ ...state, layer: 2 }, 5, readings);
  assert.equal(readings.reads, 18);
  assert.equal(view(state, null, readings).map, first);
  assert.equal(view(state, null, readings).mapAt(2), deeper.map);
  assert.equal(readings.reads, 18);
});

test("another choice of tokens reads the map again", () => {
  const view = viewMaker(page, palette);
  const state = { ...BLANK, lens: "logit", defaults: "show", wordsOnly: false };
  const first = view(state, null, data({})).map;
  assert.notEqual(view({ ...state, wordsOnly: true }, null, data({})).map, first);
});

test("spellings of a frequent word share one place", () => {
  assert.deepEqual(
    [...wordPlaces([" dog", "Dog", "cat"])],
    [
      ["dog", 0],
      ["cat", 1],
    ],
  );
});
