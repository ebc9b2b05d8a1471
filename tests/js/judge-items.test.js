import assert from "node:assert/strict";
import { test } from "node:test";

import { isDisputed, itemFilter, itemHref, otherWords, relationOfWord, verdictOf } from "#viewer/judge-items";
import { csvCell } from "#viewer/judge-tables";

const said = (changes) => ({ judge: 0, status: "ok", yes: true, ...changes });
const item = (changes) => ({
  model: 0,
  image: "scene-1",
  lens: "logit",
  layer: 2,
  cell: 4,
  row: 1,
  col: 0,
  words: ["dog", " Red"],
  verdicts: [said({ concrete: ["dog"] })],
  ...changes,
});
const MODELS = [
  { id: "alpha", title: "Alpha", href: "models/alpha.html" },
  { id: "beta+", title: "Beta", href: null },
];
const ALL = { model: "", lens: "", layer: "", verdict: "", relation: "", text: "", disagree: "" };

test("a failed or skipped call is never a no", () => {
  assert.equal(verdictOf(said({})), "yes");
  assert.equal(verdictOf(said({ yes: false })), "no");
  assert.equal(verdictOf(said({ status: "failed", yes: null })), "failed");
  assert.equal(verdictOf(said({ yes: null })), "failed");
  assert.equal(verdictOf(said({ status: "skipped", yes: null })), "skipped");
  assert.equal(verdictOf(undefined), "unjudged");
});

test("judges disagree where one says yes and another no, and a failure is no voice", () => {
  assert.equal(isDisputed(item({ verdicts: [said({}), said({ judge: 1, yes: false })] })), true);
  assert.equal(isDisputed(item({ verdicts: [said({}), said({ judge: 1, status: "failed", yes: null })] })), false);
  assert.equal(isDisputed(item({})), false);
});

test("each filter narrows by what the chosen judge said", () => {
  const items = [
    item({}),
    item({ lens: "contextual", layer: 0, verdicts: [said({ yes: false }), said({ judge: 1, global: ["Red"] })] }),
    item({ model: 1, image: "scene-2", verdicts: [said({ status: "failed", yes: null, failure: "429 Too Many" })] }),
  ];
  const passing = itemFilter(items, MODELS);
  const places = (judge, changes) => passing(judge, { ...ALL, ...changes }).map((one) => items.indexOf(one));
  assert.deepEqual(places(0, {}), [0, 1, 2]);
  assert.deepEqual(places(1, {}), [1]);
  assert.deepEqual(places(0, { model: "beta+" }), [2]);
  assert.deepEqual(places(0, { model: "nobody" }), []);
  assert.deepEqual(places(0, { lens: "logit" }), [0, 2]);
  assert.deepEqual(places(0, { layer: "0" }), [1]);
  assert.deepEqual(places(0, { verdict: "yes" }), [0]);
  assert.deepEqual(places(0, { verdict: "no" }), [1]);
  assert.deepEqual(places(0, { verdict: "failed" }), [2]);
  assert.deepEqual(places(0, { relation: "concrete" }), [0]);
  assert.deepEqual(places(1, { relation: "global" }), [1]);
  assert.deepEqual(places(0, { disagree: "1" }), [1]);
  assert.deepEqual(places(0, { text: " too MANY " }), [2]);
  assert.deepEqual(places(0, { text: "scene-1", lens: "contextual" }), [1]);
});

test("words are matched as readers would, and the judge's own words are kept apart", () => {
  const one = said({ concrete: ["DOG"], global: ["grass"] });
  assert.equal(relationOfWord(one, " dog"), "concrete");
  assert.equal(relationOfWord(one, "red"), null);
  assert.deepEqual(otherWords(one, ["dog", "red"]), ["grass"]);
  assert.equal(relationOfWord(undefined, "dog"), null);
});

test("an item leads to its patch, if the model has a page and saw the image", () => {
  const href = itemHref(item({ image: "a&b" }), MODELS[0], "vlm");
  assert.equal(href, "models/alpha.html#image=a%26b&layer=2&patch=1%2C0&map=verdict&lens=logit&judge=vlm");
  const other = itemHref(item({ lens: "contextual_percentile" }), MODELS[0], "vlm");
  assert.match(other ?? "", /&lens=contextual&judge=vlm&ranking=percentile$/);
  assert.equal(itemHref(item({}), MODELS[1], "vlm"), null);
  assert.equal(itemHref(item({ row: undefined }), MODELS[0], "vlm"), null);
});

test("figures are saved as figures, all else as text", () => {
  assert.equal(csvCell("72.1\u202f%"), 72.1);
  assert.equal(csvCell("−3.1"), -3.1);
  assert.equal(csvCell("+11.8"), 11.8);
  assert.equal(csvCell("12\u202f960"), 12960);
  assert.equal(csvCell("–"), null);
  assert.deepEqual(csvCell("=1+1"), { text: "=1+1" });
  assert.deepEqual(csvCell(" 30–45 "), { text: "30–45" });
});
