/** Verdicts of the judges on an image's cells, as `generator/payload_cells.py` writes them. */

import { readLists } from "#viewer/lists";

const STATUSES = ["ok", "failed", "skipped"];
const TRUTH_KINDS = [null, "object", "background", "mixed", "padding"];
const TRUTH_VALUES = [null, false, true];
const WORD_LISTS = /** @type {const} */ (["candidates", "concrete", "abstract", "global", "reasoning", "failure"]);

/**
 * @typedef {import("#viewer/blocks").Block} Block
 * @typedef {import("#viewer/verdicts").Judgment & {judge: string, reasoning: string | null,
 *   failure: string | null, namesNoun: boolean | null}} Judgment
 */

/**
 * A function that tells what a judge (the first one unless named) said of a cell.
 * @param {Block} block @param {string[]} words @param {string[]} judges @param {number} rows @param {number} cols
 * @returns {(lens: string, layer: number, cell: number, judge?: string) => Judgment | null}
 */
export function readJudgments(block, words, judges, rows, cols) {
  /** @type {Map<string, ReturnType<typeof readLens>>} */
  const read = new Map();
  const verdictsOf = (/** @type {string} */ name) => {
    const found = read.get(name) ?? readLens(block, name, rows, cols);
    read.set(name, found);
    return found;
  };
  return (lens, layer, cell, judge = judges[0]) => {
    const name = `judge${judges.indexOf(judge)}.${lens}`;
    if (!block.header[name]) return null;
    const { layers, verdicts, lists } = verdictsOf(name);
    const place = layers.indexOf(layer) * rows * cols + cell;
    if (place < 0 || !verdicts[place]) return null;
    return { judge, ...verdictOf(verdicts[place] - 1), ...wordsOf(lists, words, place) };
  };
}

/** @param {Block} block @param {string} name @param {number} rows @param {number} cols */
function readLens(block, name, rows, cols) {
  /** @type {number[]} */
  const layers = block.header[name].layers;
  const lists = WORD_LISTS.map((list) =>
    block.header[`${name}.${list}`] ? readLists(block, `${name}.${list}`, layers.length, rows, cols) : null,
  );
  return { layers, verdicts: block.numbers(`${name}.verdicts`), lists };
}

/** @param {number} packed */
function verdictOf(packed) {
  const digit = (/** @type {number} */ base) => {
    const value = packed % base;
    packed = Math.floor(packed / base);
    return value;
  };
  return {
    status: STATUSES[digit(3)],
    interpretable: TRUTH_VALUES[digit(3)],
    truthKind: TRUTH_KINDS[digit(5)],
    namesTruth: TRUTH_VALUES[digit(3)],
    namesNoun: TRUTH_VALUES[digit(3)],
  };
}

/** @param {ReturnType<typeof readLens>["lists"]} lists @param {string[]} words @param {number} place */
function wordsOf(lists, words, place) {
  const [candidates, concrete, abstract, global, reasoning, failure] = lists.map((list) => {
    if (!list) return [];
    const entries = list.entries.subarray(place * list.ranks, (place + 1) * list.ranks);
    return Array.from(entries.filter((entry) => entry >= 0), (entry) => words[entry]);
  });
  return { candidates, concrete, abstract, global, reasoning: reasoning[0] ?? null, failure: failure[0] ?? null };
}
