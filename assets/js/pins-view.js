/**
 * The pins: a chip for each, in its colour and with its number. From two on, the chips head the columns of a
 * table: what each lens reads in the pinned patches at this layer.
 */

import { absenceNode } from "#viewer/absence-view";
import { byId, fill, make, tokenNode } from "#viewer/dom";
import { firstTokens } from "#viewer/first-tokens";
import { colOf, rowOf } from "#viewer/grid";
import { keepFocus } from "#viewer/keep-focus";
import { agreeingWords } from "#viewer/words";

/**
 * @typedef {import("#viewer/view").View} View
 * @typedef {{cell: number, slot: number}} Pin
 *
 * @typedef {object} Actions
 * @property {(cell: number | null) => void} hover
 * @property {(cell: number) => void} readPin
 * @property {(cell: number) => void} unpin
 */

/**
 * Sets up the pins; the returned function shows a view in them.
 * @param {Actions} reader
 */
export function createPins(reader) {
  const panel = byId("pins");
  let key = "";
  listen(panel, reader);

  /** @param {View} view */
  return function show(view) {
    const { image, layer, pins, cell, cursor, lens } = view.state;
    const wanted = JSON.stringify([image, layer, pins, cell, cursor, lens, view.shown.key]);
    if (wanted === key) return;
    key = wanted;
    panel.hidden = pins.length === 0;
    keepFocus(panel, () => fill(panel, contents(view)));
  };
}

/** @param {HTMLElement} panel @param {Actions} reader */
function listen(panel, reader) {
  panel.addEventListener("click", ({ target }) => {
    const button = target instanceof Element ? target.closest("button") : null;
    if (!button) return;
    const cell = Number(button.dataset.pin);
    if (button.className === "pin-drop") reader.unpin(cell);
    else reader.readPin(cell);
  });
  // Pointing at a chip reads its patch, as pointing at the patch does.
  panel.addEventListener("pointerover", ({ target, pointerType }) => {
    const chip = target instanceof Element ? target.closest(".pin") : null;
    if (pointerType !== "touch") reader.hover(chip ? Number(chip.getAttribute("data-pin")) : null);
  });
  panel.addEventListener("pointerleave", () => reader.hover(null));
}

/** @param {View} view */
function contents(view) {
  const pins = view.state.pins.flatMap((cell, slot) => (cell === null ? [] : [{ cell, slot }]));
  if (pins.length === 0) return null;
  return pins.length === 1 ? chip(view, pins[0], true) : comparison(view, pins);
}

/** @param {View} view @param {Pin[]} pins */
function comparison(view, pins) {
  const layer = view.page.visionLayers[view.state.layer];
  const heads = pins.map((pin) => make("th", { scope: "col" }, chip(view, pin, false)));
  const words = pins.map(({ cell }) => agreeing(view, cell));
  return make(
    "table",
    { class: "pin-table" },
    make("caption", { class: "visually-hidden" }, `The pinned patches at vision layer ${layer}`),
    make("thead", {}, make("tr", {}, make("td", {}), ...heads)),
    make("tbody", {}, ...view.page.lenses.map((lens) => lensRow(view, lens, pins, words))),
  );
}

/** The words of a patch that more than one lens names. @param {View} view @param {number} cell */
const agreeing = ({ page, shown, state }, cell) =>
  agreeingWords(page.lenses.map(({ id }) => shown.list(id, state.layer, cell).map(({ token }) => token)));

/**
 * @param {View} view @param {import("#viewer/readings").Lens} lens @param {Pin[]} pins
 * @param {Set<string>[]} words that agree, for each pin
 */
function lensRow(view, { id, title }, pins, words) {
  const absent = view.page.absence(id, view.state.layer, view.state.image);
  const cells = absent
    ? [make("td", { colspan: pins.length }, absenceNode(absent))]
    : pins.map(({ cell }, index) => make("td", {}, firstTokens(view, id, cell, words[index])));
  return make("tr", { "data-lens": id }, make("th", { scope: "row" }, title), ...cells);
}

/** @param {View} view @param {Pin} pin @param {boolean} named whether its first word is part of the chip */
function chip({ image: { canvas }, state, shown }, { cell, slot }, named) {
  const pin = { canvas, cell, slot };
  const top = named ? shown.first(state.lens, state.layer, cell) : null;
  const read = make(
    "button",
    { ...attributes("read", pin), "aria-pressed": String(cell === (state.cursor ?? state.cell)), title: "read this patch" },
    make("span", { class: "numeral" }, unseen("read pin "), String(slot + 1)),
    place(pin),
    top && tokenNode(top.token),
  );
  const drop = make(
    "button",
    { ...attributes("drop", pin), "aria-label": dropLabel(pin), title: "let go" },
    "×",
  );
  return make("span", { class: "pin", "data-slot": slot + 1, "data-pin": cell }, read, drop);
}

/** @typedef {{canvas: import("#viewer/grid").Canvas, cell: number, slot: number}} Placed */

/** @param {string} action @param {Placed} pin */
const attributes = (action, { cell, slot }) => ({
  type: "button",
  class: `pin-${action}`,
  "data-pin": cell,
  "data-control": `${action} ${slot}`,
});

/** Where columns are narrow, the words are only heard. @param {Placed} pin */
const place = ({ canvas, cell }) =>
  make(
    "span",
    { class: "place" },
    make("span", {}, "row "),
    `${rowOf(canvas, cell)}, `,
    make("span", {}, "col "),
    String(colOf(canvas, cell)),
  );

/** @param {Placed} pin */
const dropLabel = ({ canvas, cell, slot }) =>
  `let go of pin ${slot + 1}: row ${rowOf(canvas, cell)}, col ${colOf(canvas, cell)}`;

/** @param {string} text */
const unseen = (text) => make("span", { class: "visually-hidden" }, text);
