/**
 * What the lenses read, asked cell by cell: the shapes of the payload's answers, and shortcuts that every
 * panel shares.
 */

/**
 * @typedef {object} Neighbour one row of a lens's list
 * @property {number} rank 1-based
 * @property {string} token
 * @property {number | null} tokenId
 * @property {number} score cosine, or the logit
 * @property {number | null} probability logit lens only
 * @property {number | null} textLayer contextual lens only
 * @property {import("#viewer/sentences").Context | null} context contextual lens only
 *
 * @typedef {object} Statistics
 * @property {number} norm
 * @property {number} cosineToLayer0
 * @property {number} meanCosine
 * @property {number} entropy nats
 * @property {number} klToFinal nats
 *
 * @typedef {object} ImageData decoded readings of one image
 * @property {(lens: string, layer: number, cell: number) => Neighbour[]} neighbors
 * @property {(lens: string, layer: number, cell: number, judge?: string) => import("#viewer/verdicts").Judgment | null} judgment
 * @property {(judge: string) => boolean} [judged] whether a judge judged anything in the image
 * @property {(layer: number, cell: number) => Statistics | null} statistics
 * @property {(lens: string, layer: number, cell: number) => Top | null} [top]
 * @property {(lens: string, layer: number) => Entries | null} [entries]
 * @property {Tables} [tables] what the entries stand for
 *
 * @typedef {{entries: Int32Array, ranks: number, contextual: boolean}} Entries [cell * ranks + rank - 1]
 * @typedef {{tokens: {token: string}[], contexts: {token: number}[]}} Tables
 *
 * @typedef {{rank?: number, token: string, score: number, probability: number | null, textLayer: number | null}} Top
 *
 * @typedef {{id: string, title: string, scoreName: string, note?: string | null}} Lens
 */

/**
 * The first row of a lens's list; null where the lens is absent.
 * @param {ImageData} data @param {string} lens @param {number} layer @param {number} cell
 * @returns {Top | null}
 */
export function topOf(data, lens, layer, cell) {
  return data.top ? data.top(lens, layer, cell) : (data.neighbors(lens, layer, cell)[0] ?? null);
}

/**
 * The figure that a bar or a heat map shows: the probability where there is one, else the score.
 * @param {Top} top @returns {number}
 */
export const strength = (top) => top.probability ?? top.score;

/**
 * The strengths of all first rows of an image: what bars and heat maps are scaled by, so that they can be
 * compared across cells and layers.
 * @param {ImageData} data @param {string} lens @param {number} layers count @param {number} cells count
 * @returns {number[]}
 */
export function topStrengths(data, lens, layers, cells) {
  const found = [];
  for (let layer = 0; layer < layers; layer += 1) {
    for (let cell = 0; cell < cells; cell += 1) {
      const top = topOf(data, lens, layer, cell);
      if (top) found.push(strength(top));
    }
  }
  return found;
}

/**
 * Visit every token that a lens reads at a layer, in order of cell and rank.
 * @param {ImageData} data @param {string} lens @param {number} layer index @param {number} cells count
 * @param {(token: string, rank: number, cell: number) => void} visit
 */
export function eachToken(data, lens, layer, cells, visit) {
  const { tables } = data;
  if (!data.entries || !tables) {
    for (let cell = 0; cell < cells; cell += 1) {
      for (const { token, rank } of data.neighbors(lens, layer, cell)) visit(token, rank, cell);
    }
    return;
  }
  const read = data.entries(lens, layer);
  read?.entries.forEach((entry, place) => {
    if (entry < 0) return;
    const number = read.contextual ? tables.contexts[entry].token : entry;
    visit(tables.tokens[number].token, (place % read.ranks) + 1, Math.floor(place / read.ranks));
  });
}
