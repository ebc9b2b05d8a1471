/** The legend of the map: classes by area, each a button that shows it alone; or a ramp with its ends. */

import { byId, fill, make, property } from "#viewer/dom";
import { formatScore } from "#viewer/scores";

/** Classes beyond these stand for few cells each; the map itself names them. */
const SHOWN = 14;

/**
 * Sets up the legend; the returned function shows a view in it.
 * @param {{update: (changes: {only: string | null}) => void}} actions
 */
export function createLegend(actions) {
  const legend = byId("legend");
  /** @type {import("#viewer/maps").CellMap | null} */
  let map = null;
  /** @type {string | null} */
  let only = null;

  legend.addEventListener("click", (event) => {
    const button = event.target instanceof Element ? event.target.closest("button") : null;
    const item = button && map?.classes[Number(button.dataset.item)];
    if (item) actions.update({ only: item.key === only ? null : item.key });
  });

  /** @param {import("#viewer/view").View} view */
  return function show(view) {
    if (view.map === map && view.state.only === only) return;
    map = view.map;
    only = view.state.only;
    fill(legend, ...(map?.ramp ? [ramp(map.ramp)] : map ? classes(map, only) : []));
  };
}

/** @param {import("#viewer/maps").CellMap} map @param {string | null} only */
function classes(map, only) {
  const rest = map.classes.length - SHOWN;
  return [
    ...map.classes.slice(0, SHOWN).map((item, index) =>
      make(
        "button",
        { type: "button", "data-item": index, "aria-pressed": String(item.key === only) },
        property(make("span", { class: "swatch" }), "--swatch", item.colour),
        make("bdi", {}, item.label),
        make("span", { class: "count" }, String(item.count)),
      ),
    ),
    rest > 0 && make("span", { class: "rest" }, `and ${rest} more`),
  ];
}

/** @param {NonNullable<import("#viewer/maps").CellMap["ramp"]>} ramp */
function ramp({ low, high, colours, title }) {
  const steps = colours.map((colour) => property(make("span", {}), "--swatch", colour));
  return make(
    "div",
    { class: "ramp" },
    make("span", {}, formatScore(low)),
    make("span", { class: "ramp-steps", "aria-hidden": "true" }, ...steps),
    make("span", {}, formatScore(high)),
    make("span", { class: "ramp-title" }, title),
  );
}
