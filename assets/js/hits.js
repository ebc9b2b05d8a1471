/**
 * Hits counted and walked. A hit is a row of a lens's list that matches; a place is a patch at a layer of an
 * image with at least one.
 */

/**
 * @typedef {import("#viewer/search").Hits} Hits
 *
 * @typedef {object} Filter
 * @property {number | null} lens index of the one lens that counts, null for all
 * @property {number} from index of the first vision layer that counts
 * @property {number} to index of the last
 *
 * @typedef {object} Counted
 * @property {number} total hits by all filters
 * @property {number} places by all filters
 * @property {number[]} byLens hits of each lens in the layers that count
 * @property {number[][]} byLayer hits by lens and layer, whatever the filters
 * @property {CountedImage[]} images with at least one hit
 *
 * @typedef {object} CountedImage
 * @property {number} image index
 * @property {number} total
 * @property {number} places
 * @property {Uint16Array} cells hits by cell
 *
 * @typedef {{image: number, layer: number, cell: number}} Place
 */

/**
 * @param {(Hits | undefined)[]} hits by image @param {number} lenses count @param {number} layers count
 * @param {Filter} filter @returns {Counted}
 */
export function countHits(hits, lenses, layers, filter) {
  const byLayer = Array.from({ length: lenses }, () => new Array(layers).fill(0));
  /** @type {CountedImage[]} */
  const images = [];
  hits.forEach((found, image) => {
    if (!found) return;
    addByLayer(found, byLayer, layers);
    const counted = countImage(found, lenses, layers, filter);
    if (counted.total > 0) images.push({ image, ...counted });
  });
  const byLens = byLayer.map((counts) => sum(counts.slice(filter.from, filter.to + 1)));
  const [total, places] = [sum(images.map((image) => image.total)), sum(images.map((image) => image.places))];
  return { total, places, byLens, byLayer, images };
}

/** @param {number[]} values */
const sum = (values) => values.reduce((a, b) => a + b, 0);

/** @param {Hits} hits @param {number[][]} byLayer @param {number} layers */
function addByLayer({ counts, cells }, byLayer, layers) {
  byLayer.forEach((totals, lens) => {
    for (let layer = 0; layer < layers; layer += 1) {
      const start = (lens * layers + layer) * cells;
      for (let cell = start; cell < start + cells; cell += 1) totals[layer] += counts[cell];
    }
  });
}

/** @param {Hits} hits @param {number} lenses @param {number} layers @param {Filter} filter */
function countImage(hits, lenses, layers, filter) {
  const cells = new Uint16Array(hits.cells);
  let [total, places] = [0, 0];
  for (let layer = filter.from; layer <= filter.to; layer += 1) {
    const here = cellsAt(hits, lenses, layers, layer, filter.lens);
    here.forEach((count, cell) => {
      cells[cell] += count;
      total += count;
      if (count > 0) places += 1;
    });
  }
  return { total, places, cells };
}

/**
 * Hits by cell at a layer, of one lens or of all.
 * @param {Hits} hits @param {number} lenses @param {number} layers counts @param {number} layer
 * @param {number | null} only @returns {Uint16Array}
 */
export function cellsAt({ counts, cells }, lenses, layers, layer, only) {
  const found = new Uint16Array(cells);
  for (let lens = only ?? 0; lens <= (only ?? lenses - 1); lens += 1) {
    const start = (lens * layers + layer) * cells;
    for (let cell = 0; cell < cells; cell += 1) found[cell] += counts[start + cell];
  }
  return found;
}

/**
 * A walk over the places of a search, image by image, in each from the first layer down and row by row.
 * @param {(Hits | undefined)[]} hits by image @param {number} lenses @param {number} layers counts
 * @param {Filter} filter
 */
export function placesOf(hits, lenses, layers, filter) {
  const read = hits.flatMap((found, image) => (found ? [{ found, image }] : []));
  const depth = filter.to - filter.from + 1;
  const isHit = (/** @type {Hits} */ found, /** @type {number} */ layer, /** @type {number} */ cell) => {
    for (let lens = filter.lens ?? 0; lens <= (filter.lens ?? lenses - 1); lens += 1) {
      if (found.counts[(lens * layers + layer) * found.cells + cell] > 0) return true;
    }
    return false;
  };

  /**
   * The first place of an image after (1) or before (-1) one of its places.
   * @param {{found: Hits, image: number}} of @param {number} at (layer - from) * cells + cell @param {1 | -1} step
   * @returns {Place | null}
   */
  function within({ found, image }, at, step) {
    const { cells } = found;
    for (let place = at + step; place >= 0 && place < depth * cells; place += step) {
      const layer = filter.from + Math.floor(place / cells);
      if (isHit(found, layer, place % cells)) return { image, layer, cell: place % cells };
    }
    return null;
  }

  return {
    /**
     * The next place from anywhere on the page; after the last comes the first.
     * @param {Place} from @param {1 | -1} step @returns {Place | null} null where there is none at all
     */
    next({ image, layer, cell }, step) {
      const here = read.findIndex((one) => one.image === image);
      if (here >= 0) {
        const { cells } = read[here].found;
        const at = Math.min(Math.max((layer - filter.from) * cells + cell, -1), depth * cells);
        const found = within(read[here], at, step);
        if (found) return found;
      }
      for (let count = 1; count <= read.length; count += 1) {
        const of = read[(Math.max(here, 0) + count * step + read.length * 2) % read.length];
        const found = within(of, step === 1 ? -1 : depth * of.found.cells, step);
        if (found) return found;
      }
      return null;
    },
    /**
     * How many places of an image come before one of its places; null where that is no place of the search.
     * @param {Place} place @returns {number | null}
     */
    before({ image, layer, cell }) {
      const of = read.find((one) => one.image === image);
      if (!of || layer < filter.from || layer > filter.to || !isHit(of.found, layer, cell)) return null;
      let count = 0;
      for (let at = filter.from; at <= layer; at += 1) {
        const end = at < layer ? of.found.cells : cell;
        for (let one = 0; one < end; one += 1) if (isHit(of.found, at, one)) count += 1;
      }
      return count;
    },
    /**
     * Where a click on an image leads: its first place at a layer, else its first of all.
     * @param {number} image @param {number} layer @returns {Place | null}
     */
    firstOf(image, layer) {
      const of = read.find((one) => one.image === image);
      if (!of) return null;
      const at = within(of, (layer - filter.from) * of.found.cells - 1, 1);
      const inside = layer >= filter.from && layer <= filter.to && at?.layer === layer;
      return inside ? at : within(of, -1, 1);
    },
  };
}
