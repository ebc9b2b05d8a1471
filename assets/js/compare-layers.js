/** What views repeat, worked out once: the slider comes back to layers, and most stops move a few models only. */

import { agreementMap, compareWords } from "#viewer/compare-maps";
import { Recent } from "#viewer/recent";

/**
 * @typedef {import("#viewer/maps").CellMap} CellMap
 * @typedef {import("#viewer/compare-agreement").Agreement} Agreement
 * @typedef {import("#viewer/compare-files").ImageData} ImageData
 *
 * @typedef {object} FirstWords of a lens at a layer
 * @property {(string | null)[]} tokens the first of each cell
 * @property {CellMap} map
 */

/** Agreements that are kept: those of four models at a dozen stops. */
const KEPT = 48;

/** @param {Map<string, number>} places of the frequent words @param {import("#viewer/maps").Palette} palette */
export function keptLayers(places, palette) {
  /** As long as the data are kept. @type {WeakMap<ImageData, Map<string, FirstWords>>} */
  const firsts = new WeakMap();
  /** @type {Recent<string, Agreement | null>} */
  const agreements = new Recent(KEPT);
  /** @type {WeakMap<Agreement, CellMap>} */
  const agreementMaps = new WeakMap();

  /** @type {(data: ImageData, lens: string, layer: number, cells: number) => FirstWords} */
  function read(data, lens, layer, cells) {
    const tokens = Array.from({ length: cells }, (_, cell) => data.top(lens, layer, cell)?.token ?? null);
    return { tokens, map: compareWords(tokens, places, palette) };
  }

  return {
    /** @type {typeof read} */
    firstWords(data, lens, layer, cells) {
      const known = firsts.get(data) ?? new Map();
      firsts.set(data, known);
      const key = `${lens} ${layer}`;
      const found = known.get(key) ?? read(data, lens, layer, cells);
      known.set(key, found);
      return found;
    },

    /** @param {string} key all that it depends on @param {() => Agreement | null} work */
    agreement: (key, work) => agreements.get(key, work),

    /** @param {(string | null)[]} tokens first words @param {Agreement} found */
    agreementMap(tokens, found) {
      const map = agreementMaps.get(found) ?? agreementMap(tokens, found, palette);
      agreementMaps.set(found, map);
      return map;
    },
  };
}
