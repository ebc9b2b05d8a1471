/** The layer slider, the map control and the switch of the grid's lines. */

import { byId, fill, make, property } from "#viewer/dom";
import { describeLayer } from "#viewer/layers";
import { MAPS, usesLens } from "#viewer/maps";

/** @typedef {import("#viewer/view").View} View */

/**
 * Sets up the controls; the returned function shows a view in them.
 * @param {import("#viewer/view").Page} page
 * @param {{update: (changes: Partial<import("#viewer/hash").State>) => void, stepLayer: (step: number) => void}} reader
 */
export function createControls(page, reader) {
  const showLayer = createLayerControl(page, reader);
  const maps = radios("map-choices", "map", MAPS, (map) => reader.update({ map, only: null }));
  const lenses = radios("lens-choices", "lens", page.lenses, (lens) => reader.update({ lens, only: null }));

  const grid = /** @type {HTMLInputElement} */ (byId("grid-toggle"));
  grid.addEventListener("change", () => reader.update({ grid: grid.checked }));

  /** @param {View} view */
  return function show(view) {
    grid.checked = view.state.grid;
    showLayer(view.state.layer);
    for (const input of maps) offer(input, hasMap(input.value, view));
    check(maps, view.state.map);
    check(lenses, view.state.lens);
    byId("lens-choices").hidden = !usesLens(view.state.map);
  };
}

/**
 * Whether the results of an image hold what a map shows, so that no choice leads to an empty picture.
 * @param {string} map @param {View} view
 */
function hasMap(map, { page, data }) {
  const layers = page.visionLayers.map((_, index) => index);
  if (map === "norm" || map === "entropy") return layers.some((layer) => data.statistics(layer, 0));
  if (map === "text-layer") return page.textLayers.length > 0;
  if (map !== "verdict") return true;
  return page.lenses.some(({ id }) => layers.some((layer) => data.judgment(id, layer, 0)));
}

/** @param {HTMLInputElement} input @param {boolean} available */
function offer(input, available) {
  input.disabled = !available;
  input.title = available ? "" : "not in these results";
}

/**
 * @param {import("#viewer/view").Page} page
 * @param {{update: (changes: {layer: number}) => void, stepLayer: (step: number) => void}} reader
 */
function createLayerControl(page, reader) {
  const slider = /** @type {HTMLInputElement} */ (byId("layer-slider"));
  const last = page.visionLayers.length - 1;
  slider.max = String(last);
  slider.disabled = last === 0;
  slider.addEventListener("input", () => reader.update({ layer: Number(slider.value) }));
  byId("layer-down").addEventListener("click", () => reader.stepLayer(-1));
  byId("layer-up").addEventListener("click", () => reader.stepLayer(1));
  const ticks = page.visionLayers.map((layer, index) =>
    property(
      make(
        "button",
        { type: "button", tabindex: "-1", "aria-hidden": "true", "data-layer": index },
        String(layer),
      ),
      "--at",
      last === 0 ? 0 : index / last,
    ),
  );
  const row = fill(byId("layer-ticks"), ...ticks);
  row.addEventListener("click", (event) => {
    const tick = event.target instanceof HTMLElement ? event.target.dataset.layer : undefined;
    if (tick !== undefined) reader.update({ layer: Number(tick) });
  });

  /** @param {number} index */
  return function show(index) {
    const layer = page.visionLayers[index];
    slider.value = String(index);
    slider.setAttribute("aria-valuetext", `${layer}, ${describeLayer(layer, page.model.numLayers)}`);
    byId("layer-value").textContent = String(layer);
    byId("layer-meaning").textContent = describeLayer(layer, page.model.numLayers);
    /** @type {HTMLButtonElement} */ (byId("layer-down")).disabled = index === 0;
    /** @type {HTMLButtonElement} */ (byId("layer-up")).disabled = index === last;
    ticks.forEach((tick, at) => tick.toggleAttribute("data-current", at === index));
  };
}

/**
 * A row of radio buttons.
 * @param {string} id @param {string} name @param {{id: string, title: string}[]} choices
 * @param {(id: string) => void} choose
 */
function radios(id, name, choices, choose) {
  const inputs = choices.map((choice) => make("input", { type: "radio", name, value: choice.id }));
  const labels = choices.map((choice, index) =>
    make("label", { "data-choice": choice.id }, inputs[index], make("span", {}, choice.title)),
  );
  const group = fill(byId(id), ...labels);
  group.addEventListener("change", (event) => choose(/** @type {HTMLInputElement} */ (event.target).value));
  return inputs;
}

/** @param {HTMLInputElement[]} inputs @param {string} value */
function check(inputs, value) {
  for (const input of inputs) input.checked = input.value === value;
}
