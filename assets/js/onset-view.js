/**
 * Where the word searched for arrives: for each lens, at how many of 1000 patches each layer is the first that
 * names it and keeps it, in images that show the word and, grey, in those that do not.
 */

import { byId, fill, make } from "#viewer/dom";
import { createBars } from "#viewer/layer-bars";
import { perThousand } from "#viewer/onset";

/**
 * @typedef {import("#viewer/findings").Findings} Findings
 * @typedef {import("#viewer/findings").Onsets} Onsets
 */

/**
 * Sets up the part of the panel; the returned function shows findings in it.
 * @param {import("#viewer/view").Page} page @param {import("#viewer/reader").Reader} reader
 */
export function createOnset(page, reader) {
  const button = byId("onset-map");
  const columns = page.lenses.map(({ id, title }) => {
    const bars = createBars(page.visionLayers, (layer) => reader.update({ layer }));
    return { bars, element: make("div", { class: "found-lens", "data-lens": id, title }, bars.element) };
  });
  fill(byId("onset-lenses"), ...columns.map(({ element }) => element));
  /** @type {Findings | null} */
  let last = null;
  /** @type {Onsets | null} */
  let onsets = null;
  let isOn = false;
  let lens = "";
  button.addEventListener("click", () => reader.update({ map: isOn ? "none" : "onset", lens, only: null }));

  /** @param {import("#viewer/view").View} view @param {Findings} findings */
  return function show({ state }, findings) {
    if (findings !== last) onsets = findings.hasOnset ? findings.countedOnsets() : null;
    last = findings;
    isOn = state.map === "onset";
    lens = findings.find.lens ?? state.lens;
    button.setAttribute("aria-pressed", String(isOn));
    button.hidden = byId("onset-lenses").hidden = onsets === null || findings.counted.total === 0;
    byId("search-onset").hidden = findings.counted.total === 0;
    byId("onset-meaning").textContent = onsets ? meaning(onsets) : "of tokens only: a sentence that holds a word does not name it";
    if (onsets) showBars(onsets, state.layer, findings);
  };

  /** @param {Onsets} counted @param {number} current @param {Findings} findings */
  function showBars({ byLens }, current, { find }) {
    const rates = byLens.map(({ showing, without, unknown }) => ({
      values: perThousand(showing.images + without.images > 0 ? showing : unknown),
      nulls: without.images > 0 ? perThousand(without) : undefined,
    }));
    const top = Math.max(Number.MIN_VALUE, ...rates.flatMap(({ values, nulls = [] }) => [...values, ...nulls]));
    columns.forEach(({ bars, element }, lens) => {
      const { values, nulls } = rates[lens];
      element.toggleAttribute("data-out", find.lens !== null && find.lens !== page.lenses[lens].id);
      bars.show({
        values: values.map((value) => value / top),
        nulls: nulls?.map((value) => value / top),
        titles: page.visionLayers.map((depth, layer) => titleOf(depth, values[layer], nulls?.[layer])),
        most: figure(Math.max(...values, ...(nulls ?? []))),
        label: `Onset in ${page.lenses[lens].title} by vision layer, patches of 1000`,
        current,
      });
    });
  }
}

/** @param {number} value */
const figure = (value) => (value === 0 || value >= 9.95 ? value.toFixed(0) : value.toFixed(1));

/** @param {number} depth @param {number} value @param {number | undefined} other */
function titleOf(depth, value, other) {
  const compared = other === undefined ? "" : `, ${figure(other)} where it is not shown`;
  return `layer ${depth}: ${figure(value)} of 1000 patches${compared}`;
}

/** What is counted, and what it is compared with. @param {Onsets} onsets */
function meaning({ byLens }) {
  const { showing, without, unknown } = byLens[0];
  const what = "first layer that names it and keeps it, of 1000 patches";
  const [some, none] = [showing.images, without.images];
  const unknowns = unknown.images > 0 ? `; ${unknown.images} without caption or annotations left out` : "";
  if (some + none === 0) return `${what}. No captions or annotations say which images show it, so no null`;
  if (none === 0) return `${what}. ${some === 1 ? "The one image shows" : `All ${some} images show`} it, so no null${unknowns}`;
  if (some === 0) return `${what}. None of ${none} captioned images shows it, so all is null (grey)${unknowns}`;
  return `${what}: ${some} ${some === 1 ? "image shows" : "images show"} it, ${none} ${none === 1 ? "does" : "do"} not (grey)${unknowns}`;
}
