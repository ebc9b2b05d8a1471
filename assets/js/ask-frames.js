/** Where frames and the crop lie on a canvas: the cell, and the 3 × 3 cells around it, cut off at the edges. */

import { cellBox } from "#viewer/grid";

/**
 * @typedef {import("#viewer/grid").Box} Box
 * @typedef {import("#viewer/grid").Canvas} Canvas
 */

/**
 * The cell and its neighbours, as far as they lie on the canvas.
 * @param {Canvas} canvas @param {number} cell @returns {Box} in canvas pixels
 */
export function surroundings(canvas, cell) {
  const { x, y, width, height } = cellBox(canvas, cell);
  return cutOff(canvas, { x: x - width, y: y - height, width: 3 * width, height: 3 * height });
}

/**
 * The cell, as far as it lies on the canvas.
 * @param {Canvas} canvas @param {number} cell @returns {Box} in canvas pixels
 */
export const ownBox = (canvas, cell) => cutOff(canvas, cellBox(canvas, cell));

/** @param {Canvas} canvas @param {Box} box @returns {Box} */
function cutOff(canvas, box) {
  const x = Math.max(box.x, 0);
  const y = Math.max(box.y, 0);
  return {
    x,
    y,
    width: Math.min(box.x + box.width, canvas.width) - x,
    height: Math.min(box.y + box.height, canvas.height) - y,
  };
}

/**
 * A box as shares of another, for CSS.
 * @param {Box} box @param {Box} within @returns {Box}
 */
export const shareOf = (box, within) => ({
  x: (box.x - within.x) / within.width,
  y: (box.y - within.y) / within.height,
  width: box.width / within.width,
  height: box.height / within.height,
});
