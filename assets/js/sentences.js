/**
 * Sentences of the contextual lens, cut at the stored place of the token.
 *
 * The stored places count code points, as Python does; JavaScript strings count UTF-16 units. They differ
 * from the first emoji on, so the cut is made on code points.
 */

/**
 * @typedef {{text: string, start: number | null, end: number | null}} Context `start` and `end` in code
 *   points, `end` exclusive, null where unknown
 * @typedef {{before: string, token: string, after: string}} Marked
 */

const SURROGATE = /[\ud800-\udfff]/;

/**
 * A sentence in three parts. Where the place is unknown or impossible, the whole sentence is in `before`
 * and nothing is marked: a guess would mark the wrong word.
 * @param {Context} context @returns {Marked}
 */
export function markToken(context) {
  const { text, start, end } = context;
  const unmarked = { before: text, token: "", after: "" };
  if (start === null || end === null || start === undefined || end === undefined) return unmarked;
  // Where units and code points are the same, which is nearly everywhere, the text is cut as it is.
  const characters = SURROGATE.test(text) ? Array.from(text) : text;
  if (start < 0 || end > characters.length || start >= end) return unmarked;
  const cut = (/** @type {number} */ from, /** @type {number} */ to) => {
    const part = characters.slice(from, to);
    return typeof part === "string" ? part : part.join("");
  };
  return { before: cut(0, start), token: cut(start, end), after: cut(end, characters.length) };
}

const WORD_END = /[\p{L}\p{N}\p{M}'’-]+$/u;
const WORD_START = /^[\p{L}\p{N}\p{M}'’-]+/u;

/**
 * The whole word that a token is a piece of, in its sentence; null where the place is unknown.
 * @param {Context} context @returns {string | null}
 */
export function wholeWord(context) {
  const { before, token, after } = markToken(context);
  if (token.trim() === "") return null;
  const head = /^\s/.test(token) ? "" : (before.match(WORD_END)?.[0] ?? "");
  const tail = /\s$/.test(token) ? "" : (after.match(WORD_START)?.[0] ?? "");
  return head + token.trim() + tail;
}
