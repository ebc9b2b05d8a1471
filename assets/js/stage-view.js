/**
 * The stage: the exact canvas, one overlay for the map and the grid, one for the marks of hover and pin, and
 * the ARIA grid of the cells.
 *
 * The frame has the canvas's own aspect ratio and the image fills it, so that canvas pixels and CSS pixels
 * differ by one factor. No CSS fitting is involved.
 */

import { cellOf, elementOf, labelCells, layCells, selectCells } from "#viewer/cell-grid";
import { byId, property } from "#viewer/dom";
import { keptMaps } from "#viewer/kept-maps";
import { drawMapAndGrid, drawMarks } from "#viewer/picture-drawing";
import { listenToPointer } from "#viewer/stage-pointer";
import { visibleSentence } from "#viewer/tokens";

/**
 * @typedef {import("#viewer/view").View} View
 * @typedef {import("#viewer/palette").DrawingPalette} DrawingPalette
 */

/**
 * Sets up the stage. `show` shows a view, `mark` only its hover and pin.
 * @param {import("#viewer/view").Page} page @param {DrawingPalette} palette
 * @param {Omit<import("#viewer/stage-pointer").Actions, "start">} actions
 */
export function createStage(page, palette, actions) {
  const frame = byId("frame");
  const grid = byId("grid");
  const picture = /** @type {HTMLImageElement} */ (byId("canvas-image"));
  const overlays = {
    map: /** @type {HTMLCanvasElement} */ (byId("map-overlay")),
    marks: /** @type {HTMLCanvasElement} */ (byId("mark-overlay")),
  };
  const labelWhenIdle = idleLabels(grid);
  const maps = keptMaps();
  /** @type {View | null} */
  let shown = null;

  new ResizeObserver(() => shown && drawAll(shown)).observe(frame);
  const pointer = listenToPointer(frame, byId("region-button"), () => shown?.image.canvas ?? null, {
    ...actions,
    start: () => shown?.state.region?.from ?? shown?.state.cursor ?? shown?.state.cell ?? null,
  });

  // What a keyboard or a screen reader brings the focus to is read; what a pointer presses may be dragged.
  grid.addEventListener("focusin", ({ target }) => {
    const cell = cellOf(target);
    if (cell === null || !shown || !(/** @type {Element} */ (target).matches(":focus-visible"))) return;
    if (cell !== (shown.state.cursor ?? shown.state.cell)) actions.read(cell);
  });

  /** @param {View} view */
  function show(view) {
    const focused = grid.contains(document.activeElement);
    if (shown?.image !== view.image) showPicture(view);
    shown = view;
    drawAll(view);
    selectCells(grid, view.state.pins, view.state.cursor ?? view.state.cell);
    if (focused) followFocus(view.state);
    labelWhenIdle(view);
    maps.ahead(view, palette);
  }

  /** @param {View} view */
  function showPicture({ image: { canvas, caption, id } }) {
    picture.src = canvas.src;
    picture.alt = visibleSentence(caption ?? id);
    property(frame, "--canvas-aspect", canvas.width / canvas.height);
    layCells(grid, canvas);
  }

  /** @param {View} view */
  function drawAll(view) {
    draw(overlays.map, frame, view, (context, pixel) =>
      drawMapAndGrid(context, view, palette, pixel, maps.draw),
    );
    mark(view);
  }

  /** @param {View} view */
  function mark(view) {
    shown = view;
    draw(overlays.marks, frame, view, (context, pixel) => drawMarks(context, view, palette, pixel));
  }

  /**
   * The focus goes along with what is read, and stays in a grid that is laid anew.
   * @param {import("#viewer/hash").State} state
   */
  function followFocus({ cursor, cell }) {
    const read = cursor ?? cell;
    if (read === null && grid.contains(document.activeElement)) return;
    const next = read === null ? grid.querySelector("[data-cell][tabindex='0']") : elementOf(grid, read);
    if (next instanceof HTMLElement && next !== document.activeElement) next.focus({ preventScroll: true });
  }

  /** @param {number} cell */
  const focusCell = (cell) => elementOf(grid, cell)?.focus();

  return { show, mark, focusCell, cellOf, cancel: pointer.cancel };
}

/** Milliseconds until cells are labelled, idle or not. */
const LATEST_LABELS = 1000;

/**
 * Labels of all cells take longer than a layer change may, so they follow when there is time.
 * @param {HTMLElement} grid
 */
function idleLabels(grid) {
  const whenIdle = globalThis.requestIdleCallback ?? ((/** @type {() => void} */ work) => setTimeout(work, 0));
  let labelled = "";
  return (/** @type {View} */ view) => {
    const key = `${view.state.image} ${view.state.layer} ${view.shown.key}`;
    if (key === labelled) return;
    labelled = key;
    // A busy machine may never be idle; who listens to the labels cannot wait for it.
    whenIdle(
      () => {
        if (key === labelled) labelCells(grid, view);
      },
      { timeout: LATEST_LABELS },
    );
  };
}

/**
 * Clear an overlay and paint it in canvas pixels, at the screen's own resolution.
 * @param {HTMLCanvasElement} overlay @param {HTMLElement} frame @param {View} view
 * @param {(context: CanvasRenderingContext2D, pixel: number) => void} paint `pixel`: one CSS pixel in
 *   canvas pixels
 */
function draw(overlay, frame, { image: { canvas } }, paint) {
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
