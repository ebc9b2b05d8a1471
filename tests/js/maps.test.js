import assert from "node:assert/strict";
import { test } from "node:test";

import { readMap } from "#viewer/maps";
import { shownTokens } from "#viewer/shown-tokens";

const palette = {
  word: { lightness: ["0.8", "0.7"], chroma: ["0.1"], named: new Map([["red", "oklch(0.7 0.17 27)"]]) },
  quiet: "grey",
  dim: "faint",
  ramp: ["low", "middle", "high"],
  verdict: { concrete: "green", global: "yellow", no: "dark", failed: "pink" },
};

/** Two layers of four cells: tokens, scores, text layers and verdicts by layer and cell. */
const TOKENS = [
  [" dog", "Dog", "...", " cat"],
  [" cat", "dog", "dog", "dog"],
];
const SCORES = [
  [0, 1, 2, 3],
  [4, 5, 6, 9],
];
const VERDICTS = [
  { status: "ok", interpretable: true, concrete: [], abstract: [], global: ["dog"] },
  { status: "ok", interpretable: true, concrete: ["cat"], abstract: [], global: ["dog"] },
  { status: "ok", interpretable: false, concrete: [], abstract: [], global: [] },
  { status: "failed", interpretable: null, concrete: [], abstract: [], global: [] },
];

const data = {
  neighbors: (lens, layer, cell) => [
    {
      rank: 1,
      token: TOKENS[layer][cell],
      score: SCORES[layer][cell],
      probability: null,
      textLayer: [1, 8, 8, 4][cell],
    },
  ],
  judgment: (lens, layer, cell) => VERDICTS[cell],
  statistics: (layer, cell) => ({ norm: SCORES[layer][cell], entropy: 9 - SCORES[layer][cell] }),
};
const source = {
  data,
  lens: "contextual",
  layer: 0,
  layers: 2,
  cells: 4,
  textLayers: [1, 4, 8],
  places: new Map(),
  scoreName: "cosine",
};
const facts = { model: { numLayers: 9 }, visionLayers: [0, 1] };
const SHOW = { defaults: "show", wordsOnly: false };

/** @param {string} kind @param {object} [changes] of the source @param {object} [choice] of tokens @param {object[]} [defaultTokens] */
function read(kind, changes = {}, choice = SHOW, defaultTokens = []) {
  const wanted = { ...source, ...changes };
  const shown = shownTokens({ ...facts, defaultTokens }, choice, wanted.data);
  return readMap(kind, { ...wanted, shown }, palette);
}

test("one word has one colour, on every layer, however it is spelt", () => {
  const [first, second, quiet, cat] = read("words").fills;
  assert.equal(first, second);
  assert.notEqual(first, cat);
  assert.equal(quiet, "grey");
  const later = read("words", { layer: 1 }).fills;
  assert.deepEqual(later, [cat, first, first, first]);
});

test("the legend of words counts cells, most first", () => {
  const items = read("words", { layer: 1 }).classes.map(({ label, count }) => [label, count]);
  assert.deepEqual(items, [
    ["dog", 3],
    ["cat", 1],
  ]);
});

test("scores are scaled over all layers, so that layers can be compared", () => {
  assert.deepEqual(read("score").fills, ["low", "low", "low", "middle"]);
  assert.deepEqual(read("score", { layer: 1 }).fills, ["middle", "middle", "high", "high"]);
  assert.deepEqual([read("score").ramp.low, read("score").ramp.high], [0, 9]);
});

test("verdicts tell what is here from what is elsewhere, and a failed judge from a no", () => {
  const { fills, classes } = read("verdict");
  assert.deepEqual(fills, ["yellow", "green", "dark", "pink"]);
  assert.equal(classes.length, 4);
});

test("what nobody judged stays bare and ends the legend; the chosen judge is asked", () => {
  const sampled = { ...data, judgment: (lens, layer, cell, judge) => (judge === "vlm" && cell === 3 ? VERDICTS[1] : null) };
  const { fills, groups, classes } = read("verdict", { data: sampled, judge: "vlm" });
  assert.deepEqual(fills, [null, null, null, "green"]);
  assert.deepEqual(groups, ["unjudged", "unjudged", "unjudged", "concrete"]);
  assert.deepEqual(classes.map(({ key, count }) => [key, count]), [["concrete", 1], ["unjudged", 3]]);
});

test("text layers are coloured by depth and written on the cells", () => {
  const { fills, labels, order } = read("text-layer");
  assert.deepEqual(fills, ["low", "high", "high", "middle"]);
  assert.deepEqual(order, { low: 1, high: 8, colours: ["low", "middle", "high"] });
  assert.deepEqual(labels, ["1", "8", "8", "4"]);
});

test("statistics are scaled over all layers", () => {
  assert.deepEqual(read("norm", { layer: 1 }).fills, ["middle", "middle", "high", "high"]);
  assert.deepEqual([read("entropy").ramp.low, read("entropy").ramp.high], [0, 9]);
});

test("cells without readings stay bare on every map", () => {
  const empty = { neighbors: () => [], judgment: () => null, statistics: () => null };
  for (const kind of ["words", "score", "verdict", "text-layer", "norm", "entropy"]) {
    assert.deepEqual(read(kind, { data: empty }).fills, [null, null, null, null]);
  }
  assert.equal(read("none"), null);
});

test("a word for a colour has that colour", () => {
  const red = { ...data, neighbors: () => [{ rank: 1, token: " Red", score: 1 }] };
  assert.deepEqual(read("words", { data: red }).fills, Array(4).fill("oklch(0.7 0.17 27)"));
});

test("what is left out makes room for the next word, which tells its rank", () => {
  const two = {
    ...data,
    neighbors: (lens, layer, cell) => [
      { rank: 1, token: cell < 2 ? "..." : "cat", score: 9, textLayer: 1 },
      { rank: 2, token: cell < 1 ? "?" : "dog", score: 5, textLayer: 8 },
    ],
  };
  const words = read("words", { data: two }, { ...SHOW, wordsOnly: true });
  assert.deepEqual(words.labels, [null, "dog", "cat", "cat"]);
  assert.deepEqual(words.ranks, [0, 2, 1, 1]);
  assert.equal(words.fills[0], null);
  const deep = read("text-layer", { data: two }, { ...SHOW, wordsOnly: true });
  assert.deepEqual(deep.labels, [null, "8", "1", "1"]);
});

test("a default token that is dimmed recedes, on the map and in its legend", () => {
  const cat = { lens: "contextual", layer: 0, token: " cat", kind: "default" };
  const { fills, classes, dims } = read("words", {}, { ...SHOW, defaults: "dim" }, [cat]);
  assert.equal(fills[3], "faint");
  assert.deepEqual(dims, [false, false, false, true]);
  assert.deepEqual(
    classes.map(({ key, dim }) => [key, dim]),
    [
      ["dog", false],
      ["...", false],
      ["cat", true],
    ],
  );
});
