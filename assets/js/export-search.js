/** The results of the search as a table: one row per lens, image, layer and patch with a hit. */

import { colOf, rowOf } from "#viewer/grid";

/** @typedef {import("#viewer/view").View} View */

const COLUMNS = [
  "study",
  "model",
  "search_json",
  "by",
  "where",
  "up_to_rank",
  "image",
  "lens",
  "vision_layer",
  "row",
  "column",
  "hits",
];

/** @param {View} view @returns {import("#viewer/csv").Table} */
export function searchTable({ page, findings }) {
  if (!findings) return { columns: COLUMNS, rows: [] };
  const { find, found } = findings;
  const asked = [page.study.id, page.model.id, { text: find.text }, find.by, find.where, find.rank];
  const lenses = page.lenses.map(({ id }, index) => ({ id, index })).filter(({ id }) => (find.lens ?? id) === id);
  const layers = page.visionLayers.map((depth, index) => ({ depth, index })).slice(find.from, find.to + 1);
  const rows = page.images.flatMap(({ id: image, canvas }, at) => {
    const hits = found.hits[at];
    if (!hits) return [];
    return lenses.flatMap((lens) =>
      layers.flatMap((layer) => {
        const start = (lens.index * page.visionLayers.length + layer.index) * hits.cells;
        const counts = [...hits.counts.subarray(start, start + hits.cells)];
        return counts.flatMap((count, cell) =>
          count > 0 ? [[...asked, image, lens.id, layer.depth, rowOf(canvas, cell), colOf(canvas, cell), count]] : [],
        );
      }),
    );
  });
  return { columns: COLUMNS, rows };
}
