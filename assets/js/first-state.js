/**
 * What a page shows before the reader has chosen anything: the middle layer of the first image, and a patch
 * that a lens reads well, so that the page explains itself.
 */

import { cellCount, centreCell } from "#viewer/grid";
import { middleIndex } from "#viewer/layers";

/**
 * @param {import("#viewer/view").Page} page @param {import("#viewer/readings").ImageData} data of image 0
 * @param {import("#viewer/hash").State} state @returns {import("#viewer/hash").State}
 */
export function firstState(page, data, state) {
  const layer = middleIndex(page.visionLayers);
  const lens = page.lenses.at(-1)?.id ?? "";
  return { ...state, image: 0, layer, lens, cell: firstCell(page, data, layer) };
}

/**
 * The cell nearest to the centre at which the judge found most lenses to name what is there.
 * @param {import("#viewer/view").Page} page @param {import("#viewer/readings").ImageData} data
 * @param {number} layer index @returns {number}
 */
export function firstCell(page, data, layer) {
  const { canvas } = page.images[0];
  const centre = centreCell(canvas);
  let best = centre;
  let bestMerit = merit(centre);
  for (let cell = 0; cell < cellCount(canvas); cell += 1) {
    if (merit(cell) > bestMerit) [best, bestMerit] = [cell, merit(cell)];
  }
  return best;

  /** @param {number} cell */
  function merit(cell) {
    const named = page.lenses.filter(({ id }) => data.judgment(id, layer, cell)?.concrete.length).length;
    return named - distance(canvas, cell, centre);
  }
}

/**
 * Distance of two cells as a share of the grid, below 1.
 * @param {import("#viewer/grid").Canvas} canvas @param {number} a @param {number} b
 */
function distance(canvas, a, b) {
  const rows = Math.floor(a / canvas.cols) - Math.floor(b / canvas.cols);
  const cols = (a % canvas.cols) - (b % canvas.cols);
  return Math.hypot(rows, cols) / (canvas.rows + canvas.cols);
}
