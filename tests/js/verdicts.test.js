import assert from "node:assert/strict";
import { test } from "node:test";

import { judgeOf, outcomeOf, relationOf, verdictOf } from "#viewer/verdicts";

const judgment = (changes) => ({
  status: "ok",
  interpretable: true,
  concrete: ["placard"],
  abstract: ["joy"],
  global: ["Dog"],
  candidates: [],
  ...changes,
});

test("a failed or missing call is never a no", () => {
  assert.equal(verdictOf(judgment({})), "yes");
  assert.equal(verdictOf(judgment({ interpretable: false })), "no");
  assert.equal(verdictOf(judgment({ status: "failed", interpretable: null })), "failed");
  assert.equal(verdictOf(judgment({ status: "skipped", interpretable: null })), "unjudged");
  assert.equal(verdictOf(null), "unjudged");
});

test("rows are told by the whole word, rebuilt from the sentence", () => {
  const context = { text: "the placard for it", start: 8, end: 11 };
  assert.equal(relationOf(judgment({}), { token: "ard", context }), "concrete");
  assert.equal(relationOf(judgment({}), { token: "ard", context: null }), null);
  assert.equal(relationOf(judgment({}), { token: " dog", context: null }), "global");
  assert.equal(relationOf(judgment({}), { token: "joy", context: null }), "abstract");
  assert.equal(relationOf(null, { token: "joy", context: null }), null);
  const piece = judgment({ concrete: ["autom…"], abstract: ["…ation"] });
  assert.equal(relationOf(piece, { token: " autom", context: null }), "concrete");
  assert.equal(relationOf(piece, { token: "ation", context: null }), "abstract");
});

test("an outcome is the closest relation that the verdict rests on", () => {
  assert.equal(outcomeOf(judgment({})), "concrete");
  assert.equal(outcomeOf(judgment({ concrete: [] })), "abstract");
  assert.equal(outcomeOf(judgment({ concrete: [], abstract: [] })), "global");
  assert.equal(outcomeOf(judgment({ interpretable: false })), "no");
  assert.equal(outcomeOf(judgment({ status: "failed", interpretable: null })), "failed");
  assert.equal(outcomeOf(judgment({ concrete: [], abstract: [], global: [] })), "unnamed");
  assert.equal(outcomeOf(judgment({ status: "skipped", interpretable: null })), "unjudged");
  assert.equal(outcomeOf(null), "unjudged");
});

test("the judge is the one chosen, else the page's first, else the first by name", () => {
  const page = { judge: "vlm", judges: ["ada", "vlm"] };
  assert.equal(judgeOf({ judge: "ada" }, page), "ada");
  assert.equal(judgeOf({ judge: null }, page), "vlm");
  assert.equal(judgeOf({ judge: null }, { judges: ["ada"] }), "ada");
  assert.equal(judgeOf({}, {}), undefined);
});
