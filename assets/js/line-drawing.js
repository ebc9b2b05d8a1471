/** The grid's lines and the frames around cells, in canvas pixels. `pixel` is one CSS pixel in canvas pixels. */

import { cellBox, gridBox } from "#viewer/grid";

/**
 * @typedef {import("#viewer/grid").Canvas} Canvas
 * @typedef {import("#viewer/grid").Box} Box
 */

/** @type {(context: CanvasRenderingContext2D, x0: number, y0: number, x1: number, y1: number) => void} */
export function line(context, x0, y0, x1, y1) {
  context.moveTo(x0, y0);
  context.lineTo(x1, y1);
}

/**
 * The grid: a dark and a light line side by side, so that they show on any picture.
 * @param {CanvasRenderingContext2D} context @param {Canvas} canvas
 * @param {{gridDark: string, gridLight: string}} palette @param {number} pixel
 */
export function drawGrid(context, canvas, palette, pixel) {
  const strokes = /** @type {const} */ ([
    [palette.gridDark, pixel],
    [palette.gridLight, 0],
  ]);
  for (const [colour, shift] of strokes) {
    context.beginPath();
    gridLines(context, canvas, shift);
    context.strokeStyle = colour;
    context.lineWidth = pixel;
    context.stroke();
  }
}

/** @param {CanvasRenderingContext2D} context @param {Canvas} canvas @param {number} shift canvas pixels */
function gridLines(context, canvas, shift) {
  const { x, y, width, height } = gridBox(canvas);
  for (let row = 0; row <= canvas.rows; row += 1) {
    const at = y + row * canvas.cellHeight + shift;
    line(context, x, at, x + width, at);
  }
  for (let col = 0; col <= canvas.cols; col += 1) {
    const at = x + col * canvas.cellWidth + shift;
    line(context, at, y, at, y + height);
  }
}

/**
 * A frame around a cell, outside it, so that the word in the cell stays legible; with a rim on both sides.
 * @param {CanvasRenderingContext2D} context @param {Canvas} canvas @param {number} cell
 * @param {{colour: string, rim: string, width: number}} stroke `width` in CSS pixels @param {number} pixel
 */
export function drawFrame(context, canvas, cell, stroke, pixel) {
  drawBox(context, canvas, cellBox(canvas, cell), stroke, pixel);
}

/**
 * The same around any box. At the canvas's edges it has to lie inside.
 * @param {CanvasRenderingContext2D} context @param {Canvas} canvas @param {Box} around
 * @param {{colour: string, rim: string, width: number}} stroke `width` in CSS pixels @param {number} pixel
 */
export function drawBox(context, canvas, around, { colour, rim, width }, pixel) {
  const box = within(grown(around, (width / 2) * pixel), canvas, (width / 2 + 1) * pixel);
  context.lineJoin = "round";
  for (const [stroke, thickness] of /** @type {const} */ ([
    [rim, width + 2],
    [colour, width],
  ])) {
    context.strokeStyle = stroke;
    context.lineWidth = thickness * pixel;
    context.strokeRect(box.x, box.y, box.width, box.height);
  }
}

/** Side of the square that holds a pin's number, its figure, and what the middle of a cell keeps for a word, CSS pixels. */
const TAG = 14;
const TAG_FONT = 11;
const WORD = 14;

/**
 * A number at the corner of a cell, so that pins are told apart without their colours.
 * @param {CanvasRenderingContext2D} context @param {Canvas} canvas @param {number} cell @param {string} text
 * @param {{colour: string, ink: string, font: string}} style @param {number} pixel
 */
export function drawTag(context, canvas, cell, text, { colour, ink, font }, pixel) {
  const { x, y } = tagPlace(canvas, cellBox(canvas, cell), pixel);
  const side = TAG * pixel;
  context.fillStyle = colour;
  context.fillRect(x, y, side, side);
  context.fillStyle = ink;
  context.font = `600 ${TAG_FONT * pixel}px ${font}`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.fillText(text, x + side / 2, y + side / 2);
}

/**
 * The top left corner of a cell's tag: as far inside the cell as its word leaves room, the rest beyond the corner. In the
 * first row that is the lower corner.
 * @param {Canvas} canvas @param {Box} box of the cell @param {number} pixel
 */
export function tagPlace(canvas, box, pixel) {
  const side = TAG * pixel;
  const inside = Math.min(Math.max((box.height - WORD * pixel) / 2, 0), side);
  const above = box.y - side + inside;
  const y = above >= 0 ? above : box.y + box.height - inside;
  return { x: Math.min(Math.max(box.x - side + inside, 0), canvas.width - side), y };
}

/** @param {Box} box @param {number} by @returns {Box} */
const grown = ({ x, y, width, height }, by) => ({ x: x - by, y: y - by, width: width + 2 * by, height: height + 2 * by });

/**
 * A box moved in from the canvas's edges, which would cut off half of its frame.
 * @param {Box} box @param {Canvas} canvas @param {number} margin canvas pixels @returns {Box}
 */
export function within(box, canvas, margin) {
  const left = Math.max(box.x, margin);
  const top = Math.max(box.y, margin);
  const right = Math.min(box.x + box.width, canvas.width - margin);
  const bottom = Math.min(box.y + box.height, canvas.height - margin);
  return { x: left, y: top, width: right - left, height: bottom - top };
}
