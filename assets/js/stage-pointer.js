/**
 * The pointer on the stage: it hovers, pins, and selects regions. A region is dragged with Shift held, or,
 * for fingers, chosen by its corners after the Region button was pressed.
 */

import { cellOf } from "#viewer/cell-grid";
import { cellAtPoint, nearestCell } from "#viewer/grid";

/**
 * @typedef {{from: number, to: number}} Corners
 *
 * @typedef {object} Actions
 * @property {(cell: number | null) => void} hover
 * @property {(cell: number) => void} pin
 * @property {(cell: number) => void} read
 * @property {(corners: Corners) => void} select
 * @property {() => number | null} start where a region begins that Shift and a click end
 * @property {(sentence: string) => void} say
 */

const FIRST_CORNER = "Region: tap one corner on the picture, then the opposite one.";
const SECOND_CORNER = "Region: now the opposite corner.";

/**
 * @param {HTMLElement} frame @param {HTMLElement} button that lets the next choices select a region
 * @param {() => import("#viewer/grid").Canvas | null} canvasOf @param {Actions} actions
 * @returns {{cancel: () => boolean}} `cancel` stops choosing; whether there was anything to stop
 */
export function listenToPointer(frame, button, canvasOf, actions) {
  /** What began with the last press: a selection, or null for a pin. @type {(Corners & {moved: boolean}) | null} */
  let drag = null;
  let choosing = false;
  /** @type {number | null} */
  let corner = null;

  /** @param {boolean} on */
  function choose(on) {
    choosing = on;
    corner = null;
    button.setAttribute("aria-pressed", String(on));
    frame.toggleAttribute("data-choosing", on);
    actions.say(on ? FIRST_CORNER : "");
  }

  /** @param {Corners} corners */
  function select({ from, to }) {
    actions.select({ from, to });
    if (choosing) choose(false);
  }

  /** @param {number} cell */
  function chooseCorner(cell) {
    if (corner !== null) return select({ from: corner, to: cell });
    actions.select({ from: cell, to: cell });
    corner = cell;
    actions.say(SECOND_CORNER);
  }

  /** @param {MouseEvent} event */
  function canvasPoint(event) {
    const { left, top, width, height } = frame.getBoundingClientRect();
    const canvas = canvasOf();
    if (!canvas || width === 0) return null;
    const x = ((event.clientX - left) / width) * canvas.width;
    const y = ((event.clientY - top) / height) * canvas.height;
    return { canvas, x, y };
  }

  /** @param {MouseEvent} event */
  function cellUnder(event) {
    const point = canvasPoint(event);
    return point && cellAtPoint(point.canvas, point.x, point.y);
  }

  /** @param {PointerEvent} event */
  function dragTo(event) {
    const point = canvasPoint(event);
    if (!drag || !point) return;
    const to = nearestCell(point.canvas, point.x, point.y);
    if (to === drag.to) return;
    if (!drag.moved) frame.setPointerCapture(event.pointerId);
    drag = { from: drag.from, to, moved: true };
    actions.select({ from: drag.from, to });
  }

  frame.addEventListener("pointerdown", (event) => {
    const from = event.shiftKey || choosing ? cellUnder(event) : null;
    drag = from === null || event.button !== 0 ? null : { from, to: from, moved: false };
  });
  frame.addEventListener("pointermove", (event) => {
    if (drag && event.buttons & 1) dragTo(event);
    if (event.pointerType !== "touch") actions.hover(cellUnder(event));
  });
  frame.addEventListener("pointercancel", () => {
    drag = null;
  });
  frame.addEventListener("pointerleave", () => actions.hover(null));
  frame.addEventListener("click", (event) => {
    // Screen readers click without a pointer; then the element says which cell is meant.
    const cell = event.detail > 0 ? cellUnder(event) : cellOf(event.target);
    const dragged = event.detail > 0 ? drag : null;
    drag = null;
    if (dragged?.moved) return select(dragged);
    if (cell === null) return;
    if (choosing) chooseCorner(cell);
    else if (event.shiftKey) actions.select({ from: actions.start() ?? cell, to: cell });
    else actions.pin(cell);
  });
  button.addEventListener("click", () => choose(!choosing));

  return {
    cancel() {
      const was = choosing;
      if (was) choose(false);
      return was;
    },
  };
}
