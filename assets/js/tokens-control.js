/** The control of tokens: default tokens shown, dimmed or hidden, words only, and what that leaves out. */

import { byId, fill, make } from "#viewer/dom";
import { cellCount } from "#viewer/grid";
import { DEFAULT_CHOICES } from "#viewer/hash";
import { usesLens } from "#viewer/maps";
import { check, offer, radios } from "#viewer/radios";
import { hasDefaults, isOutput } from "#viewer/shown-tokens";

/**
 * @typedef {import("#viewer/view").View} View
 * @typedef {import("#viewer/hash").State} State
 */

/** What becomes of default tokens: as a choice, and as what was done to them. */
const TITLES = { show: "Show", dim: "Dim", hide: "Hide" };
const DONE = { show: "", dim: "dimmed", hide: "hidden" };

/**
 * Sets up the control; the returned function shows a view in it.
 * @param {import("#viewer/view").Page} page @param {{update: (changes: Partial<State>) => unknown}} reader
 */
export function createTokensControl(page, reader) {
  const choices = DEFAULT_CHOICES.map((id) => ({ id, title: TITLES[id] }));
  const inputs = radios("default-choices", "defaults", choices, (chosen) =>
    reader.update({ defaults: DEFAULT_CHOICES.find((choice) => choice === chosen) }),
  );
  const found = hasDefaults(page);
  const lacks = page.images.length === 1 ? briefly(1) : "none found in these results";
  for (const input of inputs) offer(input, found || input.value === "show" ? "" : lacks);
  byId("default-list-button").hidden = !page.defaultTokens?.length;
  const words = /** @type {HTMLInputElement} */ (byId("words-only"));
  words.addEventListener("change", () => reader.update({ wordsOnly: words.checked }));

  /** @param {View} view */
  return function show(view) {
    check(inputs, found ? view.state.defaults : "show");
    words.checked = view.state.wordsOnly;
    fill(byId("left-out"), ...sentences(view).map((sentence) => make("span", {}, sentence)));
  };
}

/** The lens whose cells are counted: the map's. @param {State} state */
const lensOf = ({ map, lens }) => (map === "text-layer" ? "contextual" : lens);

/** @param {View} view @returns {string[]} */
function sentences(view) {
  const { page, state, shown, image } = view;
  const inVain = hasDefaults(page) ? [] : [noneFor(state, page)];
  const touchesDefaults = state.defaults !== "show" && hasDefaults(page);
  const lens = page.lenses.find(({ id }) => id === lensOf(state));
  // Counting walks every token of the layer, so it is done only when it is shown.
  if (!lens || !(touchesDefaults || state.wordsOnly)) return inVain;
  const { cells, ofCells, nonWords, ofTokens } = shown.leftOut(lens.id, state.layer, cellCount(image.canvas));
  const named = usesLens(state.map) || state.map === "text-layer" ? "" : ` of ${lens.title}`;
  return [
    ...inVain,
    touchesDefaults && share(cells, ofCells, `cells${named} ${DONE[state.defaults]}`),
    touchesDefaults && isOutput(page, lens.id, state.layer) && keptOutput(lens.title),
    state.wordsOnly && share(nonWords, ofTokens, `tokens${named} left out`),
  ].filter((sentence) => sentence !== false);
}

/** @param {number} count @param {number} total @param {string} what */
const share = (count, total, what) =>
  `${count} of ${total} ${what} (${Math.round((100 * count) / Math.max(total, 1))}\u202f%)`;

/** @param {string} title of LogitLens */
const keptOutput = (title) => `last layer: ${title}’s first token is what the model says and stays`;

/** Why nothing can be dimmed or hidden: at length to a link that asks for it. @param {State} state @param {View["page"]} page */
const noneFor = (state, page) =>
  state.defaults === "show" ? `Dim, Hide: ${briefly(page.images.length)}` : whyNone(page.images.length);

/** @param {number} images */
const briefly = (images) =>
  images === 1 ? "one image is too few to find default tokens" : "no default tokens found";

/** Images from which on a default token may be missing in one of them; see `default_tokens.sql`. */
const MANY = 10;
/** Images from which on it has to come first on a tenth of the patches; in fewer, on half of them. */
const SOME = 5;

/** Why a choice has nothing to act on. @param {number} images */
export function whyNone(images) {
  const none = briefly(images);
  if (images === 1) return none;
  if (images < SOME) return `${none}; with ${images} images only one that comes first on half of the patches of each would count`;
  if (images < MANY) return `${none}; with ${images} images only one that is often first in all ${images} would count`;
  return none;
}
