import assert from "node:assert/strict";
import { test } from "node:test";

import { agreeingWords, countWords, isWord, normalise } from "#viewer/words";

test("spellings of one word are one word", () => {
  for (const token of [" dog", "Dog", "DOG ", "ｄｏｇ"]) assert.equal(normalise(token), "dog");
});

test("punctuation, spaces and controls are not words", () => {
  for (const token of ["", " ", "\n", "...", "<>", "\u2028"]) assert.equal(isWord(token), false);
  for (const token of ["a", " 7", "狗", "é"]) assert.equal(isWord(token), true);
});

test("words agree when more than one lens names them, however often one lens does", () => {
  const agreeing = agreeingWords([
    [" dog", "dog", "."],
    ["Dog", "cat", "."],
    ["tree", "tree"],
  ]);
  assert.deepEqual([...agreeing], ["dog"]);
});

test("words are counted most frequent first, ties by the word", () => {
  assert.deepEqual(countWords(["b", "a", "c", "c", "a", "c"]), [
    ["c", 3],
    ["a", 2],
    ["b", 1],
  ]);
});
