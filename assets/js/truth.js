/** Ground truth of a cell: which annotated regions its box meets. */

import { cellBox, overlap } from "#viewer/grid";

/**
 * @typedef {object} Region
 * @property {string} kind "object" or "background"
 * @property {string[]} words nouns that name it, synonyms included
 * @property {string[]} attributes
 * @property {number[]} box [x0, y0, x1, y1] in canvas pixels; empty where the canvas does not know its source
 */

/** @param {number[]} box [x0, y0, x1, y1] @returns {import("#viewer/grid").Box} */
const asBox = ([x0, y0, x1, y1]) => ({ x: x0, y: y0, width: x1 - x0, height: y1 - y0 });

/**
 * Regions whose box meets a cell, the one that covers most of the cell first, objects before backgrounds.
 * @param {Region[]} regions @param {import("#viewer/grid").Canvas} canvas @param {number} cell
 * @returns {{region: Region, share: number}[]} `share` of the cell inside the region's box, 0 to 1
 */
export function regionsOf(regions, canvas, cell) {
  const box = cellBox(canvas, cell);
  const area = box.width * box.height;
  return regions
    .filter((region) => region.box.length === 4)
    .map((region) => ({ region, share: overlap(asBox(region.box), box) / area }))
    .filter(({ share }) => share > 0)
    .sort((a, b) => rank(a.region) - rank(b.region) || b.share - a.share);
}

/** @param {Region} region */
const rank = (region) => (region.kind === "object" ? 0 : 1);

/**
 * A region in two words: the first of its attributes and of its nouns. The others are synonyms.
 * @param {Region} region @returns {string}
 */
export function nameRegion(region) {
  return [...region.attributes.slice(0, 1), region.words[0] ?? region.kind].join(" ");
}
