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
    const most = make("span", { class: "count" });
    const bars = createBars(page.visionLayers, (layer) => reader.update({ layer }));
    const name = make("p", { class: "found-name" }, title, " ", most);
    return { most, bars, element: make("div", { class: "found-lens", "data-lens": id }, name, bars.element) };
  });
  fill(byId("onset-lenses"), ...columns.map(({ element }) => element));
  /** @type {Findings | null} */
  let last = null;
  /** @type {Onsets | null} */
  let onsets = null;
  let isOn = false;
  button.addEventListener("click", () => reader.update({ map: isOn ? "none" : "onset", only: null }));

  /** @param {import("#viewer/view").View} view @param {Findings} findings */
  return function show({ state }, findings) {
    if (findings !== last) onsets = findings.hasOnset ? findings.countedOnsets() : null;
    last = findings;
    isOn = state.map === "onset";
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
    columns.forEach(({ bars, most, element }, lens) => {
      const { values, nulls } = rates[lens];
      most.textContent = `up to ${figure(Math.max(...values, ...(nulls ?? [])))}`;
      element.toggleAttribute("data-out", find.lens !== null && find.lens !== page.lenses[lens].id);
      bars.show({
        values: values.map((value) => value / top),
        nulls: nulls?.map((value) => value / top),
        titles: page.visionLayers.map((depth, layer) => titleOf(depth, values[layer], nulls?.[layer])),
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
  const what = "first layer that names it, the next one too; of 1000 patches";
  const images = (/** @type {number} */ count) => (count === 1 ? "1 image" : `${count} images`);
  const unknowns = unknown.images > 0 ? `, ${images(unknown.images)} without caption or annotations left out` : "";
  if (showing.images > 0 && without.images > 0) {
    return `${what}, in ${images(showing.images)} that show it and ${without.images} that do not (grey)${unknowns}`;
  }
  if (showing.images + without.images === 0) return `${what}. No caption or annotation says which images show it, so there is no null`;
  return showing.images > 0
    ? `${what}. All ${images(showing.images)} show it, so there is no null${unknowns}`
    : `${what}. No image’s caption or annotations hold it: all of this is null${unknowns}`;
}
