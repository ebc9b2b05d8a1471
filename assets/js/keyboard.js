/** Key presses of the whole page: what has the focus decides what a key means, the reader obeys. */

import { commandOf } from "#viewer/keys";

/**
 * @typedef {object} Desk what commands act on
 * @property {import("#viewer/reader").Reader} reader
 * @property {{focusCell: (cell: number) => void, cancel: () => boolean, cellOf: (target: EventTarget | null) => number | null}} stage
 * @property {{showModal: () => void}} help
 * @property {() => void} copy
 * @property {() => void} play
 * @property {() => void} take opens the menu of what can be taken along
 * @property {{open: () => void, step: (step: 1 | -1) => void}} search
 */

/** @param {Document} document @param {Desk} desk */
export function listenToKeys(document, desk) {
  document.addEventListener("keydown", (event) => {
    // An open dialog or menu has the keys to itself; the browser closes it on Escape.
    if (document.querySelector("dialog[open], :popover-open")) return;
    const command = commandOf(event, focusOf(event.target));
    if (!command) return;
    event.preventDefault();
    obey(command, event.target, desk);
  });
}

/** Inputs that do not take text. */
const TEXTLESS = new Set(["range", "radio", "checkbox", "button"]);

/** @param {EventTarget | null} target @returns {import("#viewer/keys").Focus} */
function focusOf(target) {
  if (!(target instanceof Element)) return "page";
  if (target.closest("[role=gridcell]")) return "grid";
  const field = target.closest("input, select, textarea");
  if (field instanceof HTMLTextAreaElement) return "text";
  if (field instanceof HTMLInputElement && !TEXTLESS.has(field.type)) return "text";
  return field ? "field" : "page";
}

/**
 * @param {import("#viewer/keys").Command} command @param {EventTarget | null} target @param {Desk} desk
 */
function obey(command, target, { reader, stage, search, help, copy, take, play }) {
  if (command.action === "layer") reader.stepLayer(command.step);
  else if (command.action === "image") reader.stepImage(command.step);
  else if (command.action === "walk") stage.focusCell(reader.walk(command.key, stage.cellOf(target)));
  else if (command.action === "pin") reader.pinHere(stage.cellOf(target) ?? 0);
  else if (command.action === "extend") stage.focusCell(reader.extend(command.key, stage.cellOf(target)));
  else if (command.action === "clear") stage.cancel() || reader.clear();
  else if (command.action === "play") play();
  else if (command.action === "multiples") reader.toggleMultiples();
  else if (command.action === "grid") reader.toggleGrid();
  else if (command.action === "map") reader.nextMap();
  else if (command.action === "help") help.showModal();
  else if (command.action === "take") take();
  else if (command.action === "search") search.open();
  else if (command.action === "hit") search.step(command.step);
  else copy();
}
