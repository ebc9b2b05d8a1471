import assert from "node:assert/strict";
import { test } from "node:test";

import { rankedFindings } from "#viewer/finder-of-rankings";
import { rankedData, withRankings } from "#viewer/ranking";
import { formatFigure } from "#viewer/scores";
import { viewMaker } from "#viewer/view";

const WORDS = { logit: "one", contextual: "near", contextual_percentile: "far" };
const token = (lens) => ({ rank: 1, token: WORDS[lens], score: 0.5, probability: null, textLayer: null, context: null });
const data = {
  neighbors: (lens) => [token(lens)],
  top: (lens) => token(lens),
  entries: (lens) => ({ entries: Int32Array.of(Object.keys(WORDS).indexOf(lens)), ranks: 1, contextual: false }),
  tables: { tokens: Object.values(WORDS).map((word) => ({ token: word })), contexts: [] },
  judgment: (lens, layer, cell, judge) => `${lens} ${layer} ${cell} ${judge}`,
  statistics: () => null,
};
const canvas = { width: 10, height: 10, rows: 1, cols: 1, cellWidth: 10, cellHeight: 10, gridX: 0, gridY: 0, src: "" };
const stored = {
  model: { id: "m", title: "M", numLayers: 4 },
  visionLayers: [0],
  textLayers: [1],
  lenses: [
    { id: "logit", title: "LogitLens", scoreName: "logit" },
    { id: "contextual", title: "LN-Lens", scoreName: "cosine" },
  ],
  images: [{ id: "a", caption: null, generatedCaption: null, canvas, regions: [] }],
  image: async () => data,
  absence: (lens) => (lens === "contextual_percentile" ? "not computed" : null),
  defaultTokens: [
    { lens: "logit", token: "a", kind: "default" },
    { lens: "contextual", token: "b", kind: "default" },
    { lens: "contextual_percentile", token: "c", kind: "default" },
  ],
  rankedTwice: true,
};
const page = withRankings(stored);
const palette = { word: { lightness: ["0.8"], chroma: ["0.1"] }, quiet: "grey", ramp: ["a"], verdict: {} };
const STATE = { image: 0, layer: 0, cell: 0, pins: [], cursor: null, map: "words", lens: "contextual", only: null, find: null };

test("lists by percentile stand in LN-Lens's place, those of other lenses stay", () => {
  const ranked = rankedData(data);
  assert.equal(ranked.neighbors("contextual", 0, 0)[0].token, "far");
  assert.equal(ranked.top("contextual", 0, 0).token, "far");
  assert.deepEqual([...ranked.entries("contextual", 0).entries], [2]);
  assert.equal(ranked.judgment("contextual", 1, 2, "vlm"), "contextual_percentile 1 2 vlm");
  assert.equal(ranked.neighbors("logit", 0, 0)[0].token, "one");
  assert.equal(rankedData(data), ranked); // panels tell images apart by it
});

test("each ranking has its own default tokens, absences and name of the score", () => {
  assert.deepEqual(page.defaultTokens.map(({ lens, token }) => [lens, token]), [["logit", "a"], ["contextual", "b"]]);
  const { byPercentile } = page;
  assert.deepEqual(byPercentile.defaultTokens.map(({ lens, token }) => [lens, token]), [["logit", "a"], ["contextual", "c"]]);
  assert.equal(page.absence("contextual", 0, 0), null);
  assert.equal(byPercentile.absence("contextual", 0, 0), "not computed");
  assert.equal(byPercentile.lenses[1].scoreName, "percentile");
  assert.equal(page.lenses[1].scoreName, "cosine");
});

test("results with one ranking have no other page", () => {
  assert.equal(withRankings({ ...stored, rankedTwice: undefined }).byPercentile, null);
  const view = viewMaker(withRankings({ ...stored, rankedTwice: false }), palette);
  assert.equal(view({ ...STATE, ranking: "percentile" }, null, data).map.labels[0], "near");
});

test("a view shows the ranking that its state asks for, also in its map and in caches' keys", () => {
  const view = viewMaker(page, palette);
  const [near, far] = ["cosine", "percentile"].map((ranking) => view({ ...STATE, ranking }, null, data));
  assert.deepEqual([near.map.labels[0], far.map.labels[0]], ["near", "far"]);
  assert.equal(far.shown.first("contextual", 0, 0).token, "far");
  assert.notEqual(near.shown.key, far.shown.key);
  assert.equal(far.page.lenses[1].scoreName, "percentile");
  assert.equal(view({ ...STATE, ranking: "percentile" }, null, data).map, far.map);
});

test("a search looks through the ranking that is shown", async () => {
  let grown = () => {};
  const settled = new Promise((resolve) => (grown = resolve));
  const findings = rankedFindings(page, () => grown());
  const find = { text: "far", by: "word", where: "tokens", rank: 1, from: 0, to: 0, lens: null };
  const hits = async (ranking) => {
    findings(find, 0, ranking);
    await settled;
    for (let tries = 0; tries < 100 && !findings(find, 0, ranking).found.settled; tries += 1) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    return findings(find, 0, ranking).counted.total;
  };
  assert.equal(await hits("cosine"), 0);
  assert.equal(await hits("percentile"), 1);
});

test("a percentile is shown as one", () => {
  assert.equal(formatFigure(0.99987, "percentile"), "99.99\u202f%");
  assert.equal(formatFigure(0.9, "percentile of the first token"), "90.00\u202f%");
  assert.equal(formatFigure(0.5, "cosine"), "0.500");
  assert.equal(formatFigure(null, "percentile"), "–");
});
