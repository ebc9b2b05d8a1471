/** One model's picture: the canvas it saw, the map over it, the marks, and the ARIA grid of its patches. */

import { cellOf, elementOf, layCells, selectCells } from "#viewer/cell-grid";
import { outlineIn } from "#viewer/compare-place";
import { make, property } from "#viewer/dom";
import { cellAtPoint, colOf, rowOf } from "#viewer/grid";
import { drawFrame, drawGrid } from "#viewer/line-drawing";
import { drawMap } from "#viewer/map-drawing";
import { visibleText } from "#viewer/tokens";

/**
 * @typedef {import("#viewer/compare-view").Column} Column
 * @typedef {import("#viewer/compare-view").CompareView} CompareView
 * @typedef {import("#viewer/compare-link").Spot} Spot
 * @typedef {import("#viewer/palette").DrawingPalette} Palette
 */

/**
 * @param {Palette} palette
 * @param {{hover: (cell: number | null) => void, pin: (cell: number) => void}} actions
 */
export function createPicture(palette, actions) {
  const image = make("img", { alt: "", draggable: "false" });
  const [map, marks] = [make("canvas", { "aria-hidden": "true" }), make("canvas", { "aria-hidden": "true" })];
  const grid = make("div", { class: "cells", role: "grid" });
  const frame = make("div", { class: "frame" }, image, map, marks, grid);
  const labelWhenIdle = idleLabels(grid);
  /** @type {{view: CompareView, at: number, spot: Spot | null} | null} */
  let shown = null;

  new ResizeObserver(() => shown && drawAll()).observe(frame);
  listenToPointer(frame, () => columnOf(shown)?.canvas ?? null, actions);

  /** @param {CompareView} view @param {number} at */
  function show(view, at) {
    shown = { view, at, spot: shown?.spot ?? null };
    const { canvas, loaded, model, layer } = view.columns[at];
    frame.hidden = !canvas || !loaded;
    if (!canvas || !loaded) return;
    if (image.getAttribute("src") !== loaded.src) image.src = loaded.src;
    property(frame, "--canvas-aspect", canvas.width / canvas.height);
    grid.setAttribute("aria-label", `Patches of ${model.title}, vision layer ${model.visionLayers[layer]}`);
    layCells(grid, canvas);
    labelWhenIdle(view, at);
    drawAll();
  }

  /** @param {CompareView} view @param {number} at @param {Spot | null} spot */
  function mark(view, at, spot) {
    shown = { view, at, spot };
    drawMarks();
    const { pin } = view.state;
    const cell = pin ? cellOr(view.counterpart(pin, at)) : null;
    selectCells(grid, [cell], cell);
  }

  function drawAll() {
    const column = columnOf(shown);
    if (!column?.canvas || !shown) return;
    const { only, map: kind } = shown.view.state;
    paint(map, frame, column.canvas, (context, pixel) => {
      if (column.map) drawMap(context, canvasOf(column), column.map, only, palette, pixel);
      if (kind !== "words") drawGrid(context, canvasOf(column), palette, pixel);
    });
    drawMarks();
  }

  function drawMarks() {
    const column = columnOf(shown);
    if (!column?.canvas || !shown) return;
    const { view, at, spot } = shown;
    paint(marks, frame, column.canvas, (context, pixel) => {
      const { pin } = view.state;
      const isPin = spot !== null && spot === pin;
      if (pin) drawSpot(context, view, at, pin, palette.pins[0], pixel, palette);
      if (spot && !isPin) drawSpot(context, view, at, spot, palette.markLight, pixel, palette);
    });
  }

  return { frame, show, mark, focus: (/** @type {number} */ cell) => elementOf(grid, cell)?.focus() };
}

/** @param {{view: CompareView, at: number} | null} shown @returns {Column | null} */
const columnOf = (shown) => shown?.view.columns[shown.at] ?? null;

/** @param {Column} column */
const canvasOf = ({ canvas }) => /** @type {NonNullable<Column["canvas"]>} */ (canvas);

/** @type {(cell: number) => number | null} */
const cellOr = (cell) => (cell < 0 ? null : cell);

/**
 * The patch at a place, and in a picture that is cut otherwise also the outline of the patch that was meant.
 * @param {CanvasRenderingContext2D} context @param {CompareView} view @param {number} at @param {Spot} spot
 * @param {string} colour @param {number} pixel @param {Palette} palette
 */
function drawSpot(context, view, at, spot, colour, pixel, palette) {
  const { canvas, index } = view.columns[at];
  const from = view.page.canvasOf(spot.model, view.state.image);
  const cell = view.counterpart(spot, at);
  if (!canvas || !from || cell < -1) return;
  if (index !== spot.model && from !== canvas) {
    drawOutline(context, outlineIn(from, spot.cell, canvas), colour, palette.markDark, pixel);
  }
  if (cell >= 0) drawFrame(context, canvas, cell, { colour, rim: palette.markDark, width: 3 }, pixel);
}

/**
 * @param {CanvasRenderingContext2D} context @param {{x: number, y: number}[]} corners
 * @param {string} colour @param {string} rim @param {number} pixel
 */
function drawOutline(context, corners, colour, rim, pixel) {
  context.save();
  context.beginPath();
  corners.forEach(({ x, y }) => context.lineTo(x, y));
  context.closePath();
  for (const [stroke, width] of /** @type {[string, number][]} */ ([
    [rim, 3],
    [colour, 1.25],
  ])) {
    context.strokeStyle = stroke;
    context.lineWidth = width * pixel;
    context.stroke();
  }
  context.restore();
}

/**
 * @param {HTMLElement} frame @param {() => import("#viewer/grid").Canvas | null} canvasNow
 * @param {{hover: (cell: number | null) => void, pin: (cell: number) => void}} actions
 */
function listenToPointer(frame, canvasNow, actions) {
  const cellUnder = (/** @type {MouseEvent} */ event) => {
    const canvas = canvasNow();
    const box = frame.getBoundingClientRect();
    if (!canvas) return null;
    const x = ((event.clientX - box.left) / box.width) * canvas.width;
    const y = ((event.clientY - box.top) / box.height) * canvas.height;
    return cellAtPoint(canvas, x, y);
  };
  frame.addEventListener("pointermove", (event) => {
    if (event.pointerType !== "touch") actions.hover(cellUnder(event));
  });
  frame.addEventListener("pointerleave", () => actions.hover(null));
  frame.addEventListener("click", (event) => {
    // Screen readers click without a pointer; then the element says which cell is meant.
    const cell = event.detail > 0 ? cellUnder(event) : cellOf(event.target);
    if (cell !== null) actions.pin(cell);
  });
}

/**
 * Labels of all cells take longer than a step of the slider may, so they follow when there is time.
 * @param {HTMLElement} grid
 */
function idleLabels(grid) {
  const whenIdle = globalThis.requestIdleCallback ?? ((work) => setTimeout(work, 0));
  let labelled = "";
  return (/** @type {CompareView} */ { state, columns }, /** @type {number} */ at) => {
    const key = [state.image, state.lens, columns[at].layer, columns[at].index].join(" ");
    if (key === labelled) return;
    labelled = key;
    whenIdle(() => {
      if (key === labelled) labelCells(grid, columns[at]);
    });
  };
}

/** Name every cell by its place and its first word. @param {HTMLElement} grid @param {Column} column */
function labelCells(grid, { canvas, tokens }) {
  if (!canvas) return;
  grid.querySelectorAll("[data-cell]").forEach((element, cell) => {
    const place = `row ${rowOf(canvas, cell)}, column ${colOf(canvas, cell)}`;
    const token = tokens[cell];
    element.setAttribute("aria-label", token === null ? place : `${place}: ${visibleText(token)}`);
  });
}

/**
 * Clear an overlay and paint it in canvas pixels, at the screen's own resolution.
 * @param {HTMLCanvasElement} overlay @param {HTMLElement} frame @param {import("#viewer/grid").Canvas} canvas
 * @param {(context: CanvasRenderingContext2D, pixel: number) => void} draw `pixel`: one CSS pixel in canvas pixels
 */
function paint(overlay, frame, canvas, draw) {
  const { width, height } = frame.getBoundingClientRect();
  const ratio = globalThis.devicePixelRatio || 1;
  overlay.width = Math.round(width * ratio);
  overlay.height = Math.round(height * ratio);
  const context = /** @type {CanvasRenderingContext2D} */ (overlay.getContext("2d"));
  context.setTransform(overlay.width / canvas.width, 0, 0, overlay.height / canvas.height, 0, 0);
  if (width > 0) draw(context, canvas.width / width);
}
