/** The keys of the page that asks: the one table, which the keyboard obeys and the help lists. */

/**
 * @typedef {{action: "pick", place: number}
 *   | {action: "move", step: 1 | -1}
 *   | {action: "relate", relation: string}
 *   | {action: "none" | "unsure" | "next" | "back" | "save" | "load" | "help"}} AskCommand
 * @typedef {{shown: string[], meaning: string, presses: Record<string, AskCommand>, leavesButtons?: boolean}} AskRow
 *   `leavesButtons`: a button that has the focus keeps the key
 */

const DIGITS = ["1", "2", "3", "4", "5", "6", "7", "8", "9"];

/** @type {(key: string, command: AskCommand) => Record<string, AskCommand>} */
const either = (key, command) => ({ [key]: command, [key.toUpperCase()]: command });

/** @type {AskRow[]} */
export const ASK_ROWS = [
  {
    shown: ["1", "…", "5"],
    meaning: "pick a word",
    presses: Object.fromEntries(DIGITS.map((key, place) => [key, { action: "pick", place }])),
  },
  {
    shown: ["↑", "↓"],
    meaning: "previous, next word",
    presses: { ArrowUp: { action: "move", step: -1 }, ArrowDown: { action: "move", step: 1 } },
  },
  {
    shown: ["c", "a", "g"],
    meaning: "the picked word is concrete, abstract, global; again: it is not",
    presses: {
      ...either("c", { action: "relate", relation: "concrete" }),
      ...either("a", { action: "relate", relation: "abstract" }),
      ...either("g", { action: "relate", relation: "global" }),
    },
  },
  { shown: ["n"], meaning: "none of them", presses: either("n", { action: "none" }) },
  { shown: ["u"], meaning: "cannot say", presses: either("u", { action: "unsure" }) },
  {
    shown: ["Enter"],
    meaning: "next question",
    presses: { Enter: { action: "next" } },
    leavesButtons: true,
  },
  { shown: ["Backspace"], meaning: "previous question", presses: { Backspace: { action: "back" } } },
  { shown: ["s"], meaning: "save the answers as a file", presses: either("s", { action: "save" }) },
  { shown: ["l"], meaning: "load answers, to go on with them", presses: either("l", { action: "load" }) },
  { shown: ["?"], meaning: "this help", presses: { "?": { action: "help" } } },
];

/**
 * The command of a key press; null leaves the key to the browser.
 * @param {{key: string, ctrlKey: boolean, metaKey: boolean, altKey: boolean}} press
 * @param {"text" | "button" | "page"} focus where text is typed, on a button that was reached by keys, or elsewhere
 * @returns {AskCommand | null}
 */
export function askCommandOf(press, focus) {
  if (focus === "text" || press.ctrlKey || press.metaKey || press.altKey) return null;
  const row = ASK_ROWS.find(({ presses }) => Object.hasOwn(presses, press.key));
  if (!row || (row.leavesButtons && focus === "button")) return null;
  return row.presses[press.key];
}
