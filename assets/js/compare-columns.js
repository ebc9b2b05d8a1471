/** The columns of the comparison: for each model its name and layer, its picture, and what its lenses read. */

import { createPicture } from "#viewer/compare-picture";
import { showReadings } from "#viewer/compare-readings";
import { formatModel } from "#viewer/compare-link";
import { formatShare } from "#viewer/compare-agreement";
import { depthOf, formatDepth } from "#viewer/compare-depth";
import { byId, fill, make, property } from "#viewer/dom";
import { keptMaps } from "#viewer/kept-maps";

/**
 * @typedef {import("#viewer/compare-view").CompareView} CompareView
 * @typedef {import("#viewer/compare-link").Spot} Spot
 * @typedef {import("#viewer/compare-files").ComparePage} ComparePage
 * @typedef {import("#viewer/compare-reader").CompareReader} CompareReader
 */

/**
 * Sets up the columns, one for each model that may be shown; those that are not needed stay hidden.
 * @param {ComparePage} page @param {import("#viewer/palette").DrawingPalette} palette
 * @param {CompareReader} reader
 */
export function createColumns(page, palette, reader) {
  const maps = keptMaps();
  const columns = Array.from({ length: Math.min(page.most, page.models.length) }, (_, at) =>
    createColumn(page, createPicture.bind(null, palette, maps), reader, at),
  );
  const list = fill(byId("columns"), ...columns.map(({ element }) => element));
  property(list, "--ranks", Math.max(...page.models.map(({ topK }) => topK)));
  /** @type {number[] | null} */
  let models = null;

  return {
    /** @param {CompareView} view */
    show(view) {
      if (view.state.models !== models) property(list, "--columns", view.columns.length);
      models = view.state.models;
      columns.forEach((column, at) => column.show(view));
    },
    /** @param {CompareView} view @param {Spot | null} spot */
    mark(view, spot) {
      const shown = columns.slice(0, view.columns.length);
      shown.forEach(({ picture }, at) => picture.mark(view, at, spot));
      showReadings(
        shown.map(({ readings }) => readings),
        view,
        spot,
      );
    },
    /** What can be painted of a view before it is shown, piece by piece. @param {CompareView} view */
    ahead: (view) => view.columns.map((_, at) => () => columns[at].picture.prepare(view, at)),
    /** Focus a model's patch. @param {number} at column @param {number} cell */
    focus: (at, cell) => columns[at].picture.focus(cell),
    /** The column that an element stands in, or -1. @param {EventTarget | null} target */
    columnOf: (target) => columns.findIndex(({ element }) => target instanceof Node && element.contains(target)),
  };
}

/**
 * @param {ComparePage} page
 * @param {(actions: Parameters<typeof createPicture>[2]) => ReturnType<typeof createPicture>} pictureWith
 * @param {CompareReader} reader @param {number} at
 */
function createColumn(page, pictureWith, reader, at) {
  let model = -1;
  /** @type {number[] | null} */
  let offered = null;
  const spot = (/** @type {number | null} */ cell) => (cell === null ? null : { model, cell });
  const picture = pictureWith({
    hover: (cell) => reader.hover(spot(cell)),
    pin: (cell) => reader.pin({ model, cell }),
  });
  const select = modelSelect(page, `model of picture ${at + 1}`);
  select.addEventListener("change", () => reader.setModel(at, Number(select.value)));
  const remove = make("button", { type: "button", class: "tool" }, crossIcon());
  remove.addEventListener("click", () => reader.removeModel(at));
  const facts = make("p", { class: "column-facts" });
  const problem = make("p", { class: "problem" });
  const readings = make("div", { class: "readings" });
  // The heading shows the whole name, over lines if need be, which no select can; the select lies over it.
  const title = make("h2");
  const choice = make("div", { class: "model-choice" }, title, select);
  const head = make("header", {}, make("div", { class: "column-title" }, choice, remove), facts);
  const element = make("section", { class: "column", hidden: true }, head, picture.frame, problem, readings);

  /** @param {CompareView} view */
  function show(view) {
    const column = view.columns[at];
    element.hidden = !column;
    if (!column) return;
    model = column.index;
    if (view.state.models !== offered) name(view);
    offered = view.state.models;
    fill(facts, ...factsOf(view, at));
    fill(problem, column.problem);
    picture.show(view, at);
  }

  /** Say whose column this is. @param {CompareView} view */
  function name({ state, columns }) {
    const { model } = columns[at];
    offerModels(select, state.models, at);
    element.setAttribute("aria-label", model.title);
    title.textContent = model.title;
    remove.hidden = columns.length <= 2;
    remove.setAttribute("aria-label", `Remove ${model.title}`);
    remove.title = "Remove this model";
  }

  return { element, picture, readings, show };
}

/** The layer that is shown, how deep it is, how far the model agrees, and the way to its own page.
 * @param {CompareView} view @param {number} at */
function factsOf(view, at) {
  const { model, layer, agreement, index } = view.columns[at];
  const { pin } = view.state;
  const cell = pin ? view.counterpart(pin, at) : -1;
  const hash = formatModel(view.state, view.page, index, layer, cell < 0 ? null : cell);
  return [
    make("span", {}, `layer ${model.visionLayers[layer]} of ${model.numLayers}`),
    make("span", { class: "quiet" }, `depth ${formatDepth(depthOf(model, layer))}`),
    agreement &&
      agreement.total.compared > 0 &&
      make(
        "span",
        { class: "quiet", title: "its first words that the other models name at the same place" },
        `agrees ${formatShare(agreement.total)}`,
      ),
    make("a", { href: `${model.href}#${hash}` }, "Open"),
  ];
}

/** @param {ComparePage} page @param {string} label */
export function modelSelect(page, label) {
  const options = (/** @type {string} */ group) =>
    page.models.flatMap((model, index) =>
      model.group === group ? [make("option", { value: index }, model.title)] : [],
    );
  const groups = page.groups
    .map(({ id, title }) => make("optgroup", { label: title }, ...options(id)))
    .filter((group) => group.children.length > 0);
  return make("select", { "aria-label": label }, ...groups);
}

/** A model stands in one column only. @param {HTMLSelectElement} select @param {number[]} models @param {number} at */
function offerModels(select, models, at) {
  for (const option of select.options) {
    option.disabled = models.some((model, column) => column !== at && String(model) === option.value);
  }
  select.value = String(models[at]);
}

function crossIcon() {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  path.setAttribute("d", "m6.5 6.5 11 11m0-11-11 11");
  svg.append(path);
  return svg;
}
