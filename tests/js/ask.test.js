import assert from "node:assert/strict";
import { test } from "node:test";

import { answeredCount, blank, isAnswered, nextOpen, withRelation, withVerdict } from "#viewer/ask-answers";
import { fileName, fileOf, readFile } from "#viewer/ask-file";
import { ownBox, shareOf, surroundings } from "#viewer/ask-frames";
import { ASK_ROWS, askCommandOf } from "#viewer/ask-keys";

const WORDS = ["dog", "red", "…ation"];

test("a relation makes an answer, and the same again takes it back", () => {
  const empty = blank(WORDS);
  assert.equal(isAnswered(empty), false);
  const one = withRelation(empty, 1, "abstract");
  assert.deepEqual(one, { verdict: "related", relations: [null, "abstract", null] });
  assert.deepEqual(withRelation(one, 1, "global").relations, [null, "global", null]);
  assert.deepEqual(withRelation(one, 1, "abstract"), empty);
  assert.equal(withRelation(one, 3, "global"), one);
  assert.deepEqual(empty.relations, [null, null, null]);
});

test("a verdict on all words takes their relations away, and a relation the verdict", () => {
  const one = withRelation(blank(WORDS), 0, "concrete");
  const none = withVerdict(one, "none");
  assert.deepEqual(none, { verdict: "none", relations: [null, null, null] });
  assert.deepEqual(withVerdict(none, "none"), blank(WORDS));
  assert.equal(withVerdict(none, "unsure").verdict, "unsure");
  assert.deepEqual(withRelation(none, 0, "concrete"), one);
});

test("the next open question is found going round", () => {
  const done = withVerdict(blank(WORDS), "none");
  const answers = [blank(WORDS), done, done, blank(WORDS)];
  assert.deepEqual([0, 1, 3].map((start) => nextOpen(answers, start)), [0, 3, 3]);
  assert.equal(nextOpen([blank(WORDS), done], 1), 0);
  assert.equal(nextOpen([done, done]), -1);
  assert.equal(answeredCount(answers), 2);
});

const press = (key, changes = {}) => ({ key, ctrlKey: false, metaKey: false, altKey: false, ...changes });

test("keys pick, relate, decide and go on", () => {
  assert.deepEqual(askCommandOf(press("5"), "page"), { action: "pick", place: 4 });
  assert.deepEqual(askCommandOf(press("A"), "page"), { action: "relate", relation: "abstract" });
  assert.deepEqual(askCommandOf(press("g"), "button"), { action: "relate", relation: "global" });
  assert.deepEqual(askCommandOf(press("n"), "page"), { action: "none" });
  assert.deepEqual(askCommandOf(press("Enter"), "page"), { action: "next" });
  assert.deepEqual(askCommandOf(press("Backspace"), "button"), { action: "back" });
});

test("text fields keep all keys, buttons keep Enter, the browser its shortcuts", () => {
  for (const row of ASK_ROWS) {
    for (const key of Object.keys(row.presses)) {
      assert.equal(askCommandOf(press(key), "text"), null);
      assert.equal(askCommandOf(press(key, { ctrlKey: true }), "page"), null);
    }
  }
  assert.equal(askCommandOf(press("Enter"), "button"), null);
  assert.equal(askCommandOf(press("toString"), "page"), null);
  assert.equal(askCommandOf(press("0"), "page"), null);
});

const canvas = { width: 48, height: 30, rows: 2, cols: 3, cellWidth: 15, cellHeight: 14, gridX: 2, gridY: 1 };

test("surroundings end with the canvas, not with the grid", () => {
  assert.deepEqual(surroundings(canvas, 0), { x: 0, y: 0, width: 32, height: 29 });
  assert.deepEqual(surroundings(canvas, 5), { x: 17, y: 1, width: 31, height: 29 });
  assert.deepEqual(ownBox(canvas, 5), { x: 32, y: 15, width: 15, height: 14 });
});

test("a box as shares of what is shown", () => {
  const shares = shareOf({ x: 10, y: 5, width: 20, height: 5 }, { x: 10, y: 0, width: 40, height: 10 });
  assert.deepEqual(shares, { x: 0, y: 0.5, width: 0.5, height: 0.5 });
});

const asked = {
  study: "toy",
  plan: "sample",
  relations: ["concrete", "abstract", "global"],
  questions: [
    { id: "a", canvas: 0, cell: 0, words: ["dog", "red"] },
    { id: "b", canvas: 0, cell: 1, words: ["</script>"] },
  ],
};
const answers = [withRelation(blank(["dog", "red"]), 1, "global"), blank(["</script>"])];

test("what is saved is read again; open questions are left out", () => {
  const text = fileOf(asked, { annotator: "Ana", answers });
  assert.equal(JSON.parse(text).answers.length, 1);
  assert.deepEqual(readFile(asked, text), { annotator: "Ana", answers, others: 0 });
  const fewer = { ...asked, questions: asked.questions.slice(1) };
  assert.deepEqual(readFile(fewer, text), { annotator: "Ana", answers: [blank(["</script>"])], others: 1 });
});

test("what the page cannot have saved is refused in a sentence", () => {
  const good = JSON.parse(fileOf(asked, { annotator: "Ana", answers }));
  const [entry] = good.answers;
  const spoilt = [
    [[], /no file of answers/],
    [null, /no file of answers/],
    [{ ...good, version: 2 }, /another version/],
    [{ ...good, study: "other" }, /another study/],
    [{ ...good, plan: "other" }, /another study/],
    [{ ...good, answers: {} }, /no list/],
    [{ ...good, answers: [{ ...entry, relations: ["concrete"] }] }, /cannot have saved/],
    [{ ...good, answers: [{ ...entry, relations: [null, "vague"] }] }, /cannot have saved/],
    [{ ...good, answers: [{ ...entry, verdict: "none" }] }, /cannot have saved/],
    [{ ...good, answers: [{ ...entry, verdict: "toString" }] }, /cannot have saved/],
    [{ ...good, answers: [{ ...entry, words: ["dog", "blue"] }] }, /cannot have saved/],
  ];
  for (const [content, said] of spoilt) assert.throws(() => readFile(asked, JSON.stringify(content)), said);
  assert.throws(() => readFile(asked, "{"), /not JSON/);
  const strange = { ...good, annotator: 5, answers: [null, 7, ...good.answers] };
  assert.deepEqual(readFile(asked, JSON.stringify(strange)), { annotator: "", answers, others: 2 });
});

test("a file's name holds letters and digits only", () => {
  assert.equal(fileName("Ana María / 2"), "answers-ana-maria-2.json");
  assert.equal(fileName(" ../.. "), "answers.json");
  assert.equal(fileName("名前"), "answers-名前.json");
});
