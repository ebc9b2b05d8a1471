/**
 * Which tokens are shown: the one filter of the page. Default tokens, which a lens says nearly everywhere at
 * a layer, can be dimmed or hidden; tokens that are no words can be left out. Maps, lists, counts and labels
 * all ask here, so that they never disagree.
 *
 * A list keeps the stored ranks: where its first rows are left out, the first one shown says "2" or "3".
 */

import { eachToken } from "#viewer/readings";
import { isWord } from "#viewer/words";

/**
 * @typedef {import("#viewer/readings").ImageData} ImageData
 * @typedef {import("#viewer/readings").Neighbour} Neighbour
 *
 * @typedef {object} DefaultToken what the build found; see `generator/default_tokens.py`
 * @property {string} lens
 * @property {number} layer index
 * @property {string} token
 * @property {number} images in which it comes first on a tenth of the patches or more
 * @property {number} of how many images
 * @property {number} share of all patches on which it comes first
 * @property {"default" | "common"} kind
 *
 * @typedef {object} Filtered what the filter needs to know of a page
 * @property {{numLayers: number}} model
 * @property {number[]} visionLayers
 * @property {DefaultToken[]} [defaultTokens]
 *
 * @typedef {{defaults: "show" | "dim" | "hide", wordsOnly: boolean, ranking?: import("#viewer/ranking").Ranking}} Choice
 *
 * @typedef {object} LeftOut counts at one layer of one image
 * @property {number} cells whose first token is a default token, be it shown, dim or hidden
 * @property {number} ofCells
 * @property {number} nonWords tokens of all lists that are no words
 * @property {number} ofTokens
 *
 * @typedef {object} ShownTokens
 * @property {string} key differs whenever something else is shown; part of every cache's key
 * @property {boolean} all whether every token is shown
 * @property {string[]} without kinds of tokens that are left out
 * @property {(lens: string, layer: number, cell: number) => Neighbour[]} list rows that are shown
 * @property {(lens: string, layer: number, cell: number) => Neighbour | null} first the first of them
 * @property {(lens: string, layer: number, token: string, rank: number) => boolean} shows
 * @property {(lens: string, layer: number, token: string, rank: number) => boolean} dims whether a shown token
 *   is to recede
 * @property {(lens: string, layer: number, cells: number) => LeftOut} leftOut
 */

/**
 * The tokens of an image that a choice shows.
 * @param {Filtered} page @param {Choice} choice @param {ImageData} data @returns {ShownTokens}
 */
export function shownTokens(page, { defaults, wordsOnly, ranking = "cosine" }, data) {
  const isDefault = defaultsOf(page);
  const hides = defaults === "hide" && hasDefaults(page);
  const shows = (/** @type {string} */ lens, /** @type {number} */ layer, /** @type {string} */ token, rank = 1) =>
    !(wordsOnly && !isWordOnce(token)) && !(hides && isDefault(lens, layer, token, rank));
  /** @type {ShownTokens["list"]} */
  const list = (lens, layer, cell) =>
    data.neighbors(lens, layer, cell).filter(({ token, rank }) => shows(lens, layer, token, rank));
  /** @type {ShownTokens["first"]} */
  const first = (lens, layer, cell) => {
    const top = data.top?.(lens, layer, cell);
    if (top && shows(lens, layer, top.token)) return /** @type {Neighbour} */ (top);
    return list(lens, layer, cell)[0] ?? null;
  };
  return {
    key: `${defaults} ${wordsOnly} ${ranking}`,
    all: !hides && !wordsOnly,
    without: [hides && "default tokens", wordsOnly && "non-words"].filter((kind) => kind !== false),
    list,
    first,
    shows,
    dims: (lens, layer, token, rank) => defaults === "dim" && isDefault(lens, layer, token, rank),
    leftOut: (lens, layer, cells) => count(data, lens, layer, cells, isDefault),
  };
}

/** Whether any default token was found. @param {Pick<Filtered, "defaultTokens">} page */
export const hasDefaults = ({ defaultTokens = [] }) => defaultTokens.some(({ kind }) => kind === "default");

/**
 * Whether a token is a default token of a lens at a layer. What the model really says, LogitLens's first
 * token after the last block, never is.
 * @type {(page: Filtered) => (lens: string, layer: number, token: string, rank: number) => boolean}
 */
const defaultsOf = oncePer((page) => {
  /** @type {Map<string, Set<string>>} */
  const known = new Map();
  for (const { lens, layer, token, kind } of page.defaultTokens ?? []) {
    const place = `${lens} ${layer}`;
    if (kind === "default") known.set(place, (known.get(place) ?? new Set()).add(token));
  }
  return (lens, layer, token, rank) =>
    known.get(`${lens} ${layer}`)?.has(token) === true && !(rank === 1 && isOutput(page, lens, layer));
});

/**
 * Whether a lens's first token at a layer is what the model really says.
 * @param {Pick<Filtered, "model" | "visionLayers">} page @param {string} lens @param {number} layer index
 */
export const isOutput = ({ model, visionLayers }, lens, layer) =>
  lens === "logit" && visionLayers[layer] === model.numLayers;

/**
 * @param {ImageData} data @param {string} lens @param {number} layer @param {number} cells
 * @param {ReturnType<typeof defaultsOf>} isDefault @returns {LeftOut}
 */
function count(data, lens, layer, cells, isDefault) {
  const found = { cells: 0, ofCells: 0, nonWords: 0, ofTokens: 0 };
  eachToken(data, lens, layer, cells, (token, rank) => {
    found.ofTokens += 1;
    found.nonWords += Number(!isWordOnce(token));
    if (rank > 1) return;
    found.ofCells += 1;
    found.cells += Number(isDefault(lens, layer, token, 1));
  });
  return found;
}

/** Each token is looked at once, however many cells show it. @type {Map<string, boolean>} */
const words = new Map();

/** @param {string} token */
function isWordOnce(token) {
  const known = words.get(token) ?? isWord(token);
  words.set(token, known);
  return known;
}

/**
 * A function that works out its result once per object.
 * @template {object} T @template R @param {(object: T) => R} work @returns {(object: T) => R}
 */
function oncePer(work) {
  /** @type {WeakMap<T, R>} */
  const known = new WeakMap();
  return (object) => {
    const result = known.get(object) ?? work(object);
    known.set(object, result);
    return result;
  };
}
