/**
 * What a page shows before the reader has chosen anything: the middle layer of the first image, and a patch
 * that a lens reads well, so that the page explains itself.
 */

import { cellCount, centreCell } from "#viewer/grid";
import { middleIndex } from "#viewer/layers";
import { judgeOf } from "#viewer/verdicts";

/** @typedef {import("#viewer/hash").State} State */

/**
 * What a link starts from: no data are needed to know it.
 * @param {import("#viewer/view").Page} page @param {State} state @returns {State}
 */
export function plainState(page, state) {
  const layer = middleIndex(page.visionLayers);
  const present = page.lenses.filter(({ id }) => page.absence(id, layer, 0) === null);
  const lens = (present.at(-1) ?? page.lenses.at(-1))?.id ?? "";
  return { ...state, image: 0, layer, lens };
}

/**
 * @param {import("#viewer/view").Page} page @param {import("#viewer/readings").ImageData} data of image 0
 * @param {State} state @returns {State}
 */
export function firstState(page, data, state) {
  const plain = plainState(page, state);
  const cell = firstCell(page, data, plain.layer);
  return { ...plain, cell, pins: [cell] };
}

/**
 * The cell, nearest to the centre, at which most lenses name what is there, a thing rather than its
 * surroundings.
 * @param {import("#viewer/view").Page} page @param {import("#viewer/readings").ImageData} data
 * @param {number} layer index @returns {number}
 */
export function firstCell(page, data, layer) {
  const { canvas } = page.images[0];
  const centre = centreCell(canvas);
  let best = centre;
  let bestMerit = merit(centre);
  for (let cell = 0; cell < cellCount(canvas); cell += 1) {
    const found = merit(cell);
    if (found > bestMerit) [best, bestMerit] = [cell, found];
  }
  return best;

  /** @param {number} cell */
  function merit(cell) {
    const judgments = page.lenses.map(({ id }) => data.judgment(id, layer, cell, judgeOf({}, page)));
    const named = judgments.filter((judgment) => judgment?.concrete.length).length;
    const isObject = judgments.some((judgment) => judgment?.truthKind === "object");
    return named + Number(isObject) - distance(canvas, cell, centre);
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
