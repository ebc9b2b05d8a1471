/**
 * Words of several models under common numbers: each model's data has its own table of tokens, and " Dog" in
 * one is "dog" in another.
 */

import { NOTHING, NOT_A_WORD } from "#viewer/compare-agreement";
import { isWord, normalise } from "#viewer/words";

/**
 * @typedef {import("#viewer/compare-agreement").Words} Words
 * @typedef {object} Lists what this needs of an image's data; see payload.js
 * @property {(lens: string, layer: number) => {entries: Int32Array, ranks: number, contextual: boolean} | null} entries
 * @property {{tokens: {token: string}[], contexts: {token: number}[]}} tables
 */

/** Numbers words in the order in which they turn up. */
export class WordNumbers {
  /** @type {Map<string, number>} */
  #numbers = new Map();
  /** Numbers of a data's tokens, worked out once. @type {WeakMap<object, Int32Array>} */
  #ofTokens = new WeakMap();
  /**
   * By data, lens and layer: each of the other models asks for the same.
   * @type {WeakMap<object, Map<string, Words | null>>}
   */
  #read = new WeakMap();

  /** @param {string} token @returns {number} */
  of(token) {
    if (!isWord(token)) return NOT_A_WORD;
    const word = normalise(token);
    const number = this.#numbers.get(word) ?? this.#numbers.size;
    this.#numbers.set(word, number);
    return number;
  }

  /**
   * The words of a lens at a layer; null where it is absent.
   * @param {Lists} data @param {string} lens @param {number} layer index @returns {Words | null}
   */
  read(data, lens, layer) {
    const known = this.#read.get(data) ?? new Map();
    this.#read.set(data, known);
    const key = `${lens} ${layer}`;
    if (!known.has(key)) known.set(key, this.#number(data, lens, layer));
    return known.get(key);
  }

  /** @param {Lists} data @param {string} lens @param {number} layer index @returns {Words | null} */
  #number(data, lens, layer) {
    const found = data.entries(lens, layer);
    if (!found) return null;
    const { tokens, contexts } = data.tables;
    const known = this.#ofTokens.get(tokens) ?? Int32Array.from(tokens, ({ token }) => this.of(token));
    this.#ofTokens.set(tokens, known);
    const ids = found.entries.map((entry) =>
      entry < 0 ? NOTHING : known[found.contextual ? contexts[entry].token : entry],
    );
    return { ids, ranks: found.ranks };
  }
}
