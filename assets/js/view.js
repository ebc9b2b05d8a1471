/**
 * The view: everything that the panels need to draw one moment of the page, made anew on each change.
 * Panels read it and keep nothing of their own that could disagree with it.
 */

import { cellCount } from "#viewer/grid";
import { readMap } from "#viewer/maps";
import { shownTokens } from "#viewer/shown-tokens";
import { normalise } from "#viewer/words";

/**
 * @typedef {object} PageImage
 * @property {string} id
 * @property {string | null} caption by the data set
 * @property {string | null} generatedCaption by the model
 * @property {import("#viewer/grid").Canvas & {src: string}} canvas
 * @property {import("#viewer/truth").Region[]} regions
 * @property {string} [thumbnail] URL of a smaller picture
 *
 * @typedef {object} Page what openPage gives
 * @property {{id: string, title: string, numLayers: number} & Record<string, unknown>} model
 * @property {number[]} visionLayers
 * @property {number[]} textLayers
 * @property {number} [topK] tokens of a list
 * @property {import("#viewer/readings").Lens[]} lenses
 * @property {PageImage[]} images
 * @property {string[]} [frequentWords] most frequent first tokens of the study
 * @property {import("#viewer/shown-tokens").DefaultToken[]} [defaultTokens]
 * @property {(index: number) => Promise<import("#viewer/readings").ImageData>} image
 * @property {(lens: string, layer: number, image: number) => string | null} absence
 *
 * @typedef {object} View
 * @property {Page} page
 * @property {import("#viewer/hash").State} state
 * @property {number | null} hover
 * @property {number | null} cell the patch to read: hovered, else pinned
 * @property {PageImage} image
 * @property {import("#viewer/readings").ImageData} data
 * @property {import("#viewer/shown-tokens").ShownTokens} shown the tokens that the reader wants to see
 * @property {import("#viewer/maps").CellMap | null} map
 */

/**
 * Place of each frequent word in the page's list; spellings of one word share the first place.
 * @param {string[]} tokens @returns {Map<string, number>}
 */
export function wordPlaces(tokens) {
  const places = new Map();
  for (const word of tokens.map(normalise)) if (!places.has(word)) places.set(word, places.size);
  return places;
}

/**
 * Makes views of a page. The map is read again only when what it shows has changed.
 * @param {Page} page @param {import("#viewer/maps").Palette} palette
 * @returns {(state: import("#viewer/hash").State, hover: number | null,
 *   data: import("#viewer/readings").ImageData) => View}
 */
export function viewMaker(page, palette) {
  const places = wordPlaces(page.frequentWords ?? []);
  let key = "";
  /** @type {import("#viewer/maps").CellMap | null} */
  let map = null;
  return (state, hover, data) => {
    const image = page.images[state.image];
    const shown = shownTokens(page, state, data);
    const wanted = [state.map, state.lens, state.layer, state.image].join(" ");
    if (wanted !== key) map = readMap(state.map, sourceOf(page, state, data, places), palette);
    key = wanted;
    return { page, state, hover, cell: hover ?? state.cell, image, data, shown, map };
  };
}

/**
 * @param {Page} page @param {import("#viewer/hash").State} state
 * @param {import("#viewer/readings").ImageData} data @param {Map<string, number>} places
 * @returns {import("#viewer/maps").Source}
 */
function sourceOf(page, state, data, places) {
  return {
    data,
    lens: state.lens,
    layer: state.layer,
    layers: page.visionLayers.length,
    cells: cellCount(page.images[state.image].canvas),
    textLayers: page.textLayers,
    places,
    scoreName: page.lenses.find(({ id }) => id === state.lens)?.scoreName ?? "score",
  };
}
