/**
 * The onset of the text searched for as a table: one row per lens, group of images and layer, with the counts
 * that shares and intervals are made of.
 */

/** @typedef {import("#viewer/view").View} View */

const COLUMNS = ["study", "model", "search_json", "by", "up_to_rank", "lens", "images_that", "images", "patches", "vision_layer", "onsets"];

/** @type {Record<import("#viewer/shown-words").Shown, string>} */
const GROUPS = {
  shows: "show it",
  without: "do not show it",
  unclear: "show something similar",
  undescribed: "are not described",
};

/** @param {View} view */
export const hasOnsetTable = ({ findings }) => findings !== null && findings.hasOnset && findings.counted.total > 0;

/** @param {View} view @returns {import("#viewer/csv").Table} */
export function onsetTable({ page, findings }) {
  if (!findings) return { columns: COLUMNS, rows: [] };
  const { find } = findings;
  const asked = [page.study.id, page.model.id, { text: find.text }, find.by, find.rank];
  const rows = findings.countedOnsets().flatMap((groups, index) => {
    const lens = page.lenses[index].id;
    if ((find.lens ?? lens) !== lens) return [];
    return Object.entries(groups).flatMap(([group, { images, cells, counts }]) =>
      images === 0
        ? []
        : counts.map((count, layer) => [
            ...asked,
            lens,
            GROUPS[/** @type {keyof typeof GROUPS} */ (group)],
            images,
            cells,
            page.visionLayers[layer],
            count,
          ]),
    );
  });
  return { columns: COLUMNS, rows };
}
