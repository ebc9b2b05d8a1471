/** The region: the words of all its patches, counted for each lens at this layer. */

import { absenceNode } from "#viewer/absence-view";
import { byId, fill, make, property, tokenNode } from "#viewer/dom";
import { keepFocus } from "#viewer/keep-focus";
import { cellsOf, countRegion, edgesOf, listsOf } from "#viewer/region";
import { formatFigure } from "#viewer/scores";
import { shortText } from "#viewer/tokens";

/**
 * @typedef {import("#viewer/view").View} View
 * @typedef {import("#viewer/region").Region} Region
 * @typedef {import("#viewer/region").Count} Count
 * @typedef {import("#viewer/readings").Lens} Lens
 */

/** Words of each lens that are shown until the reader asks for the rest. */
const SHOWN = 8;

/**
 * Sets up the region's panel; the returned function shows a view in it.
 * @param {{topK?: number}} page
 * @param {{update: (changes: {region: Region | null}) => void}} reader
 */
export function createRegion({ topK = 1 }, reader) {
  const panel = byId("region");
  const lenses = byId("region-lenses");
  const line = byId("region-words");
  const choices = /** @type {HTMLInputElement[]} */ ([...panel.querySelectorAll("input")]);
  /** @type {View | null} */
  let shown = null;
  let key = "";
  let whole = false;

  byId("region-lists").textContent = `Top ${topK}`;
  byId("region-close").addEventListener("click", () => reader.update({ region: null }));
  panel.addEventListener("change", ({ target }) => {
    const region = shown?.state.region;
    if (!region || !(target instanceof HTMLInputElement)) return;
    const { from, to } = region;
    reader.update({ region: target.value === "lists" ? { from, to, lists: true } : { from, to } });
  });
  lenses.addEventListener("click", ({ target }) => {
    whole ||= target instanceof Element && target.closest("button") !== null;
    if (whole) draw();
  });

  function draw() {
    if (!shown?.state.region) return;
    const read = shown.page.lenses.map(readLens(shown, shown.state.region));
    keepFocus(lenses, () => fill(lenses, ...read.map((found) => column(found, whole))));
    fill(line, ...words(shown, shown.state.region, read));
  }

  /** @param {View} view */
  return function show(view) {
    const { image, layer, region } = view.state;
    const wanted = JSON.stringify([image, layer, region, view.shown.key]);
    if (wanted === key) return;
    if (!region) whole = false;
    key = wanted;
    shown = view;
    panel.hidden = line.hidden = region === null;
    for (const choice of choices) choice.checked = (choice.value === "lists") === (region?.lists === true);
    if (region) fill(byId("region-title"), ...titleOf(view, region));
    draw();
  };
}

/** @param {View} view @param {Region} region */
function titleOf({ page, image: { canvas }, state }, region) {
  const { top, bottom, left, right } = edgesOf(canvas, region);
  const count = cellsOf(canvas, region).length;
  return [
    make("span", {}, count === 1 ? "Region of 1 patch" : `Region of ${count} patches`),
    make("span", { class: "extent" }, `${span("row", top, bottom)}, ${span("column", left, right)}`),
    make("span", { class: "depth" }, `vision layer ${page.visionLayers[state.layer]}`),
  ];
}

/** @param {string} name @param {number} first @param {number} last */
const span = (name, first, last) => (first === last ? `${name} ${first}` : `${name}s ${first}–${last}`);

/** What a lens says in a region. @param {View} view @param {Region} region */
function readLens({ page, image, state, shown }, region) {
  const cells = cellsOf(image.canvas, region);
  return (/** @type {Lens} */ lens) => {
    const absent = page.absence(lens.id, state.layer, state.image);
    const lists = absent ? [] : listsOf(shown, lens.id, state.layer, cells, region.lists === true);
    return { lens, absent, counts: countRegion(lists) };
  };
}

/** @typedef {{lens: Lens, absent: string | null, counts: Count[]}} Found */

/** @param {Found} found @param {boolean} whole whether all words are shown */
function column({ lens, absent, counts }, whole) {
  return make(
    "section",
    { class: "region-lens", "data-lens": lens.id, "aria-label": `${lens.title} in the region` },
    make("h3", {}, lens.title),
    absent ? make("p", {}, absenceNode(absent)) : counted(lens, counts, whole),
  );
}

/** The line under the picture of narrow screens. @param {View} view @param {Region} region @param {Found[]} read */
function words({ image }, region, read) {
  const count = cellsOf(image.canvas, region).length;
  return [
    make("span", { class: "place" }, count === 1 ? "1 patch" : `${count} patches`),
    ...read.map(({ lens: { id, title }, absent, counts }) => {
      const first = counts[0] ? tokenNode(counts[0].token) : absent ? "absent" : "–";
      return make("span", { "data-lens": id, title }, first);
    }),
  ];
}

/** @param {Lens} lens @param {Count[]} counts @param {boolean} whole */
function counted(lens, counts, whole) {
  if (counts.length === 0) return make("p", { class: "quiet" }, "No token to show here.");
  const shown = whole ? counts : counts.slice(0, SHOWN);
  const rest = counts.length - shown.length;
  return make(
    "div",
    {},
    make(
      "table",
      { class: "region-table" },
      make("thead", {}, headRow(lens)),
      make("tbody", {}, ...shown.map((count) => row(count, lens.scoreName))),
    ),
    rest > 0 &&
      make("button", { type: "button", class: "more", "data-control": `more ${lens.id}` }, `${rest} more`),
  );
}

/** @param {Lens} lens */
function headRow({ scoreName }) {
  return make(
    "tr",
    {},
    make("th", { scope: "col" }, "token"),
    make("th", { scope: "col", title: "patches of the region that have it, and their share" }, "patches"),
    make("th", { scope: "col", title: `mean ${scoreName} in these patches` }, `mean ${scoreName}`),
  );
}

/** @param {Count} count @param {string} scoreName */
function row({ token, spellings, cells, share, score }, scoreName) {
  const spelled = spellings.length > 1 ? `spelled ${spellings.map(shortText).join(", ")}` : null;
  const bar = property(make("span", { class: "bar" }), "--bar", share);
  return make(
    "tr",
    {},
    make("th", { scope: "row", title: spelled }, tokenNode(token), bar),
    make("td", {}, `${cells} `, make("span", { class: "share" }, `${Math.round(100 * share)}\u202f%`)),
    make("td", {}, formatFigure(score, scoreName)),
  );
}
