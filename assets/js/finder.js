/**
 * The search of a page as it goes on: reads one image after the other in the background, from the first search
 * on, and searches what it has. Each answer holds for the images read so far; more follow as they are read.
 */

import { SearchIndex, Search } from "#viewer/search";
import { matcherOf } from "#viewer/search-matcher";

/**
 * @typedef {import("#viewer/find").Find} Find
 * @typedef {import("#viewer/search").Hits} Hits
 *
 * @typedef {object} Found
 * @property {(Hits | undefined)[]} hits by image; undefined where it is not read or not searched yet
 * @property {string} problem why the search cannot be made, "" if it can
 * @property {boolean} asked whether there is something to search for
 * @property {number} read images read
 * @property {number} failed images that cannot be read
 * @property {boolean} settled whether no more will come
 *
 * @typedef {object} Searched the parts of the page object that are searched
 * @property {{canvas: {rows: number, cols: number}}[]} images
 * @property {{id: string}[]} lenses
 * @property {number[]} visionLayers
 * @property {(index: number) => Promise<any>} image
 *
 * @typedef {object} Clock what the browser does; tests pass their own
 * @property {() => number} now milliseconds
 * @property {(work: () => void) => unknown} later
 */

/** Milliseconds of searching before the page may draw again, and of reading in the background. */
const SLICE = 40;
const BACKGROUND = 8;

/** Milliseconds between two answers to the same search. */
const INTERVAL = 150;

/** @type {Clock} */
const BROWSER = { now: () => performance.now(), later: (work) => setTimeout(work, 0) };

export class Finder {
  #page;
  #clock;
  #index;
  /** @type {(import("#viewer/search").Reading | undefined)[]} */
  #readings = [];
  #failed = 0;
  #started = false;
  #waiting = false;
  #told = -Infinity;
  #key = "";
  #rank = 1;
  /** @type {Search | null} */
  #search = null;
  /** @type {Found} */
  #found;
  /** Called when there is more to show. */
  grown = () => {};

  /** @param {Searched} page @param {Clock} [clock] */
  constructor(page, clock = BROWSER) {
    this.#page = page;
    this.#clock = clock;
    this.#index = new SearchIndex(page);
    this.#found = this.#answer([], "");
  }

  /**
   * What is found so far; reading starts with the image on display.
   * @param {Find} find @param {number} image @returns {Found} another object whenever it holds more
   */
  find(find, image) {
    if (!this.#started) this.#readAll(image);
    const key = JSON.stringify([find.text, find.by, find.where, find.rank]);
    if (key !== this.#key) {
      this.#key = key;
      this.#begin(find);
    }
    return this.#found;
  }

  /** @param {Find} find */
  #begin(find) {
    let problem = "";
    this.#search = null;
    this.#rank = find.rank;
    try {
      const matcher = matcherOf(find);
      if (matcher) this.#search = new Search(this.#index, matcher, find.where === "sentences");
    } catch (error) {
      problem = error instanceof Error ? error.message : String(error);
    }
    this.#found = this.#answer([], problem);
    this.#goOn();
  }

  /** Search the images that were read and not searched, as long as a slice lasts. */
  #goOn() {
    const search = this.#search;
    if (!search) return;
    const end = this.#clock.now() + SLICE;
    const hits = [...this.#found.hits];
    let left = false;
    this.#readings.forEach((reading, image) => {
      if (!reading || hits[image]) return;
      if (this.#clock.now() > end) left = true;
      else hits[image] = search.hits(reading, this.#rank);
    });
    this.#found = this.#answer(hits, "");
    if (left) this.#tellLater({ soon: true });
  }

  /** @param {(Hits | undefined)[]} hits @param {string} problem @returns {Found} */
  #answer(hits, problem) {
    const read = this.#readings.filter(Boolean).length;
    const searched = !this.#search || hits.filter(Boolean).length === read;
    const settled = read + this.#failed === this.#page.images.length && searched;
    return { hits, problem, asked: this.#search !== null, read, failed: this.#failed, settled };
  }

  /** Read all images, the one on display first. @param {number} first */
  async #readAll(first) {
    this.#started = true;
    const order = this.#page.images.map((_, image) => image).sort((a, b) => Number(b === first) - Number(a === first));
    for (const image of order) {
      try {
        const { rows, cols } = this.#page.images[image].canvas;
        this.#readings[image] = await this.#drive(this.#index.read(await this.#page.image(image), rows * cols));
      } catch {
        this.#failed += 1;
      }
      this.#tellLater();
      await this.#pause();
    }
    this.#tellLater({ soon: true });
  }

  /** Do work in slices. @template T @param {Generator<void, T>} work @returns {Promise<T>} */
  async #drive(work) {
    for (;;) {
      const end = this.#clock.now() + BACKGROUND;
      do {
        const { done, value } = work.next();
        if (done) return value;
      } while (this.#clock.now() <= end);
      await this.#pause();
    }
  }

  #pause() {
    return new Promise((resolve) => this.#clock.later(() => resolve(null)));
  }

  /** Once for several images that are read quickly one after the other, unless it is wanted soon. */
  #tellLater({ soon = false } = {}) {
    if (this.#waiting || (!soon && this.#clock.now() < this.#told + INTERVAL)) return;
    this.#waiting = true;
    this.#clock.later(() => {
      this.#waiting = false;
      this.#told = this.#clock.now();
      if (this.#search) this.#goOn();
      else this.#found = this.#answer([], this.#found.problem);
      this.grown();
    });
  }
}
