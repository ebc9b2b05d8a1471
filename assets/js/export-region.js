/** The words of the region as a table: one row per word and lens, as the region's panel counts them. */

import { cellsOf, countRegion, edgesOf, listsOf } from "#viewer/region";

/** @typedef {import("#viewer/view").View} View */

const COLUMNS = [
  "study",
  "model",
  "image",
  "vision_layer",
  "first_row",
  "last_row",
  "first_column",
  "last_column",
  "counted",
  "lens",
  "token_json",
  "spellings_json",
  "patches",
  "share",
  "mean_score",
  "score_is",
  "left_out",
];

/** @param {View} view @returns {import("#viewer/csv").Table} */
export function regionTable({ page, state, image, shown }) {
  const { region } = state;
  if (!region) return { columns: COLUMNS, rows: [] };
  const { top, bottom, left, right } = edgesOf(image.canvas, region);
  const whole = region.lists === true;
  const place = [page.study.id, page.model.id, image.id, page.visionLayers[state.layer], top, bottom, left, right];
  const cells = cellsOf(image.canvas, region);
  const rows = page.lenses.flatMap(({ id, scoreName }) =>
    countRegion(listsOf(shown, id, state.layer, cells, whole)).map(({ token, spellings, cells: count, share, score }) => [
      ...place,
      whole ? "whole lists" : "first tokens",
      id,
      { text: token },
      { text: spellings },
      count,
      rounded(share),
      rounded(score),
      scoreName,
      shown.without.join(", "),
    ]),
  );
  return { columns: COLUMNS, rows };
}

/** @param {number} value */
const rounded = (value) => Math.round(value * 1000) / 1000;
