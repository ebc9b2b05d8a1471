/** One model's picture: the canvas it saw, the map over it, the marks, and the ARIA grid of its patches. */

import { cellOf, elementOf, layCells, selectCells } from "#viewer/cell-grid";
import { inPixels, overlay } from "#viewer/compare-overlay";
import { outlineIn } from "#viewer/compare-place";
import { make, property } from "#viewer/dom";
import { cellAtPoint, colOf, rowOf } from "#viewer/grid";
import { drawFrame, drawGrid } from "#viewer/line-drawing";
import { visibleText } from "#viewer/tokens";

/**
 * @typedef {import("#viewer/compare-view").Column} Column
 * @typedef {import("#viewer/compare-view").CompareView} CompareView
 * @typedef {import("#viewer/compare-link").Spot} Spot
 * @typedef {import("#viewer/palette").DrawingPalette} Palette
 */

/**
 * @param {Palette} palette @param {ReturnType<typeof import("#viewer/kept-maps").keptMaps>} maps
 * @param {{hover: (cell: number | null) => void, pin: (cell: number) => void}} actions
 */
export function createPicture(palette, maps, actions) {
  const image = make("img", { alt: "", draggable: "false" });
  const [mapLayer, markLayer] = [overlay(), overlay()];
  const grid = make("div", { class: "cells", role: "grid" });
  const frame = make("div", { class: "frame" }, image, mapLayer.element, markLayer.element, grid);
  const labelWhenIdle = idleLabels(grid);
  /** CSS pixels. */
  const size = { width: 0, height: 0 };
  /** @type {{view: CompareView, at: number, spot: Spot | null} | null} */
  let shown = null;

  new ResizeObserver(([{ contentRect: { width, height } }]) => {
    Object.assign(size, { width, height });
    drawMap();
    drawMarks();
  }).observe(frame);
  listenToPointer(frame, () => columnOf(shown)?.canvas ?? null, actions);

  /** @param {CompareView} view @param {number} at */
  function show(view, at) {
    const { canvas, loaded, model, layer } = view.columns[at];
    if (shown?.view.columns[shown.at]?.canvas !== canvas && canvas) layCanvas(canvas);
    shown = { view, at, spot: shown?.spot ?? null };
    frame.hidden = !canvas || !loaded;
    if (!canvas || !loaded) return;
    if (image.getAttribute("src") !== loaded.src) image.src = loaded.src;
    grid.setAttribute("aria-label", `Patches of ${model.title}, vision layer ${model.visionLayers[layer]}`);
    labelWhenIdle(view, at);
    drawMap();
  }

  /** @param {NonNullable<Column["canvas"]>} canvas */
  function layCanvas(canvas) {
    property(frame, "--canvas-aspect", canvas.width / canvas.height);
    layCells(grid, canvas);
  }

  /** @param {CompareView} view @param {number} at @param {Spot | null} spot */
  function mark(view, at, spot) {
    shown = { view, at, spot };
    drawMarks();
    const { pin } = view.state;
    const cell = pin ? cellOr(view.counterpart(pin, at)) : null;
    selectCells(grid, [cell], cell);
  }

  function drawMap() {
    const column = columnOf(shown);
    if (!column?.canvas || !shown) return;
    const { canvas, map } = column;
    const { only, map: kind } = shown.view.state;
    mapLayer.paint(size, canvas, [map, only, kind === "words"], (context, pixel) => {
      if (map) maps.draw(context, canvas, map, only, palette, pixel);
      if (kind !== "words") drawGrid(context, canvas, palette, pixel);
    });
  }

  function drawMarks() {
    const column = columnOf(shown);
    if (!column?.canvas || !shown) return;
    const { view, at, spot } = shown;
    const { pin, image } = view.state;
    markLayer.paint(size, column.canvas, [pin, spot, image, column.index], (context, pixel) => {
      if (pin) drawSpot(context, view, at, pin, palette.pins[0], pixel, palette);
      if (spot && spot !== pin) drawSpot(context, view, at, spot, palette.markLight, pixel, palette);
    });
  }

  /** Paint the map of a view that may come next. @param {CompareView} view @param {number} at */
  function prepare(view, at) {
    const { canvas, map } = view.columns[at];
    if (!canvas || !map || size.width === 0) return;
    maps.pictureOf(canvas, map, view.state.only, palette, { ...inPixels(size), pixel: canvas.width / size.width });
  }

  return { frame, show, mark, prepare, focus: (/** @type {number} */ cell) => elementOf(grid, cell)?.focus() };
}

/** @param {{view: CompareView, at: number} | null} shown @returns {Column | null} */
const columnOf = (shown) => shown?.view.columns[shown.at] ?? null;

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
