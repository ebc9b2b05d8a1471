/** The controls under the picture: layer, map and its lens, all layers at once, grid lines. */

import { byId, fill, make } from "#viewer/dom";
import { createLayerControl } from "#viewer/layer-control";
import { MAPS, usesLens } from "#viewer/maps";
import { showsMultiples } from "#viewer/multiples-view";
import { check, offer, radios } from "#viewer/radios";
import { visibleSentence } from "#viewer/tokens";
import { judgeOf } from "#viewer/verdicts";

/**
 * @typedef {import("#viewer/view").View} View
 * @typedef {import("#viewer/hash").State} State
 *
 * @typedef {object} Actions
 * @property {(changes: Partial<State>) => unknown} update
 * @property {(step: number) => unknown} stepLayer
 * @property {() => unknown} toggleMultiples
 */

/**
 * Sets up the controls; `show` shows a view in them, `play` plays through the layers or stops.
 * @param {import("#viewer/view").Page} page @param {Actions} reader
 */
export function createControls(page, reader) {
  const layers = createLayerControl(page, reader);
  const maps = radios("map-choices", "map", MAPS, (map) => reader.update({ map, only: null }));
  const lenses = radios("lens-choices", "lens", page.lenses.map(shortened), (lens) => reader.update({ lens, only: null }));
  const judge = judgeChoice(page, (chosen) => reader.update({ judge: chosen, only: null }));
  const grid = /** @type {HTMLInputElement} */ (byId("grid-toggle"));
  grid.addEventListener("change", () => reader.update({ grid: grid.checked }));
  const multiples = /** @type {HTMLInputElement} */ (byId("multiples-toggle"));
  multiples.addEventListener("change", () => reader.toggleMultiples());

  /** @param {View} view */
  function show(view) {
    const { state } = view;
    layers.show(state.layer);
    for (const input of maps) offer(input, whatLacks(input.value, view));
    byId("map-lacks").textContent = lackingMaps(view);
    // A map of a search that is not there would be one choice more to wonder about.
    byId("map-choices").querySelector("[data-choice=onset]")?.toggleAttribute("hidden", !hasOnset(view));
    check(maps, state.map);
    check(lenses, state.lens);
    judge.value = judgeOf(state, page) ?? "";
    byId("lens-choices").hidden = !usesLens(state.map);
    grid.checked = state.grid;
    multiples.checked = showsMultiples(state);
    multiples.disabled = page.visionLayers.length === 1 || state.map === "onset";
  }
  return { show, play: layers.play };
}

/**
 * The maps that cannot be chosen, in a sentence: a title of what is switched off reaches neither touch nor keys.
 * @param {View} view
 */
function lackingMaps(view) {
  const reasons = MAPS.map(({ id }) => whatLacks(id, view));
  const why = [...new Set(reasons)].filter(Boolean);
  return why.map((reason) => `${MAPS.filter((_, at) => reasons[at] === reason).map(({ title }) => title).join(", ")}: ${reason}`).join(" · ");
}

/**
 * The choice of judge, shown where there is one.
 * @param {import("#viewer/view").Page} page @param {(judge: string | null) => void} choose null: the page's first
 */
function judgeChoice(page, choose) {
  const select = /** @type {HTMLSelectElement} */ (byId("judge-select"));
  const judges = page.judges ?? [];
  const options = judges.map((judge) => make("option", { value: judge }, visibleSentence(page.judgeTitles?.[judge] ?? judge)));
  fill(select, ...options);
  byId("judge-choice").hidden = judges.length < 2;
  select.addEventListener("change", () => choose(select.value === judgeOf({}, page) ? null : select.value));
  return select;
}

/** @param {View} view */
const hasOnset = ({ state, findings }) => state.map === "onset" || findings?.hasOnset === true;

/** The names of lenses that leave room for the row's other controls; each column below says the full one. */
const SHORT = new Map([["embedding", "Embedding"]]);

/** @param {import("#viewer/readings").Lens} lens */
const shortened = ({ id, title }) => ({ id, title: SHORT.get(id) ?? title });

const LACKS = {
  statistics: "no statistics stored",
  textLayer: "no LN-Lens stored",
  verdict: "no judge has read this image’s results",
};

/**
 * What a map would need and is not there, so that no choice leads to an empty picture; "" if nothing.
 * @param {string} map @param {View} view
 */
function whatLacks(map, { page, data }) {
  const layers = page.visionLayers.map((_, index) => index);
  if (map === "onset") return "";
  if (map === "norm" || map === "entropy") return layers.some((layer) => data.statistics(layer, 0)) ? "" : LACKS.statistics;
  if (map === "text-layer") return page.textLayers.length > 0 ? "" : LACKS.textLayer;
  if (map !== "verdict") return "";
  return (page.judges ?? []).some((judge) => data.judged?.(judge)) ? "" : LACKS.verdict;
}
