import assert from "node:assert/strict";
import { test } from "node:test";
import { agreement, formatShare, NOTHING, NOT_A_WORD, sum } from "#viewer/compare-agreement";
import { WordNumbers } from "#viewer/compare-words";

/** Words by hand: one string per cell, its ranks apart by commas; "." is no word, "" nothing. */
function words(numbers, cells, ranks = 2) {
  const of = (token) => (token ? numbers.of(token) : NOTHING);
  const ids = cells.flatMap((cell) => Array.from({ length: ranks }, (_, rank) => of(cell.split(",")[rank])));
  return { ids: Int32Array.from(ids), ranks };
}

/**
 * Three models. The first has four cells; the second the same four; the third sees the right half only, one
 * cell, and its grid has no place for the first model's cells 0 and 2.
 */
function example() {
  const numbers = new WordNumbers();
  return {
    mine: words(numbers, ["dog,red", "sky,blue", ".,dog", "grass,sun"]),
    others: [
      { words: words(numbers, [" Dog,cat", "cloud,SKY", ".,dog", "tree,"]), cells: Int32Array.of(0, 1, 2, 3) },
      { words: words(numbers, ["sky,grass"]), cells: Int32Array.of(-1, 0, -1, 0) },
    ],
  };
}

test("the hand-worked example, first words only", () => {
  const { mine, others } = example();
  const found = agreement(mine, others, 1);
  // dog: 1 of 1; sky: 0 + 1 of 2; full stops never agree: 0 of 1; grass: 0 of 2.
  assert.deepEqual(
    found.cells.map(({ agreeing, compared }) => [agreeing, compared]),
    [
      [1, 1],
      [1, 2],
      [0, 1],
      [0, 2],
    ],
  );
  assert.deepEqual(found.total, { agreeing: 2, compared: 6 });
  assert.deepEqual([found.all, found.places], [1, 4]);
});

test("the hand-worked example, any of the first two words", () => {
  const { mine, others } = example();
  const found = agreement(mine, others, 2);
  // sky is the second model's second word; grass the third model's.
  assert.deepEqual(found.total, { agreeing: 4, compared: 6 });
  assert.deepEqual([found.all, found.places], [2, 4]);
});

test("what is not read, or not seen, is not compared", () => {
  const numbers = new WordNumbers();
  const mine = words(numbers, ["", "dog"]);
  const nothing = { words: words(numbers, ["", ""]), cells: Int32Array.of(0, 1) };
  const found = agreement(mine, [nothing], 5);
  assert.deepEqual(found.cells, [null, null]);
  assert.equal(found.places, 0);
  assert.equal(formatShare(found.total), "–");
});

test("counts add up and read as a share", () => {
  const total = sum([
    { agreeing: 1, compared: 4 },
    { agreeing: 2, compared: 4 },
  ]);
  assert.deepEqual(total, { agreeing: 3, compared: 8 });
  assert.equal(formatShare(total), "38\u202f%");
});

test("words have one number in all models, whatever their spelling", () => {
  const numbers = new WordNumbers();
  const data = (tokens, entries, contexts = []) => ({
    entries: () => ({ entries: Int32Array.from(entries), ranks: 1, contextual: contexts.length > 0 }),
    tables: { tokens: tokens.map((token) => ({ token })), contexts: contexts.map((token) => ({ token })) },
  });
  const first = numbers.read(data([" Dog", "sky", "</s>", "!"], [0, 1, 3, -1]), "logit", 0);
  const second = numbers.read(data(["sky", "DOG "], [1, 0, 1], [0, 1]), "contextual", 0);
  assert.deepEqual([...first.ids], [0, 1, NOT_A_WORD, NOTHING]);
  assert.deepEqual([...second.ids], [0, 1, 0]);
});

test("an absent lens has no words", () => {
  assert.equal(new WordNumbers().read({ entries: () => null, tables: {} }, "logit", 0), null);
});
