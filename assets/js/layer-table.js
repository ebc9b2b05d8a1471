/** The layer table: for the chosen patch, the first tokens of every lens at every stored vision layer. */

import { wordColour } from "#viewer/colours";
import { absenceText } from "#viewer/absence-view";
import { byId, fill, make, property, tokenNode } from "#viewer/dom";
import { describeLayer } from "#viewer/layers";
import { shortText } from "#viewer/tokens";
import { judgeOf, relationOf } from "#viewer/verdicts";
import { isWord, normalise } from "#viewer/words";

/** @typedef {import("#viewer/view").View} View */

/** Tokens of each list that a row has room for. */
const TOKENS = 3;

/**
 * Sets up the table; the returned function shows a view in it.
 * @param {{update: (changes: {layer: number}) => void}} reader
 * @param {Map<string, number>} places of the frequent words @param {import("#viewer/maps").Palette} palette
 */
export function createLayerTable(reader, places, palette) {
  const table = byId("layer-table");
  const head = byId("layer-table-head");
  const body = byId("layer-table-body");
  let key = "";

  body.addEventListener("click", (event) => {
    const row = event.target instanceof Element ? event.target.closest("tr") : null;
    if (row?.dataset.layer) reader.update({ layer: Number(row.dataset.layer) });
  });

  /** @param {View} view */
  return function show(view) {
    const { page, state, cell } = view;
    table.hidden = cell === null;
    const wanted = `${state.image} ${cell} ${view.shown.key}`;
    if (wanted !== key && cell !== null) {
      fill(head, headRow(page));
      fill(body, ...page.visionLayers.map((layer, index) => layerRow(view, index, colourOf)));
      key = wanted;
    }
    markCurrent(body, state.layer);
  };

  /** @param {string} token */
  function colourOf(token) {
    return isWord(token) ? wordColour(normalise(token), places, palette.word) : palette.quiet;
  }
}

/** @param {import("#viewer/view").Page} page */
function headRow(page) {
  return make(
    "tr",
    {},
    make("th", { scope: "col" }, "vision layer"),
    ...page.lenses.map(({ id, title }) => make("th", { scope: "col", "data-lens": id }, ...columnName(id, title))),
  );
}

/** LN-Lens has a second axis: the text layer of each first token. @param {string} lens @param {string} title */
function columnName(lens, title) {
  if (lens !== "contextual") return [title];
  return [make("span", { class: "axes" }, make("span", {}, title), make("span", { class: "axis" }, "text layer"))];
}

/** @param {HTMLElement} body @param {number} current index */
function markCurrent(body, current) {
  body.querySelectorAll("tr").forEach((row, index) => {
    if (index === current) row.setAttribute("aria-current", "true");
    else row.removeAttribute("aria-current");
  });
}

/** @param {View} view @param {number} index @param {(token: string) => string} colourOf */
function layerRow(view, index, colourOf) {
  const layer = view.page.visionLayers[index];
  const button = make(
    "button",
    {
      type: "button",
      title: describeLayer(layer, view.page.model.numLayers),
      "aria-label": `go to vision layer ${layer}`,
    },
    String(layer),
  );
  return make(
    "tr",
    { "data-layer": index },
    make("th", { scope: "row" }, button),
    ...view.page.lenses.map(({ id }) => lensCell(view, id, index, colourOf)),
  );
}

/**
 * @param {View} view @param {string} lens @param {number} index
 * @param {(token: string) => string} colourOf
 */
function lensCell(view, lens, index, colourOf) {
  const cell = /** @type {number} */ (view.cell);
  const absent = view.page.absence(lens, index, view.state.image);
  if (absent) return make("td", { class: "absent", title: absenceText(absent) }, "absent");
  const list = view.shown.list(lens, index, cell).slice(0, TOKENS);
  const judgment = view.data.judgment(lens, index, cell, judgeOf(view.state, view.page));
  const tokens = list.map((neighbour) =>
    make(
      "span",
      {
        class: "top",
        "data-relation": relationOf(judgment, neighbour),
        "data-dim": view.shown.dims(lens, index, neighbour.token, neighbour.rank),
      },
      tokenNode(neighbour.token),
    ),
  );
  const swatch =
    list.length > 0 && property(make("span", { class: "swatch" }), "--swatch", colourOf(list[0].token));
  const tops = make("span", { class: "tops", title: list.map(({ token }) => shortText(token)).join(" · ") || null }, swatch, ...tokens);
  const depth = list[0]?.textLayer ?? null;
  if (depth === null) return make("td", { "data-lens": lens }, tops);
  const badge = make("span", { class: "text-layer", title: `text layer ${depth}` }, String(depth));
  return make("td", { "data-lens": lens }, make("span", { class: "axes" }, tops, badge));
}
