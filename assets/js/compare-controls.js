/** The controls of the comparison: images, models, depth, lens, map, and the summary. */

import { modelSelect } from "#viewer/compare-columns";
import { formatShare, sum } from "#viewer/compare-agreement";
import { formatDepth, nearest } from "#viewer/compare-depth";
import { COMPARE_MAPS, FIRSTS } from "#viewer/compare-link";
import { byId, fill, make } from "#viewer/dom";
import { check, radios } from "#viewer/radios";
import { visiblePieces } from "#viewer/tokens";

/**
 * @typedef {import("#viewer/compare-view").CompareView} CompareView
 * @typedef {import("#viewer/compare-files").ComparePage} ComparePage
 * @typedef {import("#viewer/compare-reader").CompareReader} CompareReader
 */

/**
 * Sets up the controls; the returned function shows a view in them.
 * @param {ComparePage} page @param {CompareReader} reader
 */
export function createCompareControls(page, reader) {
  const showImage = createImages(page, reader);
  const showDepth = createDepth(reader);
  const showAdd = createAdd(page, reader);
  const short = page.lenses.map(({ id, short: title }) => ({ id, title }));
  const lenses = radios("lens-choices", "lens", short, (lens) => reader.update({ lens, only: null }));
  const maps = radios("map-choices", "map", COMPARE_MAPS, (map) => reader.update({ map, only: null }));
  const firsts = radios(
    "first-choices",
    "first",
    FIRSTS.map((first) => ({ id: String(first), title: `top ${first}` })),
    (first) => reader.update({ first: Number(first) }),
  );

  /** @param {CompareView} view */
  return function show(view) {
    showImage(view);
    showDepth(view);
    showAdd(view);
    check(lenses, view.state.lens);
    check(maps, view.state.map);
    check(firsts, String(view.state.first));
    byId("link-note").hidden = !view.byCanvas;
  };
}

/** @param {ComparePage} page @param {CompareReader} reader */
function createImages(page, reader) {
  const select = /** @type {HTMLSelectElement} */ (byId("image-select"));
  let shown = -1;
  fill(
    select,
    ...page.images.map(({ id, caption }, index) =>
      make("option", { value: index }, `${index + 1} · ${shorten(plainText(caption ?? id))}`),
    ),
  );
  select.addEventListener("change", () => reader.goToImage(Number(select.value)));
  byId("image-back").addEventListener("click", () => reader.stepImage(-1));
  byId("image-on").addEventListener("click", () => reader.stepImage(1));
  const pictures = page.images.flatMap((image, index) => {
    if (!image.thumbnail) return [];
    const label = `image ${index + 1}: ${image.caption ?? image.id}`;
    const attributes = { type: "button", "data-image": index, "aria-label": label, title: image.caption ?? image.id };
    return [make("button", attributes, make("img", { src: image.thumbnail, alt: "", draggable: "false" }))];
  });
  const strip = fill(byId("strip"), ...pictures.map((picture) => make("li", {}, picture)));
  strip.toggleAttribute("data-complete", pictures.length === page.images.length);
  strip.addEventListener("click", (event) => {
    const chosen = event.target instanceof Element ? event.target.closest("button") : null;
    if (chosen) reader.goToImage(Number(chosen.dataset.image));
  });

  /** @param {CompareView} view */
  return function show({ state: { image } }) {
    if (image === shown) return;
    shown = image;
    select.value = String(image);
    byId("image-number").textContent = `${image + 1}/${page.images.length}`;
    /** @type {HTMLButtonElement} */ (byId("image-back")).disabled = image === 0;
    /** @type {HTMLButtonElement} */ (byId("image-on")).disabled = image === page.images.length - 1;
    pictures.forEach((picture, index) => {
      if (index === image) picture.setAttribute("aria-current", "true");
      else picture.removeAttribute("aria-current");
    });
  };
}

/** A caption as one line of visible text, whose spaces are spaces. @param {string} text */
const plainText = (text) =>
  visiblePieces(text, false)
    .map((piece) => piece.text)
    .join("");

/** A caption short enough for a list of choices. @param {string} text */
const shorten = (text) => (text.length > 60 ? `${text.slice(0, 59)}…` : text);

/** @param {CompareReader} reader */
function createDepth(reader) {
  const slider = /** @type {HTMLInputElement} */ (byId("depth-slider"));
  slider.addEventListener("input", () => reader.update({ depth: reader.stops()[Number(slider.value)] }));
  byId("depth-down").addEventListener("click", () => reader.stepDepth(-1));
  byId("depth-up").addEventListener("click", () => reader.stepDepth(1));

  /** @param {CompareView} view */
  return function show({ state }) {
    const stops = reader.stops();
    const stop = nearest(stops, state.depth);
    slider.max = String(stops.length - 1);
    slider.value = String(stop);
    slider.setAttribute("aria-valuetext", `${formatDepth(state.depth)} of the blocks`);
    byId("depth-value").textContent = formatDepth(state.depth);
    /** @type {HTMLButtonElement} */ (byId("depth-down")).disabled = stop === 0;
    /** @type {HTMLButtonElement} */ (byId("depth-up")).disabled = stop === stops.length - 1;
  };
}

/** @param {ComparePage} page @param {CompareReader} reader */
function createAdd(page, reader) {
  const select = modelSelect(page, "add a model");
  /** @type {number[] | null} */
  let shown = null;
  select.prepend(make("option", { value: "", disabled: true, selected: true }, "Add a model…"));
  byId("add-model").append(select);
  select.addEventListener("change", () => reader.addModel(Number(select.value)));

  /** @param {CompareView} view */
  return function show({ state: { models } }) {
    if (models === shown) return;
    shown = models;
    byId("add-model").hidden = models.length >= Math.min(page.most, page.models.length);
    for (const option of select.options) {
      option.disabled = option.value === "" || models.includes(Number(option.value));
    }
    select.value = "";
  };
}

/**
 * The summary: how often two models name the same word at the same place, and how often they would by chance.
 * @param {CompareView} view @param {import("#viewer/compare-agreement").Count | null} chance
 */
export function showSummary({ columns, state }, chance) {
  const total = sum(columns.flatMap(({ agreement }) => agreement?.total ?? []));
  const which = state.first === 1 ? "is another’s first word" : `is among another’s first ${state.first}`;
  const average = columns.length > 2 ? ", averaged over all pairs of models" : "";
  const summary = byId("summary");
  if (total.compared === 0) return fill(summary, "No place is read by two of these models.");
  return fill(
    summary,
    make("strong", {}, formatShare(total)),
    ` agreement: how often a model’s first word ${which} at the same place${average}`,
    make("span", { class: "quiet" }, chanceText(chance)),
  );
}

/** @param {import("#viewer/compare-agreement").Count | null} chance */
function chanceText(chance) {
  if (chance === null) return " · chance …";
  return chance.compared === 0 ? " · chance needs another image" : ` · chance ${formatShare(chance)}`;
}
