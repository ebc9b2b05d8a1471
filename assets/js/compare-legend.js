/** The one legend of all pictures: words by area, each a button that shows it alone; or the steps of agreement. */

import { sharedLegend } from "#viewer/compare-maps";
import { byId, fill, make, property } from "#viewer/dom";
import { shortText } from "#viewer/tokens";

/** @typedef {import("#viewer/compare-view").CompareView} CompareView */

/** Words beyond these cover little; the maps themselves name them. */
const SHOWN = 20;

/**
 * Sets up the legend; the returned function shows a view in it.
 * @param {{update: (changes: {only: string | null}) => void}} reader @param {{ramp: string[]}} palette
 */
export function createCompareLegend(reader, palette) {
  const legend = byId("legend");
  /** @type {string | null} */
  let only = null;
  legend.addEventListener("click", (event) => {
    const button = event.target instanceof Element ? event.target.closest("button") : null;
    const word = button?.dataset.word ?? null;
    if (button) reader.update({ only: word === only ? null : word });
  });

  /** @param {CompareView} view */
  return function show(view) {
    only = view.state.only;
    const maps = view.columns.flatMap(({ map }) => map ?? []);
    if (view.state.map === "words") fill(legend, ...words(maps, only));
    else fill(legend, view.state.map === "agreement" && ramp(palette.ramp));
  };
}

/** @param {import("#viewer/maps").CellMap[]} maps @param {string | null} only */
function words(maps, only) {
  const all = sharedLegend(maps);
  const shown = all.filter(({ key }, place) => place < SHOWN || key === only);
  const lost = only !== null && !all.some(({ key }) => key === only);
  return [
    ...shown.map((item) => wordButton(item, only)),
    lost && wordButton({ key: only, label: shortText(only), colour: "transparent", share: 0 }, only),
    all.length > shown.length && make("span", { class: "quiet" }, `and ${all.length - shown.length} more`),
  ];
}

/** @param {{key: string, label: string, colour: string, share: number}} item @param {string | null} only */
function wordButton({ key, label, colour, share }, only) {
  return make(
    "button",
    { type: "button", "data-word": key, "aria-pressed": String(key === only) },
    property(make("span", { class: "swatch" }), "--swatch", colour),
    make("bdi", {}, label),
    make("span", { class: "count" }, `${Math.round(100 * share)}\u202f%`),
  );
}

/** @param {string[]} colours */
function ramp(colours) {
  const steps = colours.map((colour) => property(make("span", {}), "--swatch", colour));
  return make(
    "div",
    { class: "ramp" },
    make("span", {}, "none"),
    make("span", { class: "ramp-steps", "aria-hidden": "true" }, ...steps),
    make("span", {}, "all"),
    make("span", { class: "ramp-title" }, "of the other models name its first word there"),
  );
}
