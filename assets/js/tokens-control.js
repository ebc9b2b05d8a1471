/** The control of tokens: default tokens shown, dimmed or hidden, words only, and what that leaves out. */

import { byId, fill, make } from "#viewer/dom";
import { cellCount } from "#viewer/grid";
import { DEFAULT_CHOICES } from "#viewer/hash";
import { usesLens } from "#viewer/maps";
import { check, offer, radios } from "#viewer/radios";

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
  const found = (page.defaultTokens ?? []).some(({ kind }) => kind === "default");
  for (const input of inputs) offer(input, found || input.value === "show" ? "" : "none found in these results");
  byId("default-list-button").hidden = !page.defaultTokens?.length;
  const words = /** @type {HTMLInputElement} */ (byId("words-only"));
  words.addEventListener("change", () => reader.update({ wordsOnly: words.checked }));

  /** @param {View} view */
  return function show(view) {
    check(inputs, view.state.defaults);
    words.checked = view.state.wordsOnly;
    fill(byId("left-out"), ...sentences(view).map((sentence) => make("span", {}, sentence)));
  };
}

/** The lens whose cells are counted: the map's. @param {State} state */
const lensOf = ({ map, lens }) => (map === "text-layer" ? "contextual" : lens);

/** @param {View} view @returns {string[]} */
function sentences(view) {
  const { page, state, shown, image } = view;
  const lens = page.lenses.find(({ id }) => id === lensOf(state));
  if (!lens) return [];
  const { cells, ofCells, nonWords, ofTokens } = shown.leftOut(lens.id, state.layer, cellCount(image.canvas));
  const named = usesLens(state.map) || state.map === "text-layer" ? "" : ` of ${lens.title}`;
  return [
    state.defaults === "show" ? "" : share(cells, ofCells, `cells${named} ${DONE[state.defaults]}`),
    state.wordsOnly ? share(nonWords, ofTokens, `tokens${named} left out`) : "",
  ].filter(Boolean);
}

/** @param {number} count @param {number} total @param {string} what */
const share = (count, total, what) =>
  `${count} of ${total} ${what} (${Math.round((100 * count) / Math.max(total, 1))}\u202f%)`;
