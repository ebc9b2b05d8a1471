/**
 * Regular expressions as trees. What is valid the browser's own RegExp decides beforehand; here a valid pattern
 * (flag u) is only taken apart. Its characters stay text, which RegExp matches one character at a time.
 *
 * Look-around and back-references are refused: they cannot be searched in time proportional to the text.
 */

/**
 * @typedef {{kind: "character", source: string}
 *   | {kind: "edge", edge: Edge}
 *   | {kind: "sequence", parts: Tree[]}
 *   | {kind: "choice", parts: Tree[]}
 *   | {kind: "repeat", part: Tree, least: number, most: number}} Tree `source` matches one character
 *
 * @typedef {"^" | "$" | "\\b" | "\\B"} Edge
 */

/** One character of a pattern or what stands for one: an escape, a class, a literal. */
const CHARACTER =
  /\[(?:\\.|[^\]\\])*\]|\\u[dD][89abAB][\da-fA-F]{2}\\u[dD][c-fC-F][\da-fA-F]{2}|\\u\{[^}]*\}|\\u.{4}|\\x..|\\c.|\\[pP]\{[^}]*\}|\\.|./suy;

const REPEAT = /(?:([*+?])|\{(\d+)(,?)(\d*)\})\??/y;

const GROUP = /\((?:\?:|\?<[^=!][^>]*>)?/y;

/** @type {Record<string, [number, number]>} */
const REPEATS = { "*": [0, Infinity], "+": [1, Infinity], "?": [0, 1] };

/**
 * @param {string} pattern valid with the flag u @returns {Tree}
 * @throws {Error} it needs more than one pass over a text
 */
export function parsePattern(pattern) {
  let at = 0;
  return choice();

  function choice() {
    const parts = [sequence()];
    while (pattern[at] === "|") {
      at += 1;
      parts.push(sequence());
    }
    return parts.length === 1 ? parts[0] : /** @type {Tree} */ ({ kind: "choice", parts });
  }

  /** @returns {Tree} */
  function sequence() {
    const parts = [];
    while (at < pattern.length && pattern[at] !== "|" && pattern[at] !== ")") parts.push(repeated(atom()));
    return { kind: "sequence", parts };
  }

  /** @param {Tree} part @returns {Tree} */
  function repeated(part) {
    const found = take(REPEAT);
    if (!found) return part;
    const [, sign, first, comma, last] = found;
    const [least, most] = sign
      ? REPEATS[sign]
      : [Number(first), comma ? (last ? Number(last) : Infinity) : Number(first)];
    return { kind: "repeat", part, least, most };
  }

  /** @returns {Tree} */
  function atom() {
    if (pattern[at] === "(") return group();
    const source = /** @type {RegExpExecArray} */ (take(CHARACTER))[0];
    if (source === "^" || source === "$" || source === "\\b" || source === "\\B") {
      return { kind: "edge", edge: source };
    }
    if (/^\\[1-9k]/.test(source)) throw new Error("back-references cannot be searched");
    return { kind: "character", source };
  }

  function group() {
    take(GROUP);
    if (pattern[at] === "?") throw new Error("look-ahead and look-behind cannot be searched");
    const part = choice();
    at += 1;
    return part;
  }

  /** @param {RegExp} expression sticky */
  function take(expression) {
    expression.lastIndex = at;
    const found = expression.exec(pattern);
    if (found) at = expression.lastIndex;
    return found;
  }
}
