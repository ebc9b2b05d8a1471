/** What a search has found so far, made ready for the panels: counted, walked, and by image and layer. */

import { cellsAt, countHits, placesOf } from "#viewer/hits";
import { countOnsets, onsets } from "#viewer/onset";
import { namesRow } from "#viewer/search-matcher";
import { imagesShowing } from "#viewer/shown-words";

/**
 * @typedef {import("#viewer/find").Find} Find
 * @typedef {import("#viewer/finder").Found} Found
 *
 * @typedef {object} Findings
 * @property {Find} find
 * @property {Found} found
 * @property {import("#viewer/hits").Counted} counted
 * @property {ReturnType<typeof placesOf>} walk
 * @property {(image: number, layer: number) => Uint16Array | null} cells hits by cell; null where there is none
 * @property {(lens: string, layer: number, row: import("#viewer/readings").Neighbour) => boolean} names whether a
 *   row of a list is a hit
 * @property {boolean} hasOnset whether an onset can be asked for: a sentence that holds a word does not name it
 * @property {(lens: string, image: number) => Int16Array | null} onsets by cell
 * @property {() => Onsets} countedOnsets
 *
 * @typedef {ReturnType<typeof countOnsets>[]} Onsets by lens
 */

/**
 * Makes findings of a page's finder; the same object as long as nothing has changed. Which images show the word is
 * worked out once, not for each image that the search has read.
 * @param {{lenses: {id: string}[], visionLayers: number[], images: import("#viewer/shown-words").Described[]}} page
 * @param {{find: (find: Find, image: number) => Found}} finder
 * @returns {(find: Find | null, image: number) => Findings | null}
 */
export function findingsMaker(page, finder) {
  /** @type {{find: Find, found: Found, made: Findings} | null} */
  let last = null;
  const shown = shownReader(page.images);
  return (find, image) => {
    if (!find) return null;
    const found = finder.find(find, image);
    if (last?.find !== find || last.found !== found) last = { find, found, made: findings(page, find, found, shown) };
    return last.made;
  };
}

/**
 * @param {{lenses: {id: string}[], visionLayers: number[], images: import("#viewer/shown-words").Described[]}} page
 * @param {Find} find @param {Found} found @param {ReturnType<typeof shownReader>} shown @returns {Findings}
 */
function findings(page, find, found, shown) {
  const lensOf = (/** @type {string | null} */ id) => page.lenses.findIndex((lens) => lens.id === id);
  const [lenses, layers] = [page.lenses.length, page.visionLayers.length];
  const lens = find.lens === null ? null : lensOf(find.lens);
  const filter = { lens, from: find.from, to: find.to };
  const hasOnset = find.where === "tokens" && found.asked;
  return {
    find,
    found,
    counted: countHits(found.hits, lenses, layers, filter),
    walk: placesOf(found.hits, lenses, layers, filter),
    cells(image, layer) {
      const hits = found.hits[image];
      if (!hits || layer < find.from || layer > find.to) return null;
      const cells = cellsAt(hits, lenses, layers, layer, lens);
      return cells.some(Boolean) ? cells : null;
    },
    names: (id, layer, row) =>
      found.asked &&
      (find.lens ?? id) === id &&
      layer >= find.from &&
      layer <= find.to &&
      row.rank <= find.rank &&
      namesRow(find, row),
    hasOnset,
    onsets(id, image) {
      const hits = found.hits[image];
      return hasOnset && hits ? onsets(hits, lensOf(id)) : null;
    },
    countedOnsets: () => page.lenses.map((_, index) => countOnsets(found.hits, shown(find), index, layers)),
  };
}

/**
 * What images show of the text searched for, kept until the text changes.
 * @param {import("#viewer/shown-words").Described[]} images
 */
function shownReader(images) {
  /** @type {{key: string, shown: import("#viewer/shown-words").Shown[]}} */
  let last = { key: "", shown: [] };
  return (/** @type {Find} */ find) => {
    const key = `${find.by} ${find.text}`;
    if (last.key !== key) last = { key, shown: imagesShowing(images, find) };
    return last.shown;
  };
}
