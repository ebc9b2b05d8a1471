import assert from "node:assert/strict";
import { test } from "node:test";

import { shownTokens } from "#viewer/shown-tokens";

const LISTS = [
  ["the", "...", " dog"],
  ["the", "a", "the"],
  [" dog", "the", "?"],
  ["?", "...", "the"],
];
const data = {
  neighbors: (lens, layer, cell) => LISTS[cell].map((token, index) => ({ rank: index + 1, token })),
};
const page = {
  model: { numLayers: 8 },
  visionLayers: [0, 4, 8],
  defaultTokens: [
    { lens: "logit", layer: 0, token: "the", images: 10, of: 10, share: 0.8, kind: "default" },
    { lens: "logit", layer: 2, token: "the", images: 10, of: 10, share: 0.8, kind: "default" },
    { lens: "logit", layer: 0, token: "a", images: 6, of: 10, share: 0.3, kind: "common" },
  ],
};
const choose = (choice) => shownTokens(page, { defaults: "show", wordsOnly: false, ...choice }, data);
const words = (list) => list.map(({ token, rank }) => `${rank} ${token.trim()}`);

test("everything is shown until the reader chooses otherwise", () => {
  const shown = choose({});
  assert.ok(shown.all);
  assert.deepEqual(words(shown.list("logit", 0, 0)), ["1 the", "2 ...", "3 dog"]);
  assert.equal(shown.dims("logit", 0, "the", 1), false);
});

test("hiding default tokens leaves the next ones, with their stored ranks", () => {
  const shown = choose({ defaults: "hide" });
  assert.deepEqual(words(shown.list("logit", 0, 1)), ["2 a"]);
  assert.equal(shown.first("logit", 0, 1).rank, 2);
  assert.equal(shown.first("logit", 0, 2).token, " dog");
});

test("what is left out has a name, unless there is nothing of its kind", () => {
  assert.deepEqual(choose({}).without, []);
  assert.deepEqual(choose({ defaults: "dim" }).without, []);
  assert.deepEqual(choose({ defaults: "hide", wordsOnly: true }).without, ["default tokens", "non-words"]);
  const none = shownTokens({ ...page, defaultTokens: [] }, { defaults: "hide", wordsOnly: false }, data);
  assert.deepEqual(none.without, []);
  assert.ok(none.all);
});

test("a default token of one lens and layer is none of another's", () => {
  const shown = choose({ defaults: "hide" });
  assert.equal(shown.first("logit", 1, 0).token, "the");
  assert.equal(shown.first("contextual", 0, 0).token, "the");
});

test("what the model says after its last block is never hidden or dimmed", () => {
  assert.equal(choose({ defaults: "hide" }).first("logit", 2, 0).token, "the");
  assert.equal(choose({ defaults: "dim" }).dims("logit", 2, "the", 1), false);
  assert.deepEqual(words(choose({ defaults: "hide" }).list("logit", 2, 3)), ["1 ?", "2 ..."]);
});

test("dimming shows everything and says what recedes; common tokens do not", () => {
  const shown = choose({ defaults: "dim" });
  assert.equal(shown.list("logit", 0, 0).length, 3);
  assert.ok(shown.dims("logit", 0, "the", 1));
  assert.equal(shown.dims("logit", 0, "a", 2), false);
});

test("words only leaves out what has no letter and no digit", () => {
  const shown = choose({ wordsOnly: true });
  assert.deepEqual(words(shown.list("embedding", 0, 0)), ["1 the", "3 dog"]);
  assert.equal(choose({ wordsOnly: true, defaults: "hide" }).first("logit", 0, 3), null);
});

test("counts tell what a choice leaves out, whatever is chosen", () => {
  const counts = { cells: 2, ofCells: 4, nonWords: 4, ofTokens: 12 };
  for (const defaults of ["show", "hide"]) {
    assert.deepEqual(choose({ defaults }).leftOut("logit", 0, 4), counts);
  }
});

test("the payload's entries give the same counts as its lists", () => {
  const tokens = [...new Set(LISTS.flat())].map((token) => ({ token }));
  const numbers = LISTS.flat().map((token) => tokens.findIndex((other) => other.token === token));
  const coded = {
    ...data,
    entries: () => ({ entries: Int32Array.from(numbers), ranks: 3, contextual: false }),
    tables: { tokens, contexts: [] },
  };
  const shown = shownTokens(page, { defaults: "hide", wordsOnly: false }, coded);
  assert.deepEqual(shown.leftOut("logit", 0, 4), choose({}).leftOut("logit", 0, 4));
});

test("each choice has a key of its own, for caches", () => {
  const keys = ["show", "dim", "hide"].flatMap((defaults) =>
    [true, false].map((wordsOnly) => choose({ defaults, wordsOnly }).key),
  );
  assert.equal(new Set(keys).size, 6);
});
