/**
 * Drawing a map over the image, in canvas pixels: the caller has scaled the context, so that a cell's stored
 * box is where it is drawn. `pixel` is the length of one CSS pixel in canvas pixels.
 */

import { areas } from "#viewer/components";
import { cellBox, cellCount, colOf, rowOf } from "#viewer/grid";
import { line } from "#viewer/line-drawing";

/**
 * @typedef {import("#viewer/grid").Canvas} Canvas
 * @typedef {import("#viewer/grid").Box} Box
 * @typedef {import("#viewer/maps").CellMap} CellMap
 * @typedef {import("#viewer/palette").DrawingPalette} Palette
 */

/** CSS pixels: a word is written on every cell from this width on, once per area below it. */
const LABEL_EVERY_CELL = 38;
const LARGEST_FONT = 13;
const SMALLEST_FONT = 8;

/** How far a canvas edge keeps from the text written in it, CSS pixels. */
const MARGIN = 2;

/**
 * @param {CanvasRenderingContext2D} context @param {Canvas} canvas @param {CellMap} map
 * @param {string | null} only the one group to show, or null for all @param {Palette} palette
 * @param {number} pixel
 */
export function drawMap(context, canvas, map, only, palette, pixel) {
  const shown = (/** @type {number} */ cell) => only === null || map.groups[cell] === only;
  context.globalAlpha = palette.mapOpacity;
  for (let cell = 0; cell < cellCount(canvas); cell += 1) {
    const fill = shown(cell) ? map.fills[cell] : palette.quiet;
    if (fill === null) continue;
    context.fillStyle = fill;
    fillCell(context, cellBox(canvas, cell));
  }
  context.globalAlpha = 1;
  drawEdges(context, canvas, map.groups, palette, pixel);
  if (map.labels) drawLabels(context, canvas, map, shown, palette, pixel);
}

/**
 * Fill a box up to whole device pixels: half-covered ones would show as seams between cells.
 * @param {CanvasRenderingContext2D} context @param {Box} box
 */
function fillCell(context, box) {
  const { a, d } = context.getTransform();
  const [left, right] = [box.x, box.x + box.width].map((x) => toPixel(x, a));
  const [top, bottom] = [box.y, box.y + box.height].map((y) => toPixel(y, d));
  context.fillRect(left, top, right - left, bottom - top);
}

/**
 * A length rounded to whole device pixels. The nudge makes two sums for the same edge round the same way.
 * @param {number} length canvas pixels @param {number} scale device pixels per canvas pixel
 */
const toPixel = (length, scale) => Math.round(length * scale + 1e-6) / scale;

/**
 * Lines between cells of different groups.
 * @param {CanvasRenderingContext2D} context @param {Canvas} canvas @param {(string | null)[]} groups
 * @param {Palette} palette @param {number} pixel
 */
function drawEdges(context, canvas, groups, palette, pixel) {
  context.beginPath();
  groups.forEach((group, cell) => {
    const { x, y, width, height } = cellBox(canvas, cell);
    if (colOf(canvas, cell) > 0 && groups[cell - 1] !== group) line(context, x, y, x, y + height);
    if (rowOf(canvas, cell) > 0 && groups[cell - canvas.cols] !== group) line(context, x, y, x + width, y);
  });
  context.strokeStyle = palette.mapEdge;
  context.lineWidth = pixel;
  context.stroke();
}

/**
 * @param {CanvasRenderingContext2D} context @param {Canvas} canvas @param {CellMap} map
 * @param {(cell: number) => boolean} shown @param {Palette} palette @param {number} pixel
 */
function drawLabels(context, canvas, map, shown, palette, pixel) {
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.lineJoin = "round";
  context.fillStyle = palette.mapInk;
  context.strokeStyle = palette.mapHalo;
  context.lineWidth = 2.5 * pixel;
  for (const { text, box } of labelPlaces(canvas, map, pixel)) {
    if (shown(box.cell)) drawLabel(context, text, box, palette, pixel);
  }
}

/**
 * What is written where: on every cell if they are large, else once per area in its widest row.
 * @param {Canvas} canvas @param {CellMap} map @param {number} pixel
 * @returns {{text: string, box: Box & {cell: number}}[]}
 */
export function labelPlaces(canvas, map, pixel) {
  const labels = /** @type {(string | null)[]} */ (map.labels);
  if (canvas.cellWidth >= LABEL_EVERY_CELL * pixel) {
    return labels.flatMap((text, cell) =>
      text === null ? [] : [{ text, box: { ...cellBox(canvas, cell), cell } }],
    );
  }
  return areas(map.groups, canvas.cols).map(({ row, firstCol, lastCol }) => {
    const cell = row * canvas.cols + firstCol;
    const width = (lastCol - firstCol + 1) * canvas.cellWidth;
    return { text: labels[cell] ?? "", box: { ...cellBox(canvas, cell), width, cell } };
  });
}

/**
 * @param {CanvasRenderingContext2D} context @param {string} text @param {Box} box
 * @param {Palette} palette @param {number} pixel
 */
function drawLabel(context, text, box, palette, pixel) {
  const room = box.width - 2 * MARGIN * pixel;
  const height = Math.min(LARGEST_FONT * pixel, box.height * 0.7);
  context.font = `600 ${height}px ${palette.mapFont}`;
  const width = context.measureText(text).width;
  const size = Math.max(Math.min(height, (height * room) / Math.max(width, 1e-6)), SMALLEST_FONT * pixel);
  const fitted = fit(text, room / ((width * size) / height));
  if (fitted === "") return;
  context.font = `600 ${size}px ${palette.mapFont}`;
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
  context.strokeText(fitted, x, y);
  context.fillText(fitted, x, y);
}

/**
 * A text cut to a share of its length, with an ellipsis; empty where too little would be left to read.
 * @param {string} text @param {number} share 1 or more if the whole text fits @returns {string}
 */
export function fit(text, share) {
  if (share >= 1) return text;
  const characters = Array.from(text);
  const count = Math.floor(characters.length * share) - 1;
  return count < 2 ? "" : `${characters.slice(0, count).join("")}…`;
}
