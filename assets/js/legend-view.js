/** The legend of the map: classes by area, each a button that shows it alone; or a ramp with its ends. */

import { absenceText } from "#viewer/absence-view";
import { byId, fill, make, property } from "#viewer/dom";
import { showsMultiples } from "#viewer/multiples-view";
import { formatFigure } from "#viewer/scores";
import { shortText } from "#viewer/tokens";

/** @typedef {import("#viewer/maps").CellMap} CellMap */

/** Classes beyond these stand for few cells each; the map itself names them. Two lines, in the usual column. */
const SHOWN = 10;

/** A colour means the same at each layer, so that layers can be compared. */
export const RAMP_SCALE = "one scale for all layers of this image";

/**
 * Sets up the legend; the returned function shows a view in it.
 * @param {{update: (changes: {only?: string | null}) => void}} reader
 */
export function createLegend(reader) {
  const legend = byId("legend");
  /** @type {CellMap | null} */
  let map = null;
  /** @type {string | null} */
  let only = null;
  let unfolded = false;
  let wasUnfolded = false;
  let key = "";

  legend.addEventListener("click", (event) => {
    const button = event.target instanceof Element ? event.target.closest("button") : null;
    if (!button) return;
    if (button.dataset.fold) {
      unfolded = !unfolded;
      reader.update({});
      /** @type {HTMLElement | null} */ (legend.querySelector("[data-fold]"))?.focus();
      return;
    }
    const key = map?.classes[Number(button.dataset.item)]?.key ?? only;
    reader.update({ only: key === only ? null : key });
  });

  /** @param {import("#viewer/view").View} view */
  return function show(view) {
    const now = counted(view);
    if (view.map === map && view.state.only === only && unfolded === wasUnfolded && now === key) return;
    key = now;
    map = view.map;
    only = view.state.only;
    wasUnfolded = unfolded;
    fill(legend, ...(map ? contents(map, view, unfolded) : []));
  };
}

/** @param {CellMap} map @param {import("#viewer/view").View} view @param {boolean} unfolded */
function contents(map, view, unfolded) {
  if (map.fills.every((colour) => colour === null)) return [make("p", { class: "quiet" }, whyEmpty(view))];
  const of = counted(view);
  if (map.ramp) return [ramp(map.ramp, of)];
  return [
    of !== "" && make("span", { class: "quiet" }, `Patches ${of}`),
    map.order && make("div", { class: "ramp" }, ...steps(`text layer ${map.order.low}`, map.order.colours, String(map.order.high))),
    ...classes(map, view.state.only, unfolded),
  ];
}

/** Where all layers are shown, which one the legend speaks of. @param {import("#viewer/view").View} view */
const counted = ({ page, state }) => (showsMultiples(state) ? `at vision layer ${page.visionLayers[state.layer]}` : "");

/** @param {import("#viewer/view").View} view */
function whyEmpty({ page, state, shown }) {
  if (state.map === "onset") return "No patch of this image names it at two stored layers in a row.";
  const lens = state.map === "text-layer" ? "contextual" : state.lens;
  const reason = page.absence(lens, state.layer, state.image);
  if (reason && state.map !== "norm" && state.map !== "entropy") return absenceText(reason);
  if (state.map === "verdict") return "This judge judged no patch of this lens and layer.";
  if (!shown.all) return "Every token of this map is left out here.";
  return "The results hold nothing for this map here.";
}

/**
 * Classes by area. The chosen one stays in reach on layers where no cell or only a few belong to it.
 * @param {CellMap} map @param {string | null} only @param {boolean} unfolded
 */
function classes(map, only, unfolded) {
  const chosen = map.classes.findIndex(({ key }) => key === only);
  const shown = map.classes.map((_, index) => index).filter((index) => unfolded || index < SHOWN || index === chosen);
  const rest = map.classes.length - shown.length;
  return [
    ...shown.map((index) => classButton(map.classes[index], index, only)),
    only !== null &&
      chosen < 0 &&
      classButton({ key: only, label: shortText(only), colour: "", count: 0 }, -1, only),
    (rest > 0 || (unfolded && shown.length > SHOWN)) && foldButton(rest),
  ];
}

/** @param {number} rest classes that are not shown */
function foldButton(rest) {
  const attributes = { type: "button", class: "rest", "data-fold": "true", "aria-expanded": String(rest === 0) };
  return make("button", attributes, rest > 0 ? `${rest} more` : "fewer");
}

/** @param {import("#viewer/maps").LegendItem} item @param {number} index @param {string | null} only */
function classButton(item, index, only) {
  return make(
    "button",
    { type: "button", "data-item": index, "aria-pressed": String(item.key === only), "data-dim": item.dim },
    property(make("span", { class: "swatch" }), "--swatch", item.colour || "transparent"),
    make("bdi", {}, item.label),
    make("span", { class: "count" }, item.count === 0 ? "nowhere at this layer" : String(item.count)),
  );
}

/** @param {NonNullable<CellMap["ramp"]>} ramp @param {string} layer "" where only one is shown */
function ramp({ low, high, colours, title, here }, layer) {
  const figure = (/** @type {number} */ value) => formatFigure(value, title);
  return make(
    "div",
    { class: "ramp" },
    ...steps(figure(low), colours, figure(high)),
    make("span", { class: "ramp-title" }, title, make("br"), `${RAMP_SCALE}; ${layer || "at this layer"} ${figure(here[0])} to ${figure(here[1])}`),
  );
}

/** Colours in their order, with both ends named. @param {string} low @param {string[]} colours @param {string} high */
const steps = (low, colours, high) => [
  make("span", {}, low),
  make("span", { class: "ramp-steps", "aria-hidden": "true" }, ...colours.map((colour) => property(make("span", {}), "--swatch", colour))),
  make("span", {}, high),
];
