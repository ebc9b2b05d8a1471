/**
 * The reader of the comparison: owns its one state, loads what it needs, keeps the link in step and lets the
 * panels show it. Knows nothing of elements.
 */

import { absenceText } from "#viewer/absence-view";
import { chanceTeller, paintAhead } from "#viewer/compare-ahead";
import { depthStops, nearest } from "#viewer/compare-depth";
import { agreedSpot, freshState } from "#viewer/compare-fresh";
import { COMPARE_MAPS, formatCompare, parseCompare, whatCompareMisses } from "#viewer/compare-link";
import { compareViews } from "#viewer/compare-view";
import { centreCell, walk } from "#viewer/grid";
import { stepIndex } from "#viewer/layers";

/**
 * @typedef {import("#viewer/compare-view").CompareView} CompareView
 * @typedef {import("#viewer/compare-link").CompareState} CompareState
 * @typedef {import("#viewer/compare-link").Spot} Spot
 * @typedef {import("#viewer/compare-agreement").Count} Count
 *
 * @typedef {object} ComparePanels what shows a view
 * @property {(view: CompareView) => void} state
 * @property {(view: CompareView, spot: Spot | null) => void} spot the place to read: hovered, else pinned
 * @property {(chance: Count | null) => void} chance null while it is being worked out
 * @property {(view: CompareView) => (() => void)[]} ahead what can be painted of a view before it is shown
 * @property {(sentence: string) => void} missing
 */

export class CompareReader {
  #page;
  #files;
  #link;
  #views;
  /** @type {CompareState} */
  #state;
  /** @type {Spot | null} */
  #hover = null;
  /** @type {CompareView | null} */
  #view = null;
  /** @type {ComparePanels} */
  #panels = { state: () => {}, spot: () => {}, chance: () => {}, ahead: () => [], missing: () => {} };
  #isShown = (/** @type {CompareView} */ view) => this.#view === view;
  #tellChance;

  /**
   * @param {import("#viewer/compare-files").ComparePage} page
   * @param {ReturnType<typeof import("#viewer/compare-files").imageLoader>} files
   * @param {import("#viewer/maps").Palette} palette @param {import("#viewer/reader").Link} link
   */
  constructor(page, files, palette, link) {
    this.#page = page;
    this.#files = files;
    this.#link = link;
    this.#views = compareViews(page, palette);
    this.#tellChance = chanceTeller(
      this.#views,
      (model, image) => this.#find(model, image, false),
      this.#isShown,
      (chance) => this.#panels.chance(chance),
    );
    this.#state = freshState(page);
  }

  /** @param {string} hash @param {ComparePanels} panels */
  async open(hash, panels) {
    this.#panels = panels;
    const fresh = hash.length <= 1;
    if (!fresh) this.#read(hash);
    await this.#show();
    const agreed = fresh && agreedSpot(this.#view);
    if (agreed) await this.update({ pin: agreed });
    this.#link.replace(this.hash());
  }

  /** Show what the address says now. @param {string} hash */
  follow(hash) {
    this.#read(hash);
    return this.#show();
  }

  /** @param {string} hash */
  #read(hash) {
    this.#state = parseCompare(hash, this.#page, this.#state);
    this.#panels.missing(whatCompareMisses(hash, this.#page, this.#state));
  }

  /** @param {Partial<CompareState>} changes @param {{push?: boolean}} [options] */
  update(changes, { push = false } = {}) {
    this.#state = { ...this.#state, ...changes };
    this.#link[push ? "push" : "replace"](this.hash());
    this.#panels.missing("");
    return this.#show();
  }

  hash() {
    return formatCompare(this.#state, this.#page);
  }

  /** The place under the pointer is read instead of the pinned one. @param {Spot | null} spot */
  hover(spot) {
    if (spot?.model === this.#hover?.model && spot?.cell === this.#hover?.cell) return;
    this.#hover = spot;
    if (this.#view) this.#panels.spot(this.#view, spot ?? this.#state.pin);
  }

  /** Pin a place, or let go of the pinned one. @param {Spot} spot */
  pin(spot) {
    const { pin } = this.#state;
    const same = pin?.model === spot.model && pin.cell === spot.cell;
    this.#hover = null;
    return this.update({ pin: same ? null : spot });
  }

  /**
   * Move the pin with a key, in the picture of one model. @param {number} model @param {string} key
   * @param {number | null} focused the cell to walk from; without one, from the pin
   * @returns {Spot | null} the place it came to
   */
  walk(model, key, focused) {
    const { pin, image, models } = this.#state;
    const canvas = this.#page.canvasOf(model, image);
    if (!canvas) return null;
    const pinned = pin && this.#view ? this.#view.counterpart(pin, models.indexOf(model)) : -1;
    const from = focused ?? pinned;
    const cell = from < 0 ? centreCell(canvas) : (walk(canvas, from, key) ?? from);
    this.#hover = null;
    this.update({ pin: { model, cell } });
    return { model, cell };
  }

  clear() {
    return this.update({ pin: null, only: null });
  }

  /** @param {number} image */
  goToImage(image) {
    return this.update({ image, pin: this.#pinOn(this.#state.pin, image) }, { push: true });
  }

  /** @param {number} step */
  stepImage(step) {
    return this.goToImage(stepIndex(this.#page.images, this.#state.image, step));
  }

  /** @param {number} step */
  stepDepth(step) {
    const stops = this.stops();
    return this.update({ depth: stops[stepIndex(stops, nearest(stops, this.#state.depth), step)] });
  }

  /** The depths that the slider stops at. */
  stops() {
    return depthStops(this.#state.models.map((model) => this.#page.models[model]));
  }

  /** The model in a column; without one, that of the pin. @param {number} at -1 for none */
  modelAt(at) {
    return this.#state.models[at] ?? this.#state.pin?.model ?? this.#state.models[0];
  }

  /** @param {number} model */
  columnOf(model) {
    return this.#state.models.indexOf(model);
  }

  nextMap() {
    const place = COMPARE_MAPS.findIndex(({ id }) => id === this.#state.map) + 1;
    return this.update({ map: COMPARE_MAPS[place % COMPARE_MAPS.length].id, only: null });
  }

  /** Show another model in a column. @param {number} at column @param {number} model */
  setModel(at, model) {
    return this.#setModels(this.#state.models.with(at, model));
  }

  /** @param {number} model */
  addModel(model) {
    return this.#setModels([...this.#state.models, model]);
  }

  /** @param {number} at column */
  removeModel(at) {
    return this.#setModels(this.#state.models.filter((_, index) => index !== at));
  }

  /** A pin stays where it is when the model that it was set in is gone. @param {number[]} models */
  #setModels(models) {
    const { pin } = this.#state;
    if (!pin || models.includes(pin.model)) return this.update({ models });
    const at = this.#state.models.findIndex((model) => models.includes(model));
    const cell = at < 0 || !this.#view ? -1 : this.#view.counterpart(pin, at);
    return this.update({ models, pin: cell < 0 ? null : { model: this.#state.models[at], cell } });
  }

  /** The pin on another image: the same cell, where the grid has it. @param {Spot | null} pin @param {number} image */
  #pinOn(pin, image) {
    const canvas = pin && this.#page.canvasOf(pin.model, image);
    return canvas && pin.cell < canvas.rows * canvas.cols ? pin : null;
  }

  async #show() {
    const wanted = this.#state;
    const found = await Promise.all(wanted.models.map((model) => this.#find(model, wanted.image, true)));
    // While files were read, the reader may have gone on.
    if (this.#state !== wanted) return;
    this.#hover = this.#hover && wanted.models.includes(this.#hover.model) ? this.#hover : null;
    this.#view = this.#views.view(wanted, found);
    this.#panels.state(this.#view);
    this.#files.onScreen(found.flatMap(({ loaded }) => loaded?.src ?? []));
    this.#panels.spot(this.#view, this.#hover ?? wanted.pin);
    this.#tellChance(this.#view);
    paintAhead(this.#views, this.#view, found, this.stops(), this.#panels.ahead, this.#isShown);
  }

  /** @param {number} model @param {number} image @param {boolean} shown */
  async #find(model, image, shown) {
    try {
      const loaded = await this.#files.load(model, image, { shown });
      const why = this.#page.whyNoImage(model, image);
      const problem = why ? absenceText(why) : "This model did not see this image.";
      return { loaded, problem: loaded ? "" : problem };
    } catch (error) {
      return { loaded: null, problem: error instanceof Error ? error.message : String(error) };
    }
  }
}
