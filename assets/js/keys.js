/** Which key asks for what: the one table, which the keyboard obeys and the help dialogs list. */

/**
 * @typedef {{action: "layer" | "image", step: number}
 *   | {action: "hit", step: 1 | -1}
 *   | {action: "walk" | "extend", key: string}
 *   | {action: "clear" | "play" | "multiples" | "pin" | "help" | "map" | "ranking" | "judge" | "grid" | "copy" | "take" | "search"}} Command
 *
 * @typedef {object} Press the parts of a KeyboardEvent that matter
 * @property {string} key
 * @property {boolean} ctrlKey
 * @property {boolean} metaKey
 * @property {boolean} altKey
 * @property {boolean} shiftKey
 *
 * @typedef {"grid" | "field" | "text" | "page"} Focus where the focus is: on a cell, on a control that uses
 *   arrows itself, where text is typed, or elsewhere
 *
 * @typedef {object} Row one line of the help
 * @property {string[]} shown names of keys, or of what the pointer does
 * @property {string} meaning
 * @property {Record<string, Command>} presses what each key asks for, by KeyboardEvent.key
 * @property {Focus[]} [on] where it does; without it, everywhere but in text
 * @property {boolean} [shift] whether Shift is to be held; without it, either way
 */

/** @type {(action: "walk" | "extend", keys: string[]) => Record<string, Command>} */
const each = (action, keys) => Object.fromEntries(keys.map((key) => [key, { action, key }]));
const ARROWS = ["ArrowLeft", "ArrowUp", "ArrowRight", "ArrowDown"];

/** @type {Row[]} */
export const ROWS = [
  {
    shown: ["←", "↑", "→", "↓"],
    meaning: "read the next patch; pins stay",
    presses: each("walk", ARROWS),
    on: ["grid", "page"],
    shift: false,
  },
  {
    shown: ["Shift", "←", "↑", "→", "↓"],
    meaning: "select a region; with the mouse: drag with Shift held; by touch: the Region button",
    presses: each("extend", [...ARROWS, "Home", "End"]),
    on: ["grid", "page"],
    shift: true,
  },
  {
    shown: ["Home", "End"],
    meaning: "first, last patch of the row",
    presses: each("walk", ["Home", "End"]),
    on: ["grid"],
    shift: false,
  },
  {
    shown: ["Enter"],
    meaning: "pin the patch, or unpin it; Space too",
    presses: { Enter: { action: "pin" }, " ": { action: "pin" } },
    on: ["grid"],
  },
  {
    shown: ["[", "]"],
    meaning: "shallower, deeper layer",
    presses: { "[": { action: "layer", step: -1 }, "]": { action: "layer", step: 1 } },
  },
  {
    shown: [",", "."],
    meaning: "previous, next image",
    presses: { ",": { action: "image", step: -1 }, ".": { action: "image", step: 1 } },
  },
  { shown: ["/"], meaning: "search", presses: { "/": { action: "search" } } },
  {
    shown: ["n", "N"],
    meaning: "read the next, previous hit; pins stay",
    presses: { n: { action: "hit", step: 1 }, N: { action: "hit", step: -1 } },
  },
  { shown: ["p"], meaning: "play through the layers, pause", presses: { p: { action: "play" } } },
  { shown: ["a"], meaning: "all layers at once, or one", presses: { a: { action: "multiples" } } },
  { shown: ["m"], meaning: "next map", presses: { m: { action: "map" } } },
  { shown: ["j"], meaning: "next judge, where several judged", presses: { j: { action: "judge" } } },
  {
    shown: ["r"],
    meaning: "LN-Lens by cosine, by percentile, where both are stored",
    presses: { r: { action: "ranking" } },
  },
  { shown: ["g"], meaning: "grid lines on, off", presses: { g: { action: "grid" } } },
  { shown: ["c"], meaning: "copy a link to this view", presses: { c: { action: "copy" } } },
  { shown: ["s"], meaning: "take along: picture, table, citation", presses: { s: { action: "take" } } },
  { shown: ["Esc"], meaning: "close the search; then let go of pins and region", presses: { Escape: { action: "clear" } } },
  { shown: ["?"], meaning: "this help", presses: { "?": { action: "help" } } },
];

/** @type {Focus[]} */
const EVERYWHERE = ["grid", "field", "page"];

/**
 * The command of a key press; null leaves the key to the browser.
 * @param {Press} press @param {Focus} focus @param {Row[]} [rows] the keys that the page knows
 * @returns {Command | null}
 */
export function commandOf(press, focus, rows = ROWS) {
  if (press.ctrlKey || press.metaKey || press.altKey) return null;
  const row = rows.find(
    ({ presses, on = EVERYWHERE, shift = press.shiftKey }) =>
      Object.hasOwn(presses, press.key) && on.includes(focus) && shift === press.shiftKey,
  );
  return row ? row.presses[press.key] : null;
}
