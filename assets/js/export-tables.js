/**
 * The tables that can be saved while they are shown. They hold the tokens that the page shows, with the ranks
 * that are stored; a column says which kinds are left out.
 */

import { hasOnsetTable, onsetTable } from "#viewer/export-onset";
import { regionTable } from "#viewer/export-region";
import { searchTable } from "#viewer/export-search";
import { colOf, rowOf } from "#viewer/grid";

/**
 * @typedef {import("#viewer/view").View} View
 * @typedef {import("#viewer/csv").Table} Table
 * @typedef {import("#viewer/csv").Cell} Cell
 * @typedef {import("#viewer/readings").Neighbour} Neighbour
 */

/** @type {import("#viewer/take-along-view").Saved[]} */
export const TABLES = [
  { id: "lists", title: listsTitle, table: patchTable },
  { id: "layers", title: ({ state: { cursor, cell } }) => ((cursor ?? cell) === null ? null : "Through the layers"), table: layersTable },
  { id: "region", title: ({ state: { region } }) => (region ? "The region" : null), table: regionTable },
  { id: "search", title: ({ findings }) => (findings?.counted.total ? "The search" : null), table: searchTable },
  { id: "onset", title: (view) => (hasOnsetTable(view) ? "Its onset" : null), table: onsetTable },
];

/** @param {View} view */
function listsTitle(view) {
  const count = readCells(view).length;
  if (count === 0) return null;
  return count === 1 ? "This patch" : `These ${count} patches`;
}

/** One row per row of a lens's list. */
const COLUMNS = [
  "study",
  "model",
  "image",
  "vision_layer",
  "row",
  "column",
  "lens",
  "rank",
  "token_json",
  "token_id",
  "score",
  "score_is",
  "probability",
  "text_layer",
  "sentence_json",
  "token_start",
  "token_end",
  "left_out",
];

/** The lists of the patch that is read and of all pins, at this layer. @param {View} view @returns {Table} */
export function patchTable(view) {
  return { columns: COLUMNS, rows: readCells(view).flatMap((cell) => rowsOf(view, view.state.layer, cell)) };
}

/** The lists of the patch that is read, at every stored layer. @param {View} view @returns {Table} */
export function layersTable(view) {
  const cell = view.state.cursor ?? view.state.cell;
  const rows = cell === null ? [] : view.page.visionLayers.flatMap((_, layer) => rowsOf(view, layer, cell));
  return { columns: COLUMNS, rows };
}

/**
 * The patch that is read, then the pinned ones. What is under the pointer is left out: the pointer is on
 * its way to the button.
 * @param {View} view @returns {number[]}
 */
export function readCells({ state: { cursor, cell, pins } }) {
  const read = cursor ?? cell;
  const others = pins.filter((pin) => pin !== null && pin !== read);
  return /** @type {number[]} */ (read === null ? others : [read, ...others]);
}

/** @param {View} view @param {number} layer index @param {number} cell @returns {Cell[][]} */
function rowsOf(view, layer, cell) {
  const { page, image, shown } = view;
  const place = [
    page.study.id,
    page.model.id,
    image.id,
    page.visionLayers[layer],
    rowOf(image.canvas, cell),
    colOf(image.canvas, cell),
  ];
  return page.lenses.flatMap(({ id, scoreName }) =>
    shown.list(id, layer, cell).map((neighbour) => [
      ...place,
      id,
      ...listCells(neighbour, scoreName),
      shown.without.join(", "),
    ]),
  );
}

/** @param {Neighbour} neighbour @param {string} scoreName @returns {Cell[]} */
function listCells({ rank, token, tokenId, score, probability, textLayer, context }, scoreName) {
  return [
    rank,
    { text: token },
    tokenId,
    figure(score),
    scoreName,
    figure(probability),
    textLayer,
    context && { text: context.text },
    context && context.start,
    context && context.end,
  ];
}

/** As many decimals as the page keeps. @param {number | null} value @returns {number | null} */
const figure = (value) => (value === null ? null : Math.round(value * 1000) / 1000);
