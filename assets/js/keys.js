/** Which key asks for what. The help dialog of the page lists the same keys. */

/**
 * @typedef {{action: "layer" | "image", step: number}
 *   | {action: "walk", key: string}
 *   | {action: "clear" | "pin" | "help" | "map" | "grid" | "copy"}} Command
 */

/** @type {Record<string, Command>} */
const COMMANDS = {
  "[": { action: "layer", step: -1 },
  "]": { action: "layer", step: 1 },
  ",": { action: "image", step: -1 },
  ".": { action: "image", step: 1 },
  Escape: { action: "clear" },
  "?": { action: "help" },
  m: { action: "map" },
  g: { action: "grid" },
  c: { action: "copy" },
};

const WALKING = new Set(["ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight", "Home", "End"]);

/**
 * @typedef {object} Press the parts of a KeyboardEvent that matter
 * @property {string} key
 * @property {boolean} ctrlKey
 * @property {boolean} metaKey
 * @property {boolean} altKey
 *
 * @typedef {"grid" | "field" | "page"} Focus where the focus is: on a cell, on a control that uses arrows and
 *   letters itself, or elsewhere
 */

/**
 * The command of a key press; null leaves the key to the browser.
 * @param {Press} press @param {Focus} focus @returns {Command | null}
 */
export function commandOf(press, focus) {
  if (press.ctrlKey || press.metaKey || press.altKey) return null;
  if (focus === "grid" && (press.key === "Enter" || press.key === " ")) return { action: "pin" };
  if (WALKING.has(press.key)) {
    const scrolls = press.key === "Home" || press.key === "End";
    return focus === "field" || (focus === "page" && scrolls) ? null : { action: "walk", key: press.key };
  }
  return Object.hasOwn(COMMANDS, press.key) ? COMMANDS[press.key] : null;
}
