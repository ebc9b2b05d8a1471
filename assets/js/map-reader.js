/** The maps of a page: each is read once and kept, so that going back and forth through the layers costs nothing. */

import { cellCount } from "#viewer/grid";
import { readMap, usesLens } from "#viewer/maps";
import { judgeOf } from "#viewer/verdicts";
import { wordPlaces } from "#viewer/words";

/**
 * @typedef {import("#viewer/hash").State} State
 * @typedef {import("#viewer/maps").CellMap} CellMap
 * @typedef {import("#viewer/readings").ImageData} ImageData
 * @typedef {import("#viewer/shown-tokens").ShownTokens} ShownTokens
 */

/** Maps that are kept: all layers of a few images. One of 729 cells takes some 20 kB. */
const KEPT = 96;

/**
 * Reads maps of a page.
 * @param {import("#viewer/view").Page} page @param {import("#viewer/maps").Palette} palette
 * @returns {(state: State, layer: number, data: ImageData, shown: ShownTokens) => CellMap | null} the map that
 *   a state asks for, at any layer
 */
export function mapReader(page, palette) {
  const places = wordPlaces(page.frequentWords ?? []);
  /** @type {Map<string, CellMap | null>} */
  const kept = new Map();
  return (state, layer, data, shown) => {
    const lens = usesLens(state.map) ? state.lens : "";
    const judge = state.map === "verdict" ? judgeOf(state, page) : "";
    const key = [state.map, lens, layer, state.image, judge, shown.key].join(" ");
    const known = kept.get(key);
    if (known !== undefined) return known;
    const oldest = kept.keys().next();
    if (kept.size >= KEPT && !oldest.done) kept.delete(oldest.value);
    const map = readMap(state.map, sourceOf(page, { ...state, layer }, data, shown, places), palette);
    kept.set(key, map);
    return map;
  };
}

/**
 * @param {import("#viewer/view").Page} page @param {State} state @param {ImageData} data
 * @param {ShownTokens} shown @param {Map<string, number>} places @returns {import("#viewer/maps").Source}
 */
function sourceOf(page, state, data, shown, places) {
  return {
    data,
    shown,
    lens: state.lens,
    layer: state.layer,
    layers: page.visionLayers.length,
    cells: cellCount(page.images[state.image].canvas),
    textLayers: page.textLayers,
    places,
    scoreName: page.lenses.find(({ id }) => id === state.lens)?.scoreName ?? "score",
    judge: judgeOf(state, page),
  };
}
