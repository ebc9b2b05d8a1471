/**
 * Onset: where in depth a word arrives. A cell's onset is the first stored layer at which a lens names the word
 * within the rank searched for, and names it at the next stored layer too: a word that comes up at one layer only
 * has not arrived. At the last stored layer nothing can be seen to last, so it is nobody's onset, unless it is the
 * only layer there is. Layers at which the lens is absent are passed over.
 */

/**
 * @typedef {import("#viewer/search").Hits} Hits
 *
 * @typedef {object} Group images that are counted together
 * @property {number} images
 * @property {number} cells
 * @property {number[]} counts cells whose onset is at a layer, by layer
 */

/**
 * The onset of each cell as an index of layers; -1: never.
 * @param {Hits} hits @param {number} lens index @returns {Int16Array}
 */
export function onsets({ cells, counts, stored }, lens) {
  const layers = stored[lens].flatMap((there, layer) => (there ? [layer] : []));
  const at = (/** @type {number} */ layer) => (lens * stored[lens].length + layer) * cells;
  const found = new Int16Array(cells).fill(-1);
  layers.forEach((layer, place) => {
    if (place + 1 === layers.length && place > 0) return;
    const [here, next] = [at(layer), at(layers[place + 1] ?? layer)];
    for (let cell = 0; cell < cells; cell += 1) {
      if (found[cell] < 0 && counts[here + cell] > 0 && counts[next + cell] > 0) found[cell] = layer;
    }
  });
  return found;
}

/**
 * Onsets of a lens counted over images, apart for those that show the word, those that do not, those that show
 * only something like it, and those that nobody has described.
 * @param {(Hits | undefined)[]} hits by image @param {import("#viewer/shown-words").Shown[]} shown by image
 * @param {number} lens index @param {number} layers count
 * @returns {Record<import("#viewer/shown-words").Shown, Group>}
 */
export function countOnsets(hits, shown, lens, layers) {
  const group = () => ({ images: 0, cells: 0, counts: new Array(layers).fill(0) });
  const groups = { shows: group(), unclear: group(), without: group(), undescribed: group() };
  hits.forEach((found, image) => {
    if (!found) return;
    const to = groups[shown[image]];
    to.images += 1;
    to.cells += found.cells;
    for (const layer of onsets(found, lens)) if (layer >= 0) to.counts[layer] += 1;
  });
  return groups;
}

/** Cells per 1000, so that groups of different sizes can be compared. @param {Group} group */
export const perThousand = ({ cells, counts }) => counts.map((count) => (cells ? (1000 * count) / cells : 0));
