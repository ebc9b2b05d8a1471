/**
 * The view: everything that the panels need to draw one moment of the page, made anew on each change.
 * Panels read it and keep nothing of their own that could disagree with it.
 */

import { mapReader } from "#viewer/map-reader";
import { onsetMapReader } from "#viewer/onset-map";
import { rankedData } from "#viewer/ranking";
import { shownTokens } from "#viewer/shown-tokens";

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
 * @property {{id: string, title: string}} study
 * @property {{id: string, title: string, numLayers: number} & Record<string, unknown>} model
 * @property {number[]} visionLayers
 * @property {number[]} textLayers
 * @property {import("#viewer/readings").Lens[]} lenses
 * @property {PageImage[]} images
 * @property {number} [topK] tokens of a list
 * @property {boolean} [rankedTwice] whether LN-Lens is stored by cosine and by percentile
 * @property {string[]} [judges] ids of those that judged the model
 * @property {string | null} [judge] the one whose verdicts are shown first
 * @property {Record<string, string>} [judgeTitles] by id
 * @property {string[]} [frequentWords] most frequent first tokens of the study
 * @property {import("#viewer/shown-tokens").DefaultToken[]} [defaultTokens]
 * @property {import("#viewer/cite").Citation} citation where the page's results come from
 * @property {(index: number) => Promise<import("#viewer/readings").ImageData>} image
 * @property {Page | null} [byPercentile] the page with LN-Lens by percentile; null where there is none
 * @property {(index: number) => Promise<void>} picture resolves when the exact canvas can be shown
 * @property {(lens: string, layer: number, image: number) => string | null} absence
 * @property {{reason: string, images: string[]}[]} [absentImages] images that are promised and not shown
 *
 * @typedef {(find: import("#viewer/find").Find | null, image: number,
 *   ranking?: import("#viewer/ranking").Ranking) => import("#viewer/findings").Findings | null} FindingsOf
 *
 * @typedef {object} View
 * @property {Page} page
 * @property {import("#viewer/hash").State} state
 * @property {number | null} hover
 * @property {number | null} cell the patch to read: under the pointer, else under the cursor, else pinned
 * @property {PageImage} image
 * @property {import("#viewer/readings").ImageData} data
 * @property {import("#viewer/shown-tokens").ShownTokens} shown the tokens that the reader wants to see
 * @property {import("#viewer/maps").CellMap | null} map
 * @property {(layer: number) => import("#viewer/maps").CellMap | null} mapAt the same map at another layer
 * @property {import("#viewer/findings").Findings | null} findings of the search; null while there is none
 */

/**
 * Makes views of a page, by cosine or, where a state asks for it and the page has it, by percentile.
 * @param {Page} page @param {import("#viewer/maps").Palette} palette
 * @param {FindingsOf} [findingsOf]
 * @returns {(state: import("#viewer/hash").State, hover: number | null,
 *   data: import("#viewer/readings").ImageData) => View}
 */
export function viewMaker(page, palette, findingsOf = () => null) {
  const plain = oneRanking(page, palette, findingsOf);
  const other = page.byPercentile && oneRanking(page.byPercentile, palette, findingsOf);
  return (state, hover, data) =>
    other && state.ranking === "percentile" ? other(state, hover, rankedData(data)) : plain(state, hover, data);
}

/** @type {typeof viewMaker} */
function oneRanking(page, palette, findingsOf = () => null) {
  const readMap = mapReader(page, palette);
  const readOnsets = onsetMapReader(page, palette);
  return (state, hover, data) => {
    const shown = shownTokens(page, state, data);
    const findings = findingsOf(state.find, state.image, state.ranking);
    const mapAt = (/** @type {number} */ layer) =>
      state.map === "onset" ? readOnsets(state, findings) : readMap(state, layer, data, shown);
    return {
      page,
      state,
      hover,
      cell: hover ?? state.cursor ?? state.cell,
      image: page.images[state.image],
      data,
      shown,
      map: mapAt(state.layer),
      mapAt,
      findings,
    };
  };
}
