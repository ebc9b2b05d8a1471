/**
 * The ARIA grid: one focusable element per cell, laid over the image, for keyboards and screen readers. Each
 * says its place and what the lenses read first in it.
 */

import { make, property } from "#viewer/dom";
import { colOf, gridBox, rowOf } from "#viewer/grid";
import { shortText } from "#viewer/tokens";

/**
 * @typedef {import("#viewer/grid").Canvas} Canvas
 * @typedef {import("#viewer/view").View} View
 */

/**
 * Lay the cells of a canvas over the image.
 * @param {HTMLElement} grid @param {Canvas} canvas
 */
export function layCells(grid, canvas) {
  const box = gridBox(canvas);
  property(grid, "--grid-left", box.x / canvas.width);
  property(grid, "--grid-top", box.y / canvas.height);
  property(grid, "--grid-width", box.width / canvas.width);
  property(grid, "--grid-height", box.height / canvas.height);
  property(grid, "--grid-rows", canvas.rows);
  property(grid, "--grid-cols", canvas.cols);
  const shape = `${canvas.rows}×${canvas.cols}`;
  if (grid.dataset.shape === shape) return;
  grid.dataset.shape = shape;
  grid.setAttribute("aria-rowcount", String(canvas.rows));
  grid.setAttribute("aria-colcount", String(canvas.cols));
  grid.replaceChildren(...Array.from({ length: canvas.rows }, (_, row) => makeRow(row, canvas)));
  grid.querySelector("[data-cell]")?.setAttribute("tabindex", "0");
}

/** @param {number} row @param {Canvas} canvas */
function makeRow(row, canvas) {
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

/**
 * Name every cell by its place and the first token of each lens.
 * @param {HTMLElement} grid @param {View} view
 */
export function labelCells(grid, { page, image, state, shown }) {
  const absent = page.lenses.map(({ id }) => page.absence(id, state.layer, state.image) !== null);
  grid.querySelectorAll("[data-cell]").forEach((element, cell) => {
    const words = page.lenses.map(({ id }, index) => {
      const first = absent[index] ? null : shown.first(id, state.layer, cell);
      return first ? shortText(first.token) : absent[index] ? "absent" : "nothing shown";
    });
    const place = `row ${rowOf(image.canvas, cell)}, column ${colOf(image.canvas, cell)}`;
    element.setAttribute("aria-label", `${place}: ${words.join(", ")}`);
  });
}

/**
 * Select the pinned cells, and make the one that is read the one that Tab leads to.
 * @param {HTMLElement} grid @param {(number | null)[]} pins @param {number | null} read
 */
export function selectCells(grid, pins, read) {
  grid
    .querySelectorAll('[aria-selected="true"]')
    .forEach((cell) => cell.setAttribute("aria-selected", "false"));
  for (const pin of pins) {
    if (pin !== null) elementOf(grid, pin)?.setAttribute("aria-selected", "true");
  }
  const next = read === null ? null : elementOf(grid, read);
  if (!next) return;
  grid.querySelector('[tabindex="0"]')?.setAttribute("tabindex", "-1");
  next.setAttribute("tabindex", "0");
}

/** @param {HTMLElement} grid @param {number} cell @returns {HTMLElement | null} */
export const elementOf = (grid, cell) => grid.querySelector(`[data-cell="${cell}"]`);

/**
 * The cell that an element of the grid stands for.
 * @param {EventTarget | null} target @returns {number | null}
 */
export function cellOf(target) {
  const element = target instanceof Element ? target.closest("[data-cell]") : null;
  return element ? Number(element.getAttribute("data-cell")) : null;
}
