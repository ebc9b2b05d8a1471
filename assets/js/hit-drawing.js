/** Drawing the hits of a search: on the picture an outline around them, on a thumbnail one pixel for each patch. */

import { cellBox, colOf, rowOf } from "#viewer/grid";
import { line } from "#viewer/line-drawing";

/**
 * @typedef {{hit: string, hitRim: string, hitVeil: string}} HitPalette
 * @typedef {(target: HTMLCanvasElement, canvas: {rows: number, cols: number}, cells: ArrayLike<number>,
 *   most: number) => void} PaintMask `cells`: hits by cell; `most`: of a patch in any image
 */

/** Widths of the outline and of its rim, CSS pixels. */
const WIDTH = 2;
const RIM = 4;

/** Opacity of a patch with a single hit, where others have many. */
const WEAKEST = 0.4;

/**
 * Outline the cells that have hits, and without a map veil the others.
 * @param {CanvasRenderingContext2D} context @param {import("#viewer/grid").Canvas} canvas
 * @param {ArrayLike<number>} cells hits by cell @param {HitPalette} palette
 * @param {{pixel: number, veil: boolean}} options `pixel`: one CSS pixel in canvas pixels
 */
export function drawHits(context, canvas, cells, palette, { pixel, veil }) {
  if (veil) veilOthers(context, canvas, cells, palette.hitVeil);
  context.beginPath();
  outline(context, canvas, cells);
  context.lineJoin = context.lineCap = "round";
  for (const [colour, width] of /** @type {const} */ ([
    [palette.hitRim, RIM],
    [palette.hit, WIDTH],
  ])) {
    context.strokeStyle = colour;
    context.lineWidth = width * pixel;
    context.stroke();
  }
}

/**
 * One path around all cells without hits, so that no seams show between them. Holes run the other way round.
 * @param {CanvasRenderingContext2D} context @param {import("#viewer/grid").Canvas} canvas
 * @param {ArrayLike<number>} cells @param {string} colour
 */
function veilOthers(context, canvas, cells, colour) {
  context.beginPath();
  context.rect(0, 0, canvas.width, canvas.height);
  for (let cell = 0; cell < cells.length; cell += 1) {
    if (!cells[cell]) continue;
    const { x, y, width, height } = cellBox(canvas, cell);
    context.moveTo(x, y);
    context.lineTo(x, y + height);
    context.lineTo(x + width, y + height);
    context.lineTo(x + width, y);
    context.lineTo(x, y);
  }
  context.fillStyle = colour;
  context.fill();
}

/**
 * @param {CanvasRenderingContext2D} context @param {import("#viewer/grid").Canvas} canvas
 * @param {ArrayLike<number>} cells
 */
function outline(context, canvas, cells) {
  for (let cell = 0; cell < cells.length; cell += 1) {
    if (!cells[cell]) continue;
    const { x, y, width, height } = cellBox(canvas, cell);
    const [row, col] = [rowOf(canvas, cell), colOf(canvas, cell)];
    if (row === 0 || !cells[cell - canvas.cols]) line(context, x, y, x + width, y);
    if (row === canvas.rows - 1 || !cells[cell + canvas.cols]) line(context, x, y + height, x + width, y + height);
    if (col === 0 || !cells[cell - 1]) line(context, x, y, x, y + height);
    if (col === canvas.cols - 1 || !cells[cell + 1]) line(context, x + width, y, x + width, y + height);
  }
}

/**
 * Makes a painter of masks with one pixel for each patch: hits the stronger the more of them, a veil on the others.
 * Pixels are written as bytes: hundreds of images would take hundreds of thousands of drawing commands.
 * @param {HitPalette} palette @returns {PaintMask}
 */
export function maskPainter(palette) {
  const [hit, veil] = [bytesOf(palette.hit), bytesOf(palette.hitVeil)];
  return (target, { rows, cols }, cells, most) => {
    [target.width, target.height] = [cols, rows];
    const pixels = new ImageData(cols, rows);
    for (let cell = 0; cell < cells.length; cell += 1) {
      pixels.data.set(cells[cell] ? hit : veil, 4 * cell);
      if (cells[cell]) pixels.data[4 * cell + 3] = 255 * (WEAKEST + (1 - WEAKEST) * (cells[cell] / most));
    }
    contextOf(target).putImageData(pixels, 0, 0);
  };
}

/** A colour's red, green, blue and opacity. @param {string} colour */
function bytesOf(colour) {
  const context = contextOf(document.createElement("canvas"));
  context.fillStyle = colour;
  context.fillRect(0, 0, 1, 1);
  return context.getImageData(0, 0, 1, 1).data;
}

/** Pictures of a few hundred pixels are quicker without the graphics card. @param {HTMLCanvasElement} canvas */
const contextOf = (canvas) =>
  /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d", { willReadFrequently: true }));
