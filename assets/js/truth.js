/** Ground truth of a cell: which annotated regions are in it. */

/**
 * @typedef {object} Region
 * @property {string} kind "object" or "background"
 * @property {string[]} words nouns that name it, synonyms included
 * @property {string[]} attributes
 * @property {number[]} box [x0, y0, x1, y1] in canvas pixels; empty where the canvas does not know its source
 * @property {[number, number][]} cells each cell of which its visible pixels cover at least a quarter, with the
 *   covered share in %
 */

/**
 * Regions that are in a cell by the rule of the annotations judge, so that page and verdicts agree: objects
 * before backgrounds, then the one that covers most of the cell first.
 * @param {Region[]} regions @param {number} cell
 * @returns {{region: Region, share: number}[]} `share` of the cell that is covered, in %
 */
export function regionsOf(regions, cell) {
  return regions
    .flatMap((region) => region.cells.filter(([at]) => at === cell).map(([, share]) => ({ region, share })))
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
