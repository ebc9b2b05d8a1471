/**
 * The reader: owns the one state of the page, changes it on request, keeps the link in step and lets the
 * panels show it. Knows nothing of elements.
 */

import { firstState, plainState } from "#viewer/first-state";
import { centreCell, samePlace, walk } from "#viewer/grid";
import { formatHash, parseHash, whatIsMissing } from "#viewer/hash";
import { stepIndex } from "#viewer/layers";
import { MAP_IDS } from "#viewer/maps";
import { isMove, movePin, togglePin, unpin } from "#viewer/pins";
import { extended } from "#viewer/region";
import { judgeOf } from "#viewer/verdicts";
import { viewMaker } from "#viewer/view";

/**
 * @typedef {import("#viewer/hash").State} State
 * @typedef {import("#viewer/view").View} View
 *
 * @typedef {object} Panels what shows a view; `state` after each change of the state, `hover` when another
 *   patch came under the pointer
 * @property {(view: View) => void} state
 * @property {(view: View) => void} hover
 * @property {(sentence: string) => void} say what the link asks for in vain, or what became of a pin; "" once
 *   the reader goes on
 *
 * @typedef {{replace: (hash: string) => void, push: (hash: string) => void}} Link
 */

const ALL_PINNED = "All four pins are in use: the one that is read has moved.";

/** @type {State} */
const BLANK = {
  image: 0,
  layer: 0,
  cell: null,
  pins: [],
  cursor: null,
  region: null,
  map: "none",
  lens: "",
  judge: null,
  ranking: "cosine",
  only: null,
  grid: true,
  multiples: false,
  defaults: "show",
  wordsOnly: false,
  find: null,
};

/**
 * Onsets can be mapped only while tokens are searched, and the pin that is read needs no cursor.
 * @param {State} state @returns {State}
 */
function possible(state) {
  const cursor = state.cursor === state.cell ? null : state.cursor;
  const mapped = state.map !== "onset" || state.find?.where === "tokens";
  return mapped ? { ...state, cursor } : { ...state, cursor, map: "none", only: null };
}

export class Reader {
  #page;
  #link;
  #makeView;
  #state = BLANK;
  /** The last state whose image could be read. */
  #shown = BLANK;
  /** @type {number | null} */
  #hover = null;
  /** @type {import("#viewer/readings").ImageData | null} */
  #data = null;
  #shownImage = -1;
  /** Whether the pin is the page's own choice; the reader's first pin takes its place. */
  #fresh = false;
  /** @type {Panels} */
  #panels = { state: () => {}, hover: () => {}, say: () => {} };
  /** Whether the reader knows that a fifth pin is a moved one. */
  #toldOfMove = false;

  /**
   * @param {import("#viewer/view").Page} page @param {import("#viewer/maps").Palette} palette
   * @param {Link} link @param {Parameters<typeof viewMaker>[2]} [findings] what a search has found
   */
  constructor(page, palette, link, findings) {
    this.#page = page;
    this.#link = link;
    this.#makeView = viewMaker(page, palette, findings);
  }

  /**
   * Show what a link asks for; without one, what the page opens with. A link needs no image but its own.
   * @param {string} hash @param {Panels} panels
   */
  async open(hash, panels) {
    this.#panels = panels;
    this.#fresh = hash.length <= 1;
    this.#state = this.#shown = plainState(this.#page, BLANK);
    if (this.#fresh) this.#state = firstState(this.#page, await this.#page.image(0), BLANK);
    else this.#read(hash);
    this.#link.replace(this.hash());
    await this.#show();
  }

  /** Show what the address says now. @param {string} hash */
  follow(hash) {
    if (!this.#read(hash)) this.#link.replace(this.hash());
    return this.#show();
  }

  /** Take the state from a hash; whether the page has all it asks for. @param {string} hash */
  #read(hash) {
    this.#state = possible(parseHash(hash, this.#page, { ...this.#state, cell: null, pins: [], cursor: null }));
    const missing = whatIsMissing(hash, this.#page, this.#state);
    this.#panels.say(missing);
    return missing === "";
  }

  /**
   * @param {Partial<State>} changes
   * @param {{push?: boolean}} [options] `push` lets the browser's Back return to before the change
   */
  update(changes, { push = false } = {}) {
    this.#state = possible({ ...this.#state, ...changes });
    this.#link[push ? "push" : "replace"](this.hash());
    this.#panels.say("");
    return this.#show();
  }

  /** The patch under the pointer is read instead of another one. @param {number | null} cell */
  hover(cell) {
    if (cell === this.#hover || !this.#data) return;
    this.#hover = cell;
    this.#panels.hover(this.#makeView(this.#state, cell, this.#data));
  }

  /** Pin a patch, or let go of the one that is read. @param {number} cell */
  pin(cell) {
    const moves = this.#fresh && cell !== this.#state.cell;
    const tell = !this.#toldOfMove && isMove(this.#state, cell);
    const pinned = moves ? movePin(this.#state, cell) : togglePin(this.#state, cell);
    this.#fresh = false;
    const shown = this.update({ ...pinned, cursor: null });
    if (tell) this.#panels.say(ALL_PINNED);
    this.#toldOfMove ||= tell;
    return shown;
  }

  /** @param {number} cell */
  unpin(cell) {
    return this.update(unpin(this.#state, cell));
  }

  /**
   * Pin the patch under the cursor, or let go of it; either way it stays the one that is read.
   * @param {number} cell
   */
  pinHere(cell) {
    this.#hover = null;
    if (!this.#state.pins.includes(cell)) return this.pin(cell);
    this.#fresh = false;
    return this.update({ ...unpin(this.#state, cell), cursor: cell });
  }

  /** The patch that is read while the pointer is elsewhere. */
  #here() {
    return this.#state.cursor ?? this.#state.cell;
  }

  /** Read a patch and leave the pins as they are. @param {number} cell */
  read(cell) {
    this.#hover = null;
    return this.update({ cursor: cell });
  }

  /** Read one of the pins. @param {number} cell */
  readPin(cell) {
    return this.update({ cell, cursor: null });
  }

  /**
   * Move the cursor with a key. It starts at the patch that is read; without one, at the one that has the
   * focus, else in the middle.
   * @param {string} key @param {number | null} [focused] @returns {number}
   */
  walk(key, focused = null) {
    const { canvas } = this.#page.images[this.#state.image];
    const from = this.#here() ?? focused;
    const to = from === null ? centreCell(canvas) : (walk(canvas, from, key) ?? from);
    this.read(to);
    return to;
  }

  /**
   * Extend the region with a key. The cursor is its far corner; where it is not, a new region starts there.
   * @param {string} key @param {number | null} [focused] @returns {number} the region's far corner
   */
  extend(key, focused = null) {
    const { canvas } = this.#page.images[this.#state.image];
    const from = this.#here() ?? focused ?? centreCell(canvas);
    const region = extended(canvas, this.#state.region, from, key);
    this.#hover = null;
    this.update({ region, cursor: region.to });
    return region.to;
  }

  /**
   * Select a rectangle of patches; what is counted in it stays as it was.
   * @param {{from: number, to: number} | null} region
   */
  select(region) {
    const lists = this.#state.region?.lists;
    return this.update({ region: region && (lists ? { ...region, lists } : region) });
  }

  /**
   * Go to a hit of a search and read it.
   * @param {import("#viewer/hits").Place} place
   */
  goTo({ image, layer, cell }) {
    this.#hover = null;
    const there = { ...this.#placesIn(image), image, layer, cursor: cell };
    return this.update(there, { push: image !== this.#state.image });
  }

  /** Show the present state again: there is more to show of it. */
  refresh() {
    return this.#show();
  }

  /** @param {number} image */
  goToImage(image) {
    return this.update({ image, ...this.#placesIn(image) }, { push: true });
  }

  /** @param {number} step */
  stepImage(step) {
    return this.goToImage(stepIndex(this.#page.images, this.#state.image, step));
  }

  /** @param {number} step */
  stepLayer(step) {
    return this.update({ layer: stepIndex(this.#page.visionLayers, this.#state.layer, step) });
  }

  nextMap() {
    const maps = MAP_IDS.filter((map) => map !== "onset" || this.#state.find);
    return this.update({ map: maps[(maps.indexOf(this.#state.map) + 1) % maps.length], only: null });
  }

  /** The next judge's verdicts, where several judged. */
  nextJudge() {
    const { judges = [], judge } = this.#page;
    if (judges.length < 2) return this.refresh();
    const next = judges[(judges.indexOf(judgeOf(this.#state, this.#page) ?? "") + 1) % judges.length];
    return this.update({ judge: next === (judge ?? judges[0]) ? null : next });
  }

  /** All layers at once, or one; all of them need a map to tell them apart. */
  toggleMultiples() {
    const { map, multiples } = this.#state;
    const apart = map !== "none" && map !== "onset";
    return this.update({ multiples: !(multiples && apart), map: apart ? map : "words" });
  }

  /** LN-Lens in its other ranking, where there is one. */
  nextRanking() {
    if (!this.#page.byPercentile) return this.refresh();
    return this.update({ ranking: this.#state.ranking === "percentile" ? "cosine" : "percentile", only: null });
  }

  toggleGrid() {
    return this.update({ grid: !this.#state.grid });
  }

  /** Let go of the search, which is asked for again sooner than pins are; without one, of all that is chosen. */
  clear() {
    if (this.#state.find) return this.update({ find: null });
    return this.update({ cell: null, pins: [], cursor: null, region: null, only: null });
  }

  /** The link to the present state, or to the same in another image. @param {number} [image] */
  hash(image = this.#state.image) {
    return formatHash({ ...this.#state, image, ...this.#placesIn(image) }, this.#page);
  }

  /** The counterparts in an image of what is pinned and selected. @param {number} image */
  #placesIn(image) {
    const { cell, pins, cursor, region, image: from } = this.#state;
    if (image === from) return { cell, pins, cursor, region };
    const [here, there] = [this.#page.images[from].canvas, this.#page.images[image].canvas];
    const place = (/** @type {number} */ at) => samePlace(here, at, there);
    const moved = pins.map((pin) => (pin === null ? null : place(pin)));
    return {
      cell: cell === null ? null : place(cell),
      // In a coarser grid two pins can meet in one patch.
      pins: moved.map((pin, slot) => (moved.indexOf(pin) === slot ? pin : null)),
      cursor: cursor === null ? null : place(cursor),
      region: region && { ...region, from: place(region.from), to: place(region.to) },
    };
  }

  async #show() {
    const wanted = this.#state;
    if (this.#shownImage !== wanted.image || !this.#data) {
      try {
        const [data] = await Promise.all([this.#page.image(wanted.image), this.#page.picture(wanted.image)]);
        // While the image was read, the reader may have gone on to another.
        if (this.#state !== wanted) return;
        this.#data = data;
      } catch (error) {
        if (this.#state === wanted) await this.#goBack(error);
        return;
      }
      this.#shownImage = wanted.image;
      this.#hover = null;
    }
    this.#shown = wanted;
    this.#panels.state(this.#makeView(wanted, this.#hover, this.#data));
  }

  /** Stay with what was shown last, and say why. @param {unknown} error */
  async #goBack(error) {
    // When nothing could be shown yet, the first image was the last hope.
    if (!this.#data && this.#state.image === this.#shown.image) throw error;
    this.#state = this.#shown;
    this.#link.replace(this.hash());
    await this.#show();
    this.#panels.say(error instanceof Error ? error.message : String(error));
  }
}
