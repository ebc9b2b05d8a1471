/**
 * Words behind tokens: " Dog", "dog" and "dog " are one word to a reader, so they share one colour and agree
 * with each other across lenses.
 */

/** @type {(text: string) => string} */
export const normalise = (text) => text.normalize("NFKC").trim().toLowerCase();

const HAS_LETTER = /[\p{L}\p{N}]/u;

/**
 * Whether a token is more than punctuation, white space or control characters.
 * @param {string} token @returns {boolean}
 */
export const isWord = (token) => HAS_LETTER.test(token);

/**
 * The words that more than one list names, normalised; what is not a word never agrees.
 * @param {string[][]} lists tokens of each lens @returns {Set<string>}
 */
export function agreeingWords(lists) {
  /** @type {Map<string, number>} */
  const counts = new Map();
  for (const tokens of lists) {
    for (const word of new Set(tokens.filter(isWord).map(normalise))) {
      counts.set(word, (counts.get(word) ?? 0) + 1);
    }
  }
  return new Set([...counts].filter(([, count]) => count > 1).map(([word]) => word));
}

/**
 * How many cells show each word, most frequent first, ties by the word itself.
 * @param {string[]} words normalised @returns {[string, number][]}
 */
export function countWords(words) {
  /** @type {Map<string, number>} */
  const counts = new Map();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
}

/**
 * Place of each frequent word in the page's list; spellings of one word share the first place.
 * @param {string[]} tokens @returns {Map<string, number>}
 */
export function wordPlaces(tokens) {
  const places = new Map();
  for (const word of tokens.map(normalise)) if (!places.has(word)) places.set(word, places.size);
  return places;
}
