/** The maps of the comparison: words, in one colour for a word on all pictures, and agreement. */

import { rampColour, wordColour } from "#viewer/colours";
import { shortText } from "#viewer/tokens";
import { countWords, isWord, normalise } from "#viewer/words";

/**
 * @typedef {import("#viewer/maps").CellMap} CellMap
 * @typedef {import("#viewer/maps").Palette} Palette
 */

/** @type {(token: string | null) => string | null} */
const labelOf = (token) => (token === null ? null : shortText(token));

/**
 * The first tokens of a picture's cells, coloured by word.
 * @param {(string | null)[]} tokens @param {Map<string, number>} places of the frequent words
 * @param {Palette} palette @returns {CellMap}
 */
export function compareWords(tokens, places, palette) {
  const groups = tokens.map((token) => (token === null ? null : normalise(token) || token));
  /** @type {Map<string, string>} */
  const colours = new Map();
  for (const word of new Set(groups)) {
    if (word !== null) colours.set(word, isWord(word) ? wordColour(word, places, palette.word) : palette.quiet);
  }
  return {
    fills: groups.map((word) => (word === null ? null : (colours.get(word) ?? null))),
    groups,
    labels: tokens.map(labelOf),
    classes: [],
    ramp: null,
  };
}

/**
 * How many of the other models name each cell's first word, and that word where any of them does.
 * @param {(string | null)[]} tokens @param {import("#viewer/compare-agreement").Agreement} agreement
 * @param {Palette} palette @returns {CellMap}
 */
export function agreementMap(tokens, { cells }, palette) {
  const word = (/** @type {number} */ cell) => (cells[cell]?.agreeing ? tokens[cell] : null);
  return {
    fills: cells.map((count) => count && rampColour(palette.ramp, count.agreeing / count.compared)),
    groups: cells.map((count, cell) => count && normalise(word(cell) ?? "")),
    labels: cells.map((_, cell) => labelOf(word(cell))),
    classes: [],
    ramp: null,
  };
}

/**
 * The words of all pictures by area: the mean of their shares of each picture's cells, so that a finer grid
 * does not count for more.
 * @param {CellMap[]} maps @returns {{key: string, label: string, colour: string, share: number}[]}
 */
export function sharedLegend(maps) {
  /** @type {Map<string, {share: number, colour: string}>} */
  const found = new Map();
  for (const { groups, fills } of maps) {
    const known = groups.filter((word) => word !== null);
    for (const [word, count] of countWords(known)) {
      const colour = fills[groups.indexOf(word)] ?? "";
      const share = (found.get(word)?.share ?? 0) + count / groups.length / maps.length;
      found.set(word, { share, colour });
    }
  }
  return [...found]
    .map(([key, { share, colour }]) => ({ key, label: shortText(key), colour, share }))
    .sort((a, b) => b.share - a.share || (a.key < b.key ? -1 : 1));
}
