/**
 * Agreement: at how many places models name the same word.
 *
 * A model's first word at a place is looked for among the first `k` words of each other model there. Only
 * words can agree; a comparison where either model reads nothing, or does not see the place, does not count.
 * Chance is the same count with the other model reading another image at the same place.
 */

/**
 * @typedef {object} Words one lens of one model at one layer, over the cells of one image
 * @property {Int32Array} ids number of the word by cell and rank, [cell * ranks + rank - 1], the same number
 *   for the same word in all models; NOT_A_WORD or NOTHING
 * @property {number} ranks
 *
 * @typedef {{agreeing: number, compared: number}} Count
 * @typedef {{cells: (Count | null)[], total: Count, all: number, places: number}} Agreement `cells`: null
 *   where nothing could be compared; `all`: places at which every comparison agrees, of `places`
 */

/** A token without a letter or digit: it never agrees. */
export const NOT_A_WORD = -1;
/** The list has ended, or the lens is absent. */
export const NOTHING = -2;

/**
 * How often the others name one model's first words.
 * @param {Words} mine
 * @param {{words: Words, cells: Int32Array}[]} others their words, and their cell for each of mine; below 0
 *   where they have none
 * @param {number} k so many of the others' first words count @returns {Agreement}
 */
export function agreement(mine, others, k) {
  const count = mine.ids.length / mine.ranks;
  const total = { agreeing: 0, compared: 0 };
  let [all, places] = [0, 0];
  const cells = Array.from({ length: count }, (_, cell) => {
    const found = compareCell(mine, cell, others, k);
    if (!found) return null;
    total.agreeing += found.agreeing;
    total.compared += found.compared;
    places += 1;
    all += Number(found.agreeing === found.compared);
    return found;
  });
  return { cells, total, all, places };
}

/**
 * @param {Words} mine @param {number} cell @param {{words: Words, cells: Int32Array}[]} others
 * @param {number} k @returns {Count | null}
 */
function compareCell(mine, cell, others, k) {
  const word = mine.ids[cell * mine.ranks];
  if (word === undefined || word === NOTHING) return null;
  let [agreeing, compared] = [0, 0];
  for (const { words, cells } of others) {
    const there = cells[cell];
    if (there < 0 || words.ids[there * words.ranks] === NOTHING) continue;
    compared += 1;
    if (word >= 0 && names(words, there, word, k)) agreeing += 1;
  }
  return compared > 0 ? { agreeing, compared } : null;
}

/** @type {(words: Words, cell: number, word: number, k: number) => boolean} */
function names({ ids, ranks }, cell, word, k) {
  for (let rank = 0; rank < Math.min(k, ranks); rank += 1) {
    if (ids[cell * ranks + rank] === word) return true;
  }
  return false;
}

/**
 * Counts added up.
 * @param {Count[]} counts @returns {Count}
 */
export function sum(counts) {
  const add = (/** @type {Count} */ a, /** @type {Count} */ b) => ({
    agreeing: a.agreeing + b.agreeing,
    compared: a.compared + b.compared,
  });
  return counts.reduce(add, { agreeing: 0, compared: 0 });
}

/** The share of a count as text; a dash where nothing was compared. @param {Count} count @returns {string} */
export const formatShare = ({ agreeing, compared }) =>
  compared === 0 ? "–" : `${Math.round((100 * agreeing) / compared)}\u202f%`;
