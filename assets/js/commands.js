/** Key presses of the whole page as commands: what has the focus decides what a key means. */

import { commandOf } from "#viewer/keys";

/**
 * @param {Document} document @param {import("#viewer/keys").Row[]} rows the keys that the page knows
 * @param {(command: import("#viewer/keys").Command, target: EventTarget | null) => void} obey
 */
export function onCommand(document, rows, obey) {
  document.addEventListener("keydown", (event) => {
    // An open dialog or menu has the keys to itself; the browser closes it on Escape.
    if (document.querySelector("dialog[open], :popover-open")) return;
    const command = commandOf(event, focusOf(event.target), rows);
    if (!command) return;
    event.preventDefault();
    obey(command, event.target);
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
