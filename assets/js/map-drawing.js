/**
 * Drawing a map over the image, in canvas pixels: the caller has scaled the context, so that a cell's stored
 * box is where it is drawn. `pixel` is the length of one CSS pixel in canvas pixels.
 */

import { areas } from "#viewer/components";
import { cellBox, colOf, rowOf } from "#viewer/grid";
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

/** CSS pixels: cells from this height on say the rank of what they show, in this size; smaller ones mark a corner. */
const RANK_FROM = 28;
const RANK_FONT = 8;
const RANK_CORNER = 5;

/** How much of its ink what recedes keeps. */
const DIM_INK = 0.55;

/** How far a canvas edge keeps from the text written in it, CSS pixels. */
const MARGIN = 2;

/**
 * @param {CanvasRenderingContext2D} context @param {Canvas} canvas @param {CellMap} map
 * @param {string | null} only the one group to show, or null for all @param {Palette} palette
 * @param {number} pixel
 */
export function drawMap(context, canvas, map, only, palette, pixel) {
  const shown = (/** @type {number} */ cell) => only === null || map.groups[cell] === only;
  const colours = map.fills.map((fill, cell) => (shown(cell) ? fill : palette.quiet));
  context.globalAlpha = palette.mapOpacity;
  fillCells(context, canvas, colours);
  context.globalAlpha = 1;
  drawEdges(context, canvas, map.groups, palette, pixel);
  if (map.labels) drawLabels(context, canvas, map, shown, palette, pixel);
  if (map.ranks) drawRanks(context, canvas, map.ranks, shown, palette, pixel);
}

/**
 * Fill the cells, neighbours of one colour in one go, up to whole device pixels: half-covered ones would show
 * as seams.
 * @param {CanvasRenderingContext2D} context @param {Canvas} canvas @param {(string | null)[]} colours
 */
function fillCells(context, canvas, colours) {
  const { a, d } = context.getTransform();
  const lefts = edges(canvas.gridX, canvas.cellWidth, canvas.cols, a);
  const tops = edges(canvas.gridY, canvas.cellHeight, canvas.rows, d);
  for (const { row, firstCol, lastCol, colour } of colourRuns(colours, canvas.cols)) {
    context.fillStyle = colour;
    const [left, top] = [lefts[firstCol], tops[row]];
    context.fillRect(left, top, lefts[lastCol + 1] - left, tops[row + 1] - top);
  }
}

/**
 * The edges between rows or columns, moved to whole device pixels.
 * @param {number} start @param {number} size canvas pixels @param {number} count
 * @param {number} scale device pixels per canvas pixel @returns {number[]}
 */
const edges = (start, size, count, scale) =>
  Array.from({ length: count + 1 }, (_, index) => Math.round((start + index * size) * scale) / scale);

/**
 * Runs of cells in a row that have one colour; cells without a colour belong to none.
 * @param {(string | null)[]} colours row-major @param {number} cols
 */
export function colourRuns(colours, cols) {
  /** @type {{row: number, firstCol: number, lastCol: number, colour: string}[]} */
  const found = [];
  colours.forEach((colour, cell) => {
    const col = cell % cols;
    const last = found.at(-1);
    if (colour === null) return;
    if (col > 0 && colours[cell - 1] === colour && last) last.lastCol = col;
    else found.push({ row: Math.floor(cell / cols), firstCol: col, lastCol: col, colour });
  });
  return found;
}

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
    if (!shown(box.cell)) continue;
    context.globalAlpha = map.dims?.[box.cell] ? DIM_INK : 1;
    drawLabel(context, text, box, map.wholeLabels === true, palette, pixel);
  }
  context.globalAlpha = 1;
}

/**
 * The rank of what a cell shows, at its corner, where what comes first is left out; in small cells, which a
 * figure would cover, the corner only.
 * @param {CanvasRenderingContext2D} context @param {Canvas} canvas @param {number[]} ranks
 * @param {(cell: number) => boolean} shown @param {Palette} palette @param {number} pixel
 */
function drawRanks(context, canvas, ranks, shown, palette, pixel) {
  const named = canvas.cellHeight >= RANK_FROM * pixel;
  context.font = `600 ${RANK_FONT * pixel}px ${palette.mapFont}`;
  context.textAlign = "right";
  context.textBaseline = "middle";
  context.fillStyle = palette.mapInk;
  ranks.forEach((rank, cell) => {
    if (rank < 2 || !shown(cell)) return;
    const { x, y, width } = cellBox(canvas, cell);
    if (named) context.fillText(String(rank), x + width - MARGIN * pixel, y + (MARGIN + RANK_FONT / 2) * pixel);
    else drawCorner(context, x + width, y, RANK_CORNER * pixel);
  });
}

/** @param {CanvasRenderingContext2D} context @param {number} right @param {number} top @param {number} size */
function drawCorner(context, right, top, size) {
  context.beginPath();
  context.moveTo(right - size, top);
  context.lineTo(right, top);
  context.lineTo(right, top + size);
  context.fill();
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
 * @param {boolean} whole whether a text that would have to be cut is left out
 * @param {Palette} palette @param {number} pixel
 */
function drawLabel(context, text, box, whole, palette, pixel) {
  const room = box.width / pixel - 2 * MARGIN;
  const width = widthOf(context, text, palette.mapFont);
  const size = fontSize(width, room, box.height / pixel);
  const fitted = fit(text, room / (width * size));
  if (fitted === "" || (whole && fitted !== text)) return;
  context.font = `600 ${size * pixel}px ${palette.mapFont}`;
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
  context.strokeText(fitted, x, y);
  context.fillText(fitted, x, y);
}

/**
 * The largest font size, in whole CSS pixels, at which a text fits a box; whole, because each new size costs
 * the browser a font.
 * @param {number} width of the text at size 1 @param {number} room CSS pixels @param {number} height CSS pixels
 */
export function fontSize(width, room, height) {
  const wanted = Math.min(LARGEST_FONT, height * 0.7, room / Math.max(width, 1e-6));
  return Math.max(Math.floor(wanted), SMALLEST_FONT);
}

/** Widths at size 1; measuring hundreds of words anew would take most of a frame. @type {Map<string, number>} */
const widths = new Map();

/** @param {CanvasRenderingContext2D} context @param {string} text @param {string} font */
function widthOf(context, text, font) {
  const known = widths.get(text);
  if (known !== undefined) return known;
  context.font = `600 100px ${font}`;
  const width = context.measureText(text).width / 100;
  widths.set(text, width);
  return width;
}

const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });

/**
 * Characters as readers count them: a letter keeps its marks and an emoji its parts.
 * @param {string} text @returns {string[]}
 */
function charactersOf(text) {
  // Nearly all texts are plain, and cutting those is many times faster.
  if (/^[\x20-\x7e]*$/.test(text)) return Array.from(text);
  return Array.from(graphemes.segment(text), ({ segment }) => segment);
}

/**
 * A text cut to a share of its length, with an ellipsis; empty where too little would be left to read.
 * @param {string} text @param {number} share 1 or more if the whole text fits @returns {string}
 */
export function fit(text, share) {
  if (share >= 1) return text;
  const characters = charactersOf(text);
  const count = Math.floor(characters.length * share) - 1;
  return count < 2 ? "" : `${characters.slice(0, count).join("")}…`;
}
