/** A rectangle of patches: its cells, its box, how it grows, and the tokens of its cells counted. */

import { cellAt, cellBox, colOf, rowOf, walk } from "#viewer/grid";
import { normalise } from "#viewer/words";

/**
 * @typedef {import("#viewer/grid").Canvas} Canvas
 * @typedef {import("#viewer/readings").Neighbour} Neighbour
 *
 * @typedef {object} Region
 * @property {number} from a corner, cell
 * @property {number} to the opposite corner, cell
 * @property {boolean} [lists] whether whole lists are counted, not first tokens only
 *
 * @typedef {object} Count a word in a region
 * @property {string} token its most frequent spelling
 * @property {string[]} spellings most frequent first
 * @property {number} cells in which it is
 * @property {number} share of the cells that have a list, 0 to 1
 * @property {number} score mean of its best scores in these cells
 */

/** @param {Canvas} canvas @param {Region} region */
export function edgesOf(canvas, { from, to }) {
  const rows = [rowOf(canvas, from), rowOf(canvas, to)];
  const cols = [colOf(canvas, from), colOf(canvas, to)];
  return {
    top: Math.min(...rows),
    bottom: Math.max(...rows),
    left: Math.min(...cols),
    right: Math.max(...cols),
  };
}

/**
 * The cells of a region, row by row.
 * @param {Canvas} canvas @param {Region} region @returns {number[]}
 */
export function cellsOf(canvas, region) {
  const { top, bottom, left, right } = edgesOf(canvas, region);
  const cells = [];
  for (let row = top; row <= bottom; row += 1) {
    for (let col = left; col <= right; col += 1) cells.push(row * canvas.cols + col);
  }
  return cells;
}

/**
 * The box around a region, in canvas pixels.
 * @param {Canvas} canvas @param {Region} region @returns {import("#viewer/grid").Box}
 */
export function regionBox(canvas, region) {
  const { top, bottom, left, right } = edgesOf(canvas, region);
  const first = cellBox(canvas, /** @type {number} */ (cellAt(canvas, top, left)));
  return {
    ...first,
    width: (right - left + 1) * canvas.cellWidth,
    height: (bottom - top + 1) * canvas.cellHeight,
  };
}

/**
 * The region after Shift and a walking key: its far corner moves, as long as that is where the reader is.
 * @param {Canvas} canvas @param {Region | null} region @param {number} cell that is read @param {string} key
 * @returns {Region}
 */
export function extended(canvas, region, cell, key) {
  const start = region?.to === cell ? region : { ...region, from: cell, to: cell };
  return { ...start, to: walk(canvas, start.to, key) ?? start.to };
}

/**
 * The words of some cells in one lens, those in most cells first. A word that is in a cell's list more than
 * once counts once, with its best score.
 * @param {(Pick<Neighbour, "token" | "score">[])[]} lists of the cells, best first @returns {Count[]}
 */
export function countRegion(lists) {
  /** @type {Map<string, {cells: number, total: number, spellings: Map<string, number>}>} */
  const found = new Map();
  for (const list of lists) {
    /** @type {Set<string>} */
    const seen = new Set();
    for (const { token, score } of list) {
      const word = normalise(token) || token;
      const entry = found.get(word) ?? { cells: 0, total: 0, spellings: new Map() };
      found.set(word, entry);
      entry.spellings.set(token, (entry.spellings.get(token) ?? 0) + 1);
      if (seen.has(word)) continue;
      seen.add(word);
      entry.cells += 1;
      entry.total += score;
    }
  }
  const read = lists.filter((list) => list.length > 0).length;
  return [...found]
    .map(([word, { cells, total, spellings }]) => {
      const names = [...spellings].sort((a, b) => b[1] - a[1]).map(([token]) => token);
      return { word, token: names[0], spellings: names, cells, share: cells / read, score: total / cells };
    })
    .sort((a, b) => b.cells - a.cells || b.score - a.score || (a.word < b.word ? -1 : 1));
}

/**
 * The part of each cell's list that is counted: all of it, or its first row.
 * @param {Pick<import("#viewer/shown-tokens").ShownTokens, "list" | "first">} shown @param {string} lens
 * @param {number} layer index @param {number[]} cells @param {boolean} whole
 */
export function listsOf(shown, lens, layer, cells, whole) {
  return cells.map((cell) => {
    if (whole) return shown.list(lens, layer, cell);
    const first = shown.first(lens, layer, cell);
    return first ? [first] : [];
  });
}
