/**
 * The search index: of each image no more than the numbers of its lists, of each text one copy, however many
 * lists name it. Searching tests each text once and then counts numbers.
 */

import { wholeWord } from "#viewer/sentences";
import { normalise } from "#viewer/words";

/**
 * @typedef {import("#viewer/search-matcher").Matcher} Matcher
 * @typedef {{token: string}[]} Tokens
 * @typedef {{token: number, context: import("#viewer/sentences").Context | null}[]} Contexts
 *
 * @typedef {object} Lists what an image's data tells the index; `data.entries` and `data.tables`
 * @property {(lens: string, layer: number) => {entries: Int32Array, ranks: number, contextual: boolean} | null} entries
 * @property {{tokens: Tokens, contexts: Contexts}} tables
 *
 * @typedef {object} Terms what the entries of one table stand for, by numbers of texts
 * @property {Uint32Array} tokens the token of each entry
 * @property {Uint32Array} words the whole word in its sentence; the token where that is not known
 * @property {Uint32Array | null} sentences one more than the number of the entry's sentence, 0 for none
 *
 * @typedef {object} Layer one lens at one layer of one image
 * @property {Uint16Array | Int32Array} entries [cell * ranks + rank - 1]; the number after the last term
 *   where a list has ended
 * @property {number} ranks
 * @property {Terms} terms
 *
 * @typedef {object} Reading one image
 * @property {number} cells
 * @property {(Layer | null)[][]} layers by lens and layer; null where the lens is absent
 *
 * @typedef {object} Hits of one image
 * @property {number} cells
 * @property {boolean[][]} stored whether a lens is there, by lens and layer
 * @property {Uint8Array} counts rows of lists that match, [(lens * layers + layer) * cells + cell]
 */

/** Entries that are read before others may go on. */
const STEP = 1000;

/** Texts whose normalised form is kept; beyond them memory matters more than a moment. */
const MOST_NORMAL = 250_000;

/** Texts, each once, as they are and normalised: normalising is slow, so it is done before anything is searched. */
class Texts {
  /** @type {string[]} */
  all = [];
  /** @type {string[]} */
  #normal = [];
  /** @type {Map<string, number>} */
  #numbers = new Map();

  /** @param {string} text @returns {number} */
  add(text) {
    const known = this.#numbers.get(text);
    if (known !== undefined) return known;
    this.#numbers.set(text, this.all.length);
    if (this.all.length < MOST_NORMAL) this.#normal.push(normalise(text));
    return this.all.push(text) - 1;
  }

  /** @param {number} number */
  normal(number) {
    return this.#normal[number] ?? normalise(this.all[number]);
  }
}

export class SearchIndex {
  #lenses;
  #layers;
  texts = new Texts();
  sentences = new Texts();
  /** Images may share their tables. @type {WeakMap<object, Terms>} */
  #terms = new WeakMap();

  /** @param {{lenses: {id: string}[], visionLayers: number[]}} page */
  constructor({ lenses, visionLayers }) {
    this.#lenses = lenses.map(({ id }) => id);
    this.#layers = visionLayers.map((_, layer) => layer);
  }

  /**
   * What search keeps of an image. Reading pauses now and then, so that the page can be used meanwhile.
   * @param {Lists} data @param {number} cells @returns {Generator<void, Reading>}
   */
  *read({ entries, tables }, cells) {
    const ofTokens = yield* this.#once(tables.tokens, () => this.#tokenTerms(tables.tokens));
    const ofContexts = yield* this.#once(tables.contexts, () => this.#contextTerms(tables));
    const readLayer = (/** @type {string} */ lens, /** @type {number} */ layer) => {
      const found = entries(lens, layer);
      if (!found) return null;
      const terms = found.contextual ? ofContexts : ofTokens;
      return { entries: compact(found.entries, terms.tokens.length), ranks: found.ranks, terms };
    };
    return { cells, layers: this.#lenses.map((lens) => this.#layers.map((layer) => readLayer(lens, layer))) };
  }

  /** @param {Tokens} tokens @returns {Generator<void, Terms>} */
  *#tokenTerms(tokens) {
    const numbers = new Uint32Array(tokens.length);
    for (let entry = 0; entry < tokens.length; entry += 1) {
      numbers[entry] = this.texts.add(tokens[entry].token);
      if (entry % STEP === 0) yield;
    }
    return { tokens: numbers, words: numbers, sentences: null };
  }

  /** @param {{tokens: Tokens, contexts: Contexts}} tables @returns {Generator<void, Terms>} */
  *#contextTerms({ tokens, contexts }) {
    const column = () => new Uint32Array(contexts.length);
    const terms = { tokens: column(), words: column(), sentences: column() };
    for (let entry = 0; entry < contexts.length; entry += 1) {
      const { token: number, context } = contexts[entry];
      const { token } = tokens[number];
      terms.tokens[entry] = this.texts.add(token);
      terms.words[entry] = this.texts.add((context && wholeWord(context)) ?? token);
      terms.sentences[entry] = context ? this.sentences.add(context.text) + 1 : 0;
      if (entry % STEP === 0) yield;
    }
    return terms;
  }

  /** @param {object} table @param {() => Generator<void, Terms>} make @returns {Generator<void, Terms>} */
  *#once(table, make) {
    const terms = this.#terms.get(table) ?? (yield* make());
    this.#terms.set(table, terms);
    return terms;
  }
}

/**
 * Half the memory where the numbers are small. Where a list has ended stands the number after the last term,
 * which never matches.
 * @param {Int32Array} entries @param {number} count of terms
 */
function compact(entries, count) {
  const kept = new (count < 0xffff ? Uint16Array : Int32Array)(entries.length);
  for (let place = 0; place < kept.length; place += 1) kept[place] = entries[place] < 0 ? count : entries[place];
  return kept;
}

/** One search over an index; remembers what it has tested. */
export class Search {
  #index;
  #matcher;
  #sentences;
  /** Answers by text: 0 not tested, 1 no, 2 yes. */
  #texts = new Uint8Array(0);
  #sentenceTexts = new Uint8Array(0);
  /** @type {Map<Terms, Uint8Array>} */
  #matching = new Map();

  /** @param {SearchIndex} index @param {Matcher} matcher @param {boolean} sentences whether they count too */
  constructor(index, matcher, sentences) {
    this.#index = index;
    this.#matcher = matcher;
    this.#sentences = sentences;
  }

  /**
   * The rows of an image's lists that match, down to a rank.
   * @param {Reading} reading @param {number} rank 1-based @returns {Hits}
   */
  hits({ cells, layers }, rank) {
    const flat = layers.flat();
    const counts = new Uint8Array(flat.length * cells);
    flat.forEach((layer, place) => {
      if (layer) this.#count(layer, Math.min(rank, layer.ranks), counts.subarray(place * cells, (place + 1) * cells));
    });
    return { cells, stored: layers.map((lens) => lens.map((layer) => layer !== null)), counts };
  }

  /** @param {Layer} layer @param {number} rank @param {Uint8Array} counts by cell */
  #count({ entries, ranks, terms }, rank, counts) {
    const matching = this.#matchingOf(terms);
    for (let cell = 0, start = 0; cell < counts.length; cell += 1, start += ranks) {
      for (let place = start; place < start + rank; place += 1) counts[cell] += matching[entries[place]];
    }
  }

  /** Whether each entry of a table matches, as 0 or 1. @param {Terms} terms @returns {Uint8Array} */
  #matchingOf(terms) {
    const known = this.#matching.get(terms);
    if (known) return known;
    const { texts, sentences } = this.#index;
    const { wholeWords, token, sentence } = this.#matcher;
    const numbers = wholeWords ? terms.words : terms.tokens;
    this.#texts = tested(this.#texts, texts, numbers, 0, token);
    const made = new Uint8Array(numbers.length + 1);
    numbers.forEach((number, entry) => (made[entry] = this.#texts[number] - 1));
    if (this.#sentences && terms.sentences) {
      this.#sentenceTexts = tested(this.#sentenceTexts, sentences, terms.sentences, 1, sentence);
      terms.sentences.forEach((number, entry) => {
        if (number > 0 && this.#sentenceTexts[number - 1] === 2) made[entry] = 1;
      });
    }
    this.#matching.set(terms, made);
    return made;
  }
}

/**
 * Test the texts that were not tested before.
 * @param {Uint8Array} answers @param {Texts} texts @param {Uint32Array} numbers @param {number} first the number
 *   that stands for text 0 @param {Matcher["token"]} test @returns {Uint8Array<ArrayBuffer>} the answers, made longer if need be
 */
function tested(answers, texts, numbers, first, test) {
  const longer = new Uint8Array(texts.all.length);
  longer.set(answers);
  for (const number of numbers) {
    const text = number - first;
    if (text >= 0 && longer[text] === 0) longer[text] = test(texts.all[text], texts.normal(text)) ? 2 : 1;
  }
  return longer;
}
