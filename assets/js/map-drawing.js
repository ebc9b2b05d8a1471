/**
 * Drawing over the image, in canvas pixels: the caller has scaled the context, so that a cell's stored box
 * is where it is drawn. `pixel` is the length of one CSS pixel in canvas pixels.
 */

import { areas } from "#viewer/components";
import { cellBox, cellCount, colOf, gridBox, rowOf } from "#viewer/grid";

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

/** @type {(context: CanvasRenderingContext2D, x0: number, y0: number, x1: number, y1: number) => void} */
function line(context, x0, y0, x1, y1) {
  context.moveTo(x0, y0);
  context.lineTo(x1, y1);
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

/**
 * The grid's lines: a dark and a light one side by side, so that they show on any picture.
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
 * A frame around a cell, with a dark rim inside and outside.
 * @param {CanvasRenderingContext2D} context @param {Canvas} canvas @param {number} cell
 * @param {string} colour @param {number} width CSS pixels @param {Palette} palette @param {number} pixel
 */
export function drawFrame(context, canvas, cell, colour, width, palette, pixel) {
  const box = within(cellBox(canvas, cell), canvas, (width / 2 + 1) * pixel);
  context.lineJoin = "round";
  for (const [stroke, thickness] of /** @type {const} */ ([
    [palette.markDark, width + 2],
    [colour, width],
  ])) {
    context.strokeStyle = stroke;
    context.lineWidth = thickness * pixel;
    context.strokeRect(box.x, box.y, box.width, box.height);
  }
}

/**
 * A box moved in from the canvas's edges, which would cut off half of its frame.
 * @param {Box} box @param {Canvas} canvas @param {number} margin canvas pixels @returns {Box}
 */
function within(box, canvas, margin) {
  const left = Math.max(box.x, margin);
  const top = Math.max(box.y, margin);
  const right = Math.min(box.x + box.width, canvas.width - margin);
  const bottom = Math.min(box.y + box.height, canvas.height - margin);
  return { x: left, y: top, width: right - left, height: bottom - top };
}
