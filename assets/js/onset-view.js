/**
 * Where the word searched for arrives: for each lens, at how many per 1000 patches each layer is the first that
 * names it, and names it at the next stored layer too, in images that show the word and, grey, in those that do not.
 */

import { amount } from "#viewer/amounts";
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
    fill(byId("onset-meaning"), ...(onsets ? rule(isFiltered(page, findings.find)) : [NO_ONSET]));
    fill(byId("onset-groups"), ...(onsets ? groupsOf(onsets) : []));
    if (onsets) showBars(onsets, state.layer, findings);
  };

  /** @param {Onsets} counted @param {number} current @param {Findings} findings */
  function showBars(counted, current, { find }) {
    const rates = counted.map(({ shows, without, unclear, undescribed }) => ({
      values: perThousand(shows.images + without.images + unclear.images > 0 ? shows : undescribed),
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
        label: `Onset in ${page.lenses[lens].title} by vision layer, per 1000 patches`,
        current,
      });
    });
  }
}

/** @param {import("#viewer/view").Page} page @param {import("#viewer/find").Find} find */
const isFiltered = ({ visionLayers }, { from, to }) => from > 0 || to < visionLayers.length - 1;

/** @param {number} value */
const figure = (value) => (value === 0 || value >= 9.95 ? value.toFixed(0) : value.toFixed(1));

/** @param {number} depth @param {number} value @param {number | undefined} other */
function titleOf(depth, value, other) {
  const compared = other === undefined ? "" : `, ${figure(other)} where it is not shown`;
  return `layer ${depth}: ${figure(value)} per 1000 patches${compared}`;
}

const NO_ONSET = "of tokens only: a sentence that holds a word does not name it";

/** Where there is little room, the title says what an onset is. @param {boolean} filtered whether not all layers are searched */
const rule = (filtered) => [
  make("span", { class: "if-wide" }, "first layer at which a patch names it, and at the next stored layer too; "),
  `per 1000 patches${filtered ? ", over all layers, not only those chosen" : ""}`,
];

/** What is counted and what it is compared with, each with its number. @param {Onsets} onsets */
function groupsOf([{ shows, without, unclear, undescribed }]) {
  if (shows.images + without.images + unclear.images === 0) {
    return [part(`no captions or annotations say which of ${size(undescribed)} show it, so no null`)];
  }
  const sides = [
    shows.images > 0 ? part(`shown in ${size(shows)}`) : part("shown in no image"),
    without.images > 0
      ? part(`not shown in ${size(without)}: the null`, make("span", { class: "swatch null-swatch" }))
      : part("no image surely without it, so no null"),
  ];
  const apart = [
    unclear.images > 0 && part(`${amount(unclear.images, "image")} with only a similar word left out`),
    undescribed.images > 0 && part(`${amount(undescribed.images, "image")} without caption or annotations left out`),
  ];
  return [...sides, ...apart];
}

/** @param {string} text @param {Node[]} swatch */
const part = (text, ...swatch) => make("span", {}, ...swatch, text);

/** @param {import("#viewer/onset").Group} group */
const size = ({ images, cells }) => `${amount(images, "image")} (${amount(cells, "patch", "patches")})`;
