/**
 * LN-Lens's two rankings. By percentile it has lists of its own, which stand in the place of those by cosine, under the same
 * lens, wherever the page shows it: nothing but this module knows that they are stored under another name.
 */

/**
 * @typedef {import("#viewer/readings").ImageData} ImageData
 * @typedef {"cosine" | "percentile"} Ranking
 *
 * @typedef {object} Ranked parts of the page object that a ranking changes
 * @property {import("#viewer/readings").Lens[]} lenses
 * @property {import("#viewer/shown-tokens").DefaultToken[]} [defaultTokens]
 * @property {(index: number) => Promise<any>} image
 * @property {(lens: string, layer: number, image: number) => string | null} absence
 * @property {boolean} [rankedTwice] whether the results hold both rankings
 */

/** LN-Lens, and its lists by percentile. */
const LENS = "contextual";
export const PERCENTILE = "contextual_percentile";

/** The rankings, in the order of the switch. @type {readonly Ranking[]} */
export const RANKINGS = ["cosine", "percentile"];

/** Whether a lens's lists are contexts, not tokens. @param {string} lens */
export const isOfContexts = (lens) => lens === LENS || lens === PERCENTILE;

/** @param {string} lens */
const stored = (lens) => (lens === LENS ? PERCENTILE : lens);

/**
 * A page with `byPercentile`, the same page with LN-Lens by percentile; null where the results do not have it.
 * @template {Ranked} P @param {P} page
 */
export function withRankings(page) {
  const tokens = page.defaultTokens ?? [];
  const plain = { ...page, defaultTokens: tokens.filter(({ lens }) => lens !== PERCENTILE) };
  return { ...plain, byPercentile: page.rankedTwice ? byPercentile(page, tokens) : null };
}

/** @template {Ranked} P @param {P} page @param {import("#viewer/shown-tokens").DefaultToken[]} tokens */
function byPercentile(page, tokens) {
  return {
    ...page,
    lenses: page.lenses.map((lens) => (lens.id === LENS ? { ...lens, scoreName: "percentile" } : lens)),
    defaultTokens: tokens
      .filter(({ lens }) => lens !== LENS)
      .map((token) => (token.lens === PERCENTILE ? { ...token, lens: LENS } : token)),
    image: async (/** @type {number} */ index) => rankedData(await page.image(index)),
    absence: (/** @type {string} */ lens, /** @type {number} */ layer, /** @type {number} */ image) =>
      page.absence(stored(lens), layer, image),
  };
}

/** Panels tell images apart by their data, so each has one form of it only. @type {WeakMap<object, ImageData>} */
const known = new WeakMap();

/** What the lenses read in an image, LN-Lens by percentile. @param {ImageData} data @returns {ImageData} */
export function rankedData(data) {
  const { top, entries } = data;
  /** @type {ImageData} */
  const ranked = known.get(data) ?? {
    ...data,
    neighbors: (lens, layer, cell) => data.neighbors(stored(lens), layer, cell),
    judgment: (lens, ...place) => data.judgment(stored(lens), ...place),
    ...(top && { top: (lens, layer, cell) => top(stored(lens), layer, cell) }),
    ...(entries && { entries: (lens, layer) => entries(stored(lens), layer) }),
  };
  known.set(data, ranked);
  return ranked;
}
