import assert from "node:assert/strict";
import { test } from "node:test";

import { markToken, wholeWord } from "#viewer/sentences";

test("the token is marked at its stored place, not at its first occurrence", () => {
  const context = { text: "a red dog and a red car", start: 16, end: 19 };
  assert.deepEqual(markToken(context), { before: "a red dog and a ", token: "red", after: " car" });
});

test("places count code points, so an emoji before the token does not move it", () => {
  const context = { text: "the 🦊 fox", start: 6, end: 9 };
  assert.deepEqual(markToken(context), { before: "the 🦊 ", token: "fox", after: "" });
});

test("a stored place may include the space before the word", () => {
  assert.equal(markToken({ text: "a red dog", start: 1, end: 5 }).token, " red");
});

for (const [name, start, end] of [
  ["unknown", null, null],
  ["half unknown", 2, null],
  ["behind the end", 4, 99],
  ["empty", 3, 3],
  ["negative", -1, 2],
]) {
  test(`nothing is marked where the place is ${name}`, () => {
    const text = "a red dog";
    assert.deepEqual(markToken({ text, start, end }), { before: text, token: "", after: "" });
  });
}

test("a piece of a word stands for the whole word around its place", () => {
  assert.equal(wholeWord({ text: "the placard for it", start: 8, end: 11 }), "placard");
  assert.equal(wholeWord({ text: "the placard for it", start: 3, end: 8 }), "placard");
  assert.equal(wholeWord({ text: "the sun.", start: 4, end: 7 }), "sun");
  assert.equal(wholeWord({ text: "no place", start: null, end: null }), null);
});
