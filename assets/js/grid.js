/**
 * Geometry of the patch grid, in canvas pixels: cell ↔ row and column ↔ box ↔ point.
 *
 * Everything comes from the stored canvas (rows, cols, cell size, place of cell 0). Nothing assumes a square
 * grid, square cells, or a grid that covers the whole canvas.
 */

/**
 * @typedef {object} Canvas the exact pixels that a model saw
 * @property {number} width canvas pixels
 * @property {number} height canvas pixels
 * @property {number} rows
 * @property {number} cols
 * @property {number} cellWidth canvas pixels
 * @property {number} cellHeight canvas pixels
 * @property {number} gridX left edge of cell 0, canvas pixels
 * @property {number} gridY top edge of cell 0, canvas pixels
 * @property {string} [src]
 * @property {number[]} [padding] share of each cell that is padding, 0 to 1; empty where unknown
 *
 * @typedef {{x: number, y: number, width: number, height: number}} Box in canvas pixels
 */

/** @type {(canvas: Canvas, cell: number) => number} */
export const rowOf = (canvas, cell) => Math.floor(cell / canvas.cols);

/** @type {(canvas: Canvas, cell: number) => number} */
export const colOf = (canvas, cell) => cell % canvas.cols;

/** @type {(canvas: Canvas) => number} */
export const cellCount = (canvas) => canvas.rows * canvas.cols;

/** @type {(value: number, last: number) => number} */
const clamp = (value, last) => Math.min(Math.max(value, 0), last);

/**
 * The cell at a row and column, both 0-based; null outside the grid.
 * @param {Canvas} canvas @param {number} row @param {number} col @returns {number | null}
 */
export function cellAt(canvas, row, col) {
  const inside = row >= 0 && row < canvas.rows && col >= 0 && col < canvas.cols;
  return inside ? row * canvas.cols + col : null;
}

/**
 * The cell that holds a point of the canvas; null beside the grid.
 * @param {Canvas} canvas @param {number} x canvas pixels @param {number} y canvas pixels
 * @returns {number | null}
 */
export function cellAtPoint(canvas, x, y) {
  const row = Math.floor((y - canvas.gridY) / canvas.cellHeight);
  const col = Math.floor((x - canvas.gridX) / canvas.cellWidth);
  return cellAt(canvas, row, col);
}

/**
 * A cell's box in canvas pixels.
 * @param {Canvas} canvas @param {number} cell @returns {Box}
 */
export function cellBox(canvas, cell) {
  return {
    x: canvas.gridX + colOf(canvas, cell) * canvas.cellWidth,
    y: canvas.gridY + rowOf(canvas, cell) * canvas.cellHeight,
    width: canvas.cellWidth,
    height: canvas.cellHeight,
  };
}

/**
 * The whole grid's box in canvas pixels.
 * @param {Canvas} canvas @returns {Box}
 */
export function gridBox(canvas) {
  return {
    x: canvas.gridX,
    y: canvas.gridY,
    width: canvas.cols * canvas.cellWidth,
    height: canvas.rows * canvas.cellHeight,
  };
}

/**
 * The cell that holds a point of the canvas, or is the nearest to it.
 * @param {Canvas} canvas @param {number} x canvas pixels @param {number} y canvas pixels @returns {number}
 */
export function nearestCell(canvas, x, y) {
  const row = clamp(Math.floor((y - canvas.gridY) / canvas.cellHeight), canvas.rows - 1);
  const col = clamp(Math.floor((x - canvas.gridX) / canvas.cellWidth), canvas.cols - 1);
  return row * canvas.cols + col;
}

/** Steps of the keys that walk the grid, as [rows, columns]; Home and End go to the ends of the row. */
const STEPS = {
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
  Home: [0, -Infinity],
  End: [0, Infinity],
};

/**
 * The cell that a key leads to from `cell`, staying inside the grid; null if the key does not walk.
 * @param {Canvas} canvas @param {number} cell @param {string} key a KeyboardEvent.key
 * @returns {number | null}
 */
export function walk(canvas, cell, key) {
  if (!Object.hasOwn(STEPS, key)) return null;
  const [rows, cols] = STEPS[/** @type {keyof typeof STEPS} */ (key)];
  const row = clamp(rowOf(canvas, cell) + rows, canvas.rows - 1);
  const col = clamp(colOf(canvas, cell) + cols, canvas.cols - 1);
  return row * canvas.cols + col;
}

/**
 * The cell in the middle of the grid.
 * @param {Canvas} canvas @returns {number}
 */
export function centreCell(canvas) {
  return Math.floor((canvas.rows - 1) / 2) * canvas.cols + Math.floor((canvas.cols - 1) / 2);
}

/**
 * The cell of another grid at the same relative place: keeps a selection when the image changes.
 * @param {Canvas} from @param {number} cell @param {Canvas} to @returns {number}
 */
export function samePlace(from, cell, to) {
  const row = Math.floor(((rowOf(from, cell) + 0.5) / from.rows) * to.rows);
  const col = Math.floor(((colOf(from, cell) + 0.5) / from.cols) * to.cols);
  return row * to.cols + col;
}
