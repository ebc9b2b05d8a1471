/**
 * Bars over the stored vision layers. They are for the pointer; the layer slider and its keys lead to the same
 * layers, and the label reads the figures out.
 */

import { make, property } from "#viewer/dom";

/** Layers whose depth is written below their bar; with more, every other or third. */
const MOST_DEPTHS = 12;

/**
 * @typedef {object} Bars
 * @property {number[]} values 0 to 1, by layer
 * @property {number[]} [nulls] the same for the comparison, drawn grey beside
 * @property {string[]} titles by layer
 * @property {string} most the highest figure
 * @property {string} label what is shown
 * @property {number} current index of the layer on display
 * @property {[number, number]} [within] indices of the layers that count
 */

/**
 * @param {number[]} depths of the layers @param {(layer: number) => void} choose
 * @returns {{element: HTMLElement, show: (bars: Bars) => void}}
 */
export function createBars(depths, choose) {
  const every = Math.ceil(depths.length / MOST_DEPTHS);
  const columns = depths.map((depth, layer) =>
    make(
      "span",
      { class: "layer-bar", "data-layer": layer },
      make("span", { class: "bar-room" }, make("span", { class: "bar-value" }), make("span", { class: "bar-null" })),
      make("span", { class: "bar-depth" }, layer % every === 0 ? String(depth) : ""),
    ),
  );
  const highest = make("span", { class: "bar-most" });
  const element = make("div", { class: "bars", role: "img" }, ...columns, highest);
  element.addEventListener("click", (event) => {
    const bar = event.target instanceof Element ? event.target.closest(".layer-bar") : null;
    if (bar) choose(Number(bar.getAttribute("data-layer")));
  });

  /** @param {Bars} bars */
  function show({ values, nulls, titles, most, label, current, within = [0, depths.length - 1] }) {
    element.setAttribute("aria-label", `${label}. ${titles.join("; ")}`);
    highest.textContent = most;
    element.toggleAttribute("data-compared", nulls !== undefined);
    columns.forEach((column, layer) => {
      property(column, "--value", values[layer]);
      property(column, "--null", nulls?.[layer] ?? 0);
      column.title = titles[layer];
      column.toggleAttribute("data-current", layer === current);
      column.toggleAttribute("data-out", layer < within[0] || layer > within[1]);
    });
  }

  return { element, show };
}
