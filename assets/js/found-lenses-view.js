/** Hits by lens, and for each lens by vision layer. A click on a lens filters, a click on a bar goes to its layer. */

import { amount } from "#viewer/amounts";
import { byId, fill, make } from "#viewer/dom";
import { createBars } from "#viewer/layer-bars";

/** Names that fit a column on a phone. */
const SHORT = new Map([["embedding", "Embedding"]]);

/**
 * Sets up a column for each lens; the returned function shows findings in them.
 * @param {import("#viewer/view").Page} page @param {{update: (changes: {layer: number}) => void}} reader
 * @param {(changes: {lens: string | null}) => void} update changes the search
 */
export function createFoundLenses(page, reader, update) {
  /** @type {string | null} */
  let chosen = null;
  const columns = page.lenses.map(({ id, title }) => {
    const count = make("span", { class: "count" });
    const button = make("button", { type: "button", class: "found-name", title: `search ${title} only` }, make("span", { class: "title" }, SHORT.get(id) ?? title), count);
    button.addEventListener("click", () => update({ lens: chosen === id ? null : id }));
    const bars = createBars(page.visionLayers, (layer) => reader.update({ layer }));
    return { count, button, bars, element: make("div", { class: "found-lens", "data-lens": id }, button, bars.element) };
  });
  fill(byId("search-lenses"), ...columns.map(({ element }) => element));

  /** @param {import("#viewer/view").View} view @param {import("#viewer/findings").Findings} findings */
  return function show(view, { find, counted }) {
    chosen = find.lens;
    const most = Math.max(1, ...counted.byLayer.flat());
    columns.forEach(({ count, button, bars, element }, lens) => {
      const { id, title } = page.lenses[lens];
      const counts = counted.byLayer[lens];
      count.textContent = counted.byLens[lens].toLocaleString("en");
      button.setAttribute("aria-label", `${title}: ${amount(counted.byLens[lens], "hit")}`);
      button.setAttribute("aria-pressed", String(chosen === id));
      element.toggleAttribute("data-out", chosen !== null && chosen !== id);
      bars.show({
        values: counts.map((value) => value / most),
        titles: counts.map((value, layer) => `layer ${page.visionLayers[layer]}: ${amount(value, "hit")}`),
        most: Math.max(...counts).toLocaleString("en"),
        label: `Hits of ${title} by vision layer`,
        current: view.state.layer,
        within: [find.from, find.to],
      });
    });
  };
}
