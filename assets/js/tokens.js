/**
 * Tokens as readers see them: every space, newline, control or invisible character gets a visible glyph,
 * everything else is shown as it is. Text only; nothing here makes markup.
 */

/**
 * @typedef {{text: string, glyph: boolean}} Piece a stretch of text; `glyph` marks a stand-in
 */

/** Glyphs that text fonts have; rarer characters show their code point, which needs no font. */
const NAMED = new Map([
  [" ", "␣"],
  ["\n", "↵"],
  ["\t", "⇥"],
  // Bytes that are no whole character come out of a tokenizer as this one.
  ["\ufffd", "\ufffd"],
]);

const INVISIBLE = /^[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Zs}\p{Co}\p{Cn}\p{Cs}\u115f\u1160\u2800\u3164\uffa0]$/u;
const COMBINING = /^\p{M}$/u;

/** Joins emoji; hiding it inside one would tear the emoji apart. */
const ZERO_WIDTH_JOINER = "\u200d";

/** @type {(character: string) => string} */
function codePoint(character) {
  const number = /** @type {number} */ (character.codePointAt(0));
  return `⟨U+${number.toString(16).toUpperCase().padStart(4, "0")}⟩`;
}

/**
 * The visible stand-in of a character, or null if it can be shown itself.
 * @param {string} character one code point @param {string} before the text before it
 * @param {boolean} spaces whether ordinary spaces get one
 * @returns {string | null}
 */
function glyphOf(character, before, spaces) {
  if (character === " " && !spaces) return null;
  const named = NAMED.get(character);
  if (named) return named;
  if (character === ZERO_WIDTH_JOINER && /\p{Extended_Pictographic}\ufe0f?$/u.test(before)) return null;
  return INVISIBLE.test(character) ? codePoint(character) : null;
}

/**
 * A token cut into stretches that are shown as they are and stand-ins for what could not be seen.
 * @param {string} token
 * @param {boolean} [spaces] whether ordinary spaces get a glyph: yes in a token, no in a sentence
 * @returns {Piece[]}
 */
export function visiblePieces(token, spaces = true) {
  if (token === "") return [{ text: "∅", glyph: true }];
  /** @type {Piece[]} */
  const pieces = [];
  let before = "";
  for (const character of token) {
    const glyph = glyphOf(character, before, spaces);
    const last = pieces.at(-1);
    // A mark with nothing to sit on would slide onto whatever stands before the token.
    const seat = !last || last.glyph ? "◌" : "";
    const shown = glyph ?? (COMBINING.test(character) ? seat + character : character);
    if (last && last.glyph === (glyph !== null)) last.text += shown;
    else pieces.push({ text: shown, glyph: glyph !== null });
    before += character;
  }
  return pieces;
}

/**
 * A token as one line of visible text, for labels, titles and canvases.
 * @param {string} token @returns {string}
 */
export function visibleText(token) {
  return visiblePieces(token)
    .map((piece) => piece.text)
    .join("");
}

/**
 * A sentence, caption or name as one line of visible text; ordinary spaces stay as they are.
 * @param {string} text @returns {string}
 */
export function visibleSentence(text) {
  return visiblePieces(text, false)
    .map((piece) => piece.text)
    .join("");
}

/**
 * A token without a leading space: what a map writes on a cell.
 * @param {string} token @returns {string}
 */
export function shortText(token) {
  return visibleText(token.length > 1 && token.startsWith(" ") ? token.slice(1) : token);
}
