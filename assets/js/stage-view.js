/**
 * The stage: the exact canvas, one overlay for the map and the grid, one for the marks of hover and pin,
 * and an ARIA grid of the cells for keyboards and screen readers.
 *
 * The frame has the canvas's own aspect ratio and the image fills it, so that canvas pixels and CSS pixels
 * differ by one factor. No CSS fitting is involved.
 */

import { byId, make, property } from "#viewer/dom";
import { cellAtPoint, gridBox } from "#viewer/grid";
import { drawFrame, drawGrid, drawMap } from "#viewer/map-drawing";
import { readPalette } from "#viewer/palette";

/**
 * @typedef {object} StageActions
 * @property {(cell: number | null) => void} hover
 * @property {(cell: number) => void} pin
 */

/** @param {StageActions} actions */
export function createStage(actions) {
  const frame = byId("frame");
  const grid = byId("grid");
  const image = /** @type {HTMLImageElement} */ (byId("canvas-image"));
  const layers = {
    map: /** @type {HTMLCanvasElement} */ (byId("map-overlay")),
    marks: /** @type {HTMLCanvasElement} */ (byId("mark-overlay")),
  };
  const palette = readPalette(document.documentElement);
  /** @type {import("#viewer/view").View | null} */
  let view = null;

  new ResizeObserver(() => redraw()).observe(frame);
  frame.addEventListener("pointermove", (event) => {
    if (event.pointerType !== "touch") actions.hover(cellUnder(event));
  });
  frame.addEventListener("pointerleave", () => actions.hover(null));
  frame.addEventListener("click", (event) => {
    const cell = event.detail > 0 ? cellUnder(event) : cellOf(event.target);
    if (cell !== null) actions.pin(cell);
  });

  /** @param {MouseEvent} event */
  function cellUnder(event) {
    if (!view) return null;
    const { canvas } = view.image;
    const box = frame.getBoundingClientRect();
    const x = ((event.clientX - box.left) / box.width) * canvas.width;
    const y = ((event.clientY - box.top) / box.height) * canvas.height;
    return cellAtPoint(canvas, x, y);
  }

  /** @param {import("#viewer/view").View} next */
  function show(next) {
    const other = view?.image !== next.image;
    view = next;
    if (other) showImage();
    drawMapLayer();
    drawMarks();
  }

  function showImage() {
    const { canvas, caption, id } = current().image;
    image.src = canvas.src;
    image.alt = caption ?? id;
    property(frame, "--canvas-aspect", canvas.width / canvas.height);
    buildCells(grid, canvas);
  }

  function redraw() {
    if (!view) return;
    drawMapLayer();
    drawMarks();
  }

  function drawMapLayer() {
    const { image: shown, state, map } = current();
    draw(layers.map, (context, pixel) => {
      if (map) drawMap(context, shown.canvas, map, state.only, palette, pixel);
      // The classes of a map have edges of their own; more lines would hide them.
      if (state.grid && (!map || map.ramp)) drawGrid(context, shown.canvas, palette, pixel);
    });
  }

  function drawMarks() {
    const { image: shown, state, hover } = current();
    draw(layers.marks, (context, pixel) => {
      if (hover !== null && hover !== state.cell)
        drawFrame(context, shown.canvas, hover, palette.markLight, 2, palette, pixel);
      if (state.cell !== null) drawFrame(context, shown.canvas, state.cell, palette.pin, 3, palette, pixel);
    });
  }

  /**
   * @param {HTMLCanvasElement} overlay
   * @param {(context: CanvasRenderingContext2D, pixel: number) => void} paint
   */
  function draw(overlay, paint) {
    const { canvas } = current().image;
    const { width, height } = frame.getBoundingClientRect();
    const ratio = globalThis.devicePixelRatio || 1;
    const [w, h] = [Math.round(width * ratio), Math.round(height * ratio)];
    if (overlay.width !== w) overlay.width = w;
    if (overlay.height !== h) overlay.height = h;
    const context = /** @type {CanvasRenderingContext2D} */ (overlay.getContext("2d"));
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, w, h);
    context.setTransform(w / canvas.width, 0, 0, h / canvas.height, 0, 0);
    if (width > 0) paint(context, canvas.width / width);
  }

  /** Select and label the cells of the ARIA grid. @param {(cell: number) => string} label */
  function labelCells(label) {
    grid.querySelectorAll("[data-cell]").forEach((element, cell) => {
      element.setAttribute("aria-label", label(cell));
    });
  }

  /** @param {number | null} cell */
  function selectCell(cell) {
    const tabbable = grid.querySelector('[tabindex="0"]');
    const selected = cell === null ? null : grid.querySelector(`[data-cell="${cell}"]`);
    grid.querySelector('[aria-selected="true"]')?.setAttribute("aria-selected", "false");
    selected?.setAttribute("aria-selected", "true");
    if (!selected || selected === tabbable) return;
    tabbable?.setAttribute("tabindex", "-1");
    selected.setAttribute("tabindex", "0");
  }

  /** @param {number} cell */
  function focusCell(cell) {
    const element = /** @type {HTMLElement | null} */ (grid.querySelector(`[data-cell="${cell}"]`));
    element?.focus({ preventScroll: false });
  }

  function current() {
    return /** @type {import("#viewer/view").View} */ (view);
  }

  return { show, drawMarks, setHover, labelCells, selectCell, focusCell, cellOf };

  /** @param {import("#viewer/view").View} next */
  function setHover(next) {
    view = next;
    drawMarks();
  }
}

/**
 * The cell that an element of the ARIA grid stands for.
 * @param {EventTarget | null} target @returns {number | null}
 */
function cellOf(target) {
  const element = target instanceof Element ? target.closest("[data-cell]") : null;
  return element ? Number(element.getAttribute("data-cell")) : null;
}

/**
 * Lay one focusable element per cell over the image.
 * @param {HTMLElement} grid @param {import("#viewer/grid").Canvas} canvas
 */
function buildCells(grid, canvas) {
  const box = gridBox(canvas);
  property(grid, "--grid-left", box.x / canvas.width);
  property(grid, "--grid-top", box.y / canvas.height);
  property(grid, "--grid-width", box.width / canvas.width);
  property(grid, "--grid-height", box.height / canvas.height);
  property(grid, "--grid-rows", canvas.rows);
  property(grid, "--grid-cols", canvas.cols);
  if (grid.dataset.shape === `${canvas.rows}×${canvas.cols}`) return;
  grid.dataset.shape = `${canvas.rows}×${canvas.cols}`;
  grid.setAttribute("aria-rowcount", String(canvas.rows));
  grid.setAttribute("aria-colcount", String(canvas.cols));
  grid.replaceChildren(...Array.from({ length: canvas.rows }, (_, row) => buildRow(row, canvas)));
  grid.querySelector("[data-cell]")?.setAttribute("tabindex", "0");
}

/** @param {number} row @param {import("#viewer/grid").Canvas} canvas */
function buildRow(row, canvas) {
  const cells = Array.from({ length: canvas.cols }, (_, col) =>
    make("div", {
      role: "gridcell",
      tabindex: "-1",
      "aria-colindex": col + 1,
      "aria-selected": "false",
      "data-cell": row * canvas.cols + col,
    }),
  );
  return make("div", { role: "row", "aria-rowindex": row + 1 }, ...cells);
}
