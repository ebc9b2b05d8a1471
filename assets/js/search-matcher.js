/**
 * What a search text means: which tokens, words and sentences it names.
 *
 * "word" and "prefix" compare words as readers read them: the case, the spaces around and the spelling of
 * characters do not matter. "exact" compares the token as it is stored, or as the page writes it with its
 * glyphs. Case does not matter in a pattern either, unless it asks for capitals or small letters as such.
 */

import { compilePattern } from "#viewer/pattern";
import { wholeWord } from "#viewer/sentences";
import { visibleText } from "#viewer/tokens";
import { normalise } from "#viewer/words";

/**
 * @typedef {object} Matcher tests of texts; `normal` is the text normalised
 * @property {boolean} wholeWords whether a token inside a sentence stands for the whole word
 * @property {(text: string, normal: string) => boolean} token
 * @property {(text: string, normal: string) => boolean} sentence whether something in it is named
 */

/**
 * The tests of a search; null for a search for nothing.
 * @param {{text: string, by: import("#viewer/find").By}} find @returns {Matcher | null}
 * @throws {Error} a pattern cannot be searched; the message is the short reason
 */
export function matcherOf({ text, by }) {
  if (by === "exact") return text === "" ? null : exact(text);
  if (by === "regex") return text === "" ? null : regex(text);
  const wanted = normalise(text);
  if (wanted === "") return null;
  return by === "word" ? word(wanted) : prefix(wanted);
}

/** @type {{key: string, matcher: Matcher | null}} */
let last = { key: "", matcher: null };

/**
 * Whether one row of a list is a hit; what `search.js` counts for all rows at once.
 * @param {{text: string, by: import("#viewer/find").By, where: string}} find a search that can be made
 * @param {{token: string, context: import("#viewer/sentences").Context | null}} row
 */
export function namesRow(find, { token, context }) {
  const key = `${find.by} ${find.text}`;
  if (last.key !== key) last = { key, matcher: matcherOf(find) };
  const { matcher } = last;
  if (!matcher) return false;
  const text = (matcher.wholeWords && context && wholeWord(context)) || token;
  const named = matcher.token(text, normalise(text));
  return named || (find.where === "sentences" && !!context && matcher.sentence(context.text, normalise(context.text)));
}

/** @param {string} wanted normalised @returns {Matcher} */
const word = (wanted) => ({
  wholeWords: true,
  token: (_, normal) => normal === wanted,
  sentence: (_, normal) => holds(normal, wanted, true),
});

/** @param {string} wanted normalised @returns {Matcher} */
const prefix = (wanted) => ({
  wholeWords: true,
  token: (_, normal) => normal.startsWith(wanted),
  sentence: (_, normal) => holds(normal, wanted, false),
});

/** @param {string} wanted @returns {Matcher} */
const exact = (wanted) => ({
  wholeWords: false,
  token: (text) => text === wanted || (MAY_HAVE_GLYPH.test(wanted) && visibleText(text) === wanted),
  sentence: (text) => text.includes(wanted),
});

const MAY_HAVE_GLYPH = /[␣↵⇥⟨∅◌]/u;

/** @param {string} pattern @returns {Matcher} */
function regex(pattern) {
  const test = compilePattern(pattern, { ignoreCase: !asksForCase(pattern) });
  return { wholeWords: false, token: test, sentence: test };
}

/** Without regard to case, \p{Lu} and \p{Ll} would name every letter. @param {string} pattern */
const asksForCase = (pattern) => /\\[pP]\{L[ul]\}/u.test(pattern);

const WORD_CHARACTER = /[\p{L}\p{N}\p{M}]/u;

/**
 * Whether a text holds another as words of its own, or, `whole` being false, as the beginning of one.
 * @param {string} text @param {string} wanted both normalised @param {boolean} whole
 */
export function holds(text, wanted, whole) {
  const opens = WORD_CHARACTER.test(firstCharacter(wanted));
  const closes = WORD_CHARACTER.test(lastCharacter(wanted));
  for (let at = text.indexOf(wanted); at >= 0; at = text.indexOf(wanted, at + 1)) {
    const end = at + wanted.length;
    const begins = !opens || !WORD_CHARACTER.test(lastCharacter(text.slice(Math.max(0, at - 2), at)));
    if (begins && (!whole || !closes || !WORD_CHARACTER.test(firstCharacter(text.slice(end, end + 2))))) return true;
  }
  return false;
}

/** @param {string} text */
const firstCharacter = (text) => (text === "" ? "" : String.fromCodePoint(Number(text.codePointAt(0))));

/** @param {string} text */
const lastCharacter = (text) => Array.from(text.slice(-2)).at(-1) ?? "";
