/**
 * The reader: owns the one state of the page, changes it on request, keeps the link in step and lets the
 * panels show it. Knows nothing of elements.
 */

import { firstState } from "#viewer/first-state";
import { centreCell, samePlace, walk } from "#viewer/grid";
import { formatHash, parseHash, whatIsMissing } from "#viewer/hash";
import { stepIndex } from "#viewer/layers";
import { MAP_IDS } from "#viewer/maps";
import { viewMaker } from "#viewer/view";

/**
 * @typedef {import("#viewer/hash").State} State
 * @typedef {import("#viewer/view").View} View
 *
 * @typedef {object} Panels what shows a view; `state` after each change of the state, `hover` when another
 *   patch came under the pointer
 * @property {(view: View) => void} state
 * @property {(view: View) => void} hover
 * @property {(sentence: string) => void} missing what the link asks for in vain; "" once the reader goes on
 *
 * @typedef {{replace: (hash: string) => void, push: (hash: string) => void}} Link
 */

/** @type {State} */
const BLANK = { image: 0, layer: 0, cell: null, map: "none", lens: "", only: null, grid: true };

export class Reader {
  #page;
  #link;
  #makeView;
  #state = BLANK;
  /** @type {number | null} */
  #hover = null;
  /** @type {import("#viewer/readings").ImageData | null} */
  #data = null;
  #shownImage = -1;
  /** @type {Panels} */
  #panels = { state: () => {}, hover: () => {}, missing: () => {} };

  /**
   * @param {import("#viewer/view").Page} page @param {import("#viewer/maps").Palette} palette
   * @param {Link} link
   */
  constructor(page, palette, link) {
    this.#page = page;
    this.#link = link;
    this.#makeView = viewMaker(page, palette);
  }

  /**
   * Show what a link asks for; without one, what the page opens with.
   * @param {string} hash @param {Panels} panels
   */
  async open(hash, panels) {
    this.#panels = panels;
    const fresh = firstState(this.#page, await this.#page.image(0), BLANK);
    this.#state = fresh;
    if (hash.length > 1) this.#read(hash);
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
    this.#state = parseHash(hash, this.#page, { ...this.#state, cell: null });
    const missing = whatIsMissing(hash, this.#page, this.#state);
    this.#panels.missing(missing);
    return missing === "";
  }

  /**
   * @param {Partial<State>} changes
   * @param {{push?: boolean}} [options] `push` lets the browser's Back return to before the change
   */
  update(changes, { push = false } = {}) {
    this.#state = { ...this.#state, ...changes };
    this.#link[push ? "push" : "replace"](this.hash());
    this.#panels.missing("");
    return this.#show();
  }

  /** The patch under the pointer is read instead of the pinned one. @param {number | null} cell */
  hover(cell) {
    if (cell === this.#hover || !this.#data) return;
    this.#hover = cell;
    this.#panels.hover(this.#makeView(this.#state, cell, this.#data));
  }

  /** Pin a patch; choosing the pinned one again lets go of it. @param {number} cell */
  pin(cell) {
    const again = cell === this.#state.cell && this.#hover === null;
    return this.update({ cell: again ? null : cell });
  }

  /** Move the pin with a key; without a pin, start in the middle. @param {string} key @returns {number} */
  walk(key) {
    const { canvas } = this.#page.images[this.#state.image];
    const from = this.#state.cell;
    const to = from === null ? centreCell(canvas) : (walk(canvas, from, key) ?? from);
    this.#hover = null;
    this.update({ cell: to });
    return to;
  }

  /** @param {number} image */
  goToImage(image) {
    return this.update({ image, cell: this.#cellIn(image) }, { push: true });
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
    const place = MAP_IDS.indexOf(this.#state.map) + 1;
    return this.update({ map: MAP_IDS[place % MAP_IDS.length], only: null });
  }

  toggleGrid() {
    return this.update({ grid: !this.#state.grid });
  }

  clear() {
    return this.update({ cell: null, only: null });
  }

  /** The link to the present state, or to the same in another image. @param {number} [image] */
  hash(image = this.#state.image) {
    return formatHash({ ...this.#state, image, cell: this.#cellIn(image) }, this.#page);
  }

  /** The pinned patch's counterpart in an image. @param {number} image */
  #cellIn(image) {
    const { cell, image: from } = this.#state;
    if (cell === null || image === from) return cell;
    return samePlace(this.#page.images[from].canvas, cell, this.#page.images[image].canvas);
  }

  async #show() {
    const wanted = this.#state;
    if (this.#shownImage !== wanted.image || !this.#data) {
      const data = await this.#page.image(wanted.image);
      // While the image was read, the reader may have gone on to another.
      if (this.#state !== wanted) return;
      this.#data = data;
      this.#shownImage = wanted.image;
      this.#hover = null;
    }
    this.#panels.state(this.#makeView(wanted, this.#hover, this.#data));
  }
}
