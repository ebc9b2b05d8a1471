/** What the comparison shows at one moment, worked out from the state and from what was loaded. */

import { agreement } from "#viewer/compare-agreement";
import { layerAt } from "#viewer/compare-depth";
import { keptLayers } from "#viewer/compare-layers";
import { cellLinks } from "#viewer/compare-links";
import { linkOf, UNSEEN } from "#viewer/compare-place";
import { WordNumbers } from "#viewer/compare-words";
import { cellCount } from "#viewer/grid";

/**
 * @typedef {import("#viewer/compare-files").ComparePage} ComparePage
 * @typedef {import("#viewer/compare-files").Loaded} Loaded
 * @typedef {import("#viewer/compare-link").CompareState} CompareState
 * @typedef {import("#viewer/compare-link").Spot} Spot
 * @typedef {import("#viewer/compare-agreement").Words} Words
 *
 * @typedef {object} Column one model
 * @property {number} index in page.models
 * @property {import("#viewer/compare-files").CompareModel} model
 * @property {number} layer index of the stored layer that is shown
 * @property {import("#viewer/compare-files").Geometry | null} canvas null if it did not see the image
 * @property {Loaded | null} loaded
 * @property {string} problem why there is nothing to show, or ""
 * @property {(string | null)[]} tokens the first token of each cell
 * @property {import("#viewer/compare-agreement").Agreement | null} agreement with the others
 * @property {import("#viewer/maps").CellMap | null} map
 *
 * @typedef {object} CompareView
 * @property {ComparePage} page
 * @property {CompareState} state
 * @property {Column[]} columns
 * @property {boolean} byCanvas whether places are told by the pictures' edges
 * @property {(spot: Spot, column: number) => number} counterpart cell of a column, or UNSEEN, or PADDING
 */

/**
 * Makes views. What is slow to work out is kept: links by pair of canvases, words and their maps by layer.
 * @param {ComparePage} page @param {import("#viewer/maps").Palette} palette
 */
export function compareViews(page, palette) {
  const numbers = new WordNumbers();
  const layers = keptLayers(new Map(page.frequentWords.map((word, place) => [word, place])), palette);
  const between = cellLinks(page);

  /** @param {Loaded | null} loaded @param {string} lens @param {number} layer @returns {Words | null} */
  const wordsOf = (loaded, lens, layer) => loaded && numbers.read(loaded.data, lens, layer);

  /**
   * How often the others name the words of `mine` on `image`; they read `theirs`, another image for chance.
   * @param {CompareState} state @param {Seen[]} mine @param {Seen[]} theirs @param {number} at column
   */
  function agreementOf(state, mine, theirs, at) {
    const words = wordsOf(mine[at].loaded, state.lens, mine[at].layer);
    if (!words) return null;
    const others = theirs.flatMap((other, index) => {
      const read = index === at ? null : wordsOf(other.loaded, state.lens, other.layer);
      const cells = between(mine[at].index, other.index, state.image, other.image);
      return read ? [{ words: read, cells }] : [];
    });
    return agreement(words, others, state.first);
  }

  /** @param {CompareState} state @param {number} index @param {Loaded | null} loaded @param {string} problem */
  function column(state, index, loaded, problem) {
    const model = page.models[index];
    const layer = layerAt(model, state.depth);
    const canvas = page.canvasOf(index, state.image);
    const firsts =
      loaded && canvas ? layers.firstWords(loaded.data, state.lens, layer, cellCount(canvas)) : null;
    return { index, model, layer, canvas, loaded, problem, firsts, image: state.image };
  }

  /** @param {CompareState} state @param {ReturnType<typeof column>[]} bare @param {number} at @returns {Column} */
  function withOthers(state, bare, at) {
    const { firsts, ...one } = bare[at];
    const shown = bare.map(({ index, layer, loaded }) => [index, layer, loaded !== null]);
    const key = [state.image, state.lens, state.first, ...shown, at].join(" ");
    const agreement = layers.agreement(key, () => agreementOf(state, bare, bare, at));
    const tokens = firsts?.tokens ?? [];
    const words = state.map === "words" && firsts ? firsts.map : null;
    const map = state.map === "agreement" && agreement ? layers.agreementMap(tokens, agreement) : words;
    return { ...one, tokens, agreement, map };
  }

  return {
    agreementOf,
    /** @param {CompareState} state @param {{loaded: Loaded | null, problem: string}[]} found @returns {CompareView} */
    view(state, found) {
      const bare = state.models.map((index, at) => column(state, index, found[at].loaded, found[at].problem));
      const columns = bare.map((_, at) => withOthers(state, bare, at));
      return {
        page,
        state,
        columns,
        byCanvas: toldByCanvas(columns),
        counterpart: (spot, at) =>
          spot.model === state.models[at]
            ? spot.cell
            : (between(spot.model, state.models[at], state.image)[spot.cell] ?? UNSEEN),
      };
    },
  };
}

/** @typedef {{index: number, layer: number, loaded: Loaded | null, image: number}} Seen */

/** Whether any two of the pictures are linked by their edges only. @param {Column[]} columns */
function toldByCanvas(columns) {
  const canvases = columns.flatMap(({ canvas }) => canvas ?? []);
  return canvases.some((one) => canvases.some((other) => one !== other && linkOf(one, other).by === "canvas"));
}
