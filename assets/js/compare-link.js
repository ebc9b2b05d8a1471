/** What the comparison shows ↔ the URL hash, in readers' words: ids, a depth, a row and column. */

import { depthOf } from "#viewer/compare-depth";
import { cellAt, colOf, rowOf } from "#viewer/grid";
import { shortText } from "#viewer/tokens";

/**
 * @typedef {object} CompareState what the reader chose
 * @property {number[]} models indices in page.models, two to page.most of them, none twice
 * @property {number} image index in page.images
 * @property {number} depth relative depth, 0 to 1
 * @property {string} lens
 * @property {string} map one of COMPARE_MAPS
 * @property {number} first so many of the other models' first words count as agreement
 * @property {Spot | null} pin
 * @property {string | null} only the one word that the word map shows, or null for all
 *
 * @typedef {{model: number, cell: number}} Spot a patch of one of the models, by index in page.models
 */

export const COMPARE_MAPS = [
  { id: "none", title: "None" },
  { id: "words", title: "Words" },
  { id: "agreement", title: "Agreement" },
];

/** How many of the others' words may hold a model's first one. */
export const FIRSTS = [1, 5];

/**
 * The hash of a state, without "#".
 * @param {CompareState} state @param {import("#viewer/compare-files").ComparePage} page @returns {string}
 */
export function formatCompare(state, page) {
  const { pin } = state;
  /** @type {[string, string | null | false][]} */
  const pairs = [
    ["models", state.models.map((model) => page.models[model].id).join(",")],
    ["image", page.images[state.image].id],
    // All digits: a rounded depth may be nearer to another layer than the one that is shown.
    ["depth", String(state.depth)],
    ["lens", state.lens],
    ["map", state.map],
    ["first", state.first !== FIRSTS[0] && String(state.first)],
    ["in", pin && page.models[pin.model].id],
    ["patch", pin && placeOf(pin, state, page)],
    ["only", state.only],
  ];
  return pairs
    .filter(([, value]) => value !== null && value !== false)
    .map(([key, value]) => `${key}=${encodeURIComponent(String(value)).replaceAll("%2C", ",")}`)
    .join("&");
}

/**
 * The hash that opens a model's own page at what is shown here of it.
 * @param {CompareState} state @param {import("#viewer/compare-files").ComparePage} page
 * @param {number} model @param {number} layer index @param {number | null} cell @returns {string}
 */
export function formatModel(state, page, model, layer, cell) {
  const grid = page.canvasOf(model, state.image);
  const pairs = [
    ["image", page.images[state.image].id],
    ["layer", String(page.models[model].visionLayers[layer])],
    ...(grid && cell !== null ? [["patch", `${rowOf(grid, cell)},${colOf(grid, cell)}`]] : []),
    ["map", state.map === "words" ? "words" : "none"],
    ["lens", state.lens],
  ];
  return pairs.map(([key, value]) => `${key}=${encodeURIComponent(value).replaceAll("%2C", ",")}`).join("&");
}

/**
 * The state that a hash asks for; whatever it does not say, or says wrongly, stays as in `otherwise`. A link
 * from a model's page names one model and one of its layers: the model's partner joins it.
 * @param {string} hash with or without "#" @param {import("#viewer/compare-files").ComparePage} page
 * @param {CompareState} otherwise @returns {CompareState}
 */
export function parseCompare(hash, page, otherwise) {
  const asked = new URLSearchParams(hash.replace(/^#/, ""));
  const models = modelsOf(asked.get("models"), page) ?? otherwise.models;
  const wanted = page.images.findIndex(({ id }) => id === asked.get("image"));
  const image = wanted < 0 ? otherwise.image : wanted;
  const lens = page.lenses.find(({ id }) => id === asked.get("lens"))?.id ?? otherwise.lens;
  return {
    models,
    image,
    depth: depthOfLink(asked, page.models[models[0]]) ?? otherwise.depth,
    lens,
    map: mapOf(asked) ?? otherwise.map,
    first: FIRSTS.find((first) => String(first) === asked.get("first")) ?? FIRSTS[0],
    pin: pinOf(asked, page, models, image),
    only: asked.get("only"),
  };
}

/**
 * What a hash asks for and the page does not have, as a sentence; "" if it has everything.
 * @param {string} hash @param {import("#viewer/compare-files").ComparePage} page @param {CompareState} state
 * @returns {string}
 */
export function whatCompareMisses(hash, page, state) {
  const asked = new URLSearchParams(hash.replace(/^#/, ""));
  const known = new Set(page.models.map(({ id }) => id));
  const models = (asked.get("models") ?? "").split(",").filter((id) => id !== "" && !known.has(id));
  const image = asked.get("image");
  const missing = [
    ...models.map((id) => `model ${shortText(id)}`),
    ...(image !== null && image !== page.images[state.image].id ? [`image ${shortText(image)}`] : []),
    ...(asked.get("patch") !== null && !state.pin ? [`patch ${shortText(asked.get("patch") ?? "")}`] : []),
  ];
  return missing.length > 0 ? `This link asks for ${missing.join(", ")}, which this page does not have.` : "";
}

/** @type {(pin: Spot, state: CompareState, page: import("#viewer/compare-files").ComparePage) => string | null} */
function placeOf(pin, state, page) {
  const grid = page.canvasOf(pin.model, state.image);
  return grid && `${rowOf(grid, pin.cell)},${colOf(grid, pin.cell)}`;
}

/**
 * @param {string | null} text ids, apart by commas @param {import("#viewer/compare-files").ComparePage} page
 * @returns {number[] | null}
 */
function modelsOf(text, page) {
  const indexOf = (/** @type {string} */ wanted) => page.models.findIndex(({ id }) => id === wanted);
  const found = [...new Set((text ?? "").split(",").map(indexOf))].filter((index) => index >= 0);
  if (found.length === 0) return null;
  if (found.length === 1) found.push(indexOf(page.models[found[0]].partner));
  return found.slice(0, page.most);
}

/**
 * A model's page, whose links say a layer and no depth, opens without a map; side by side, words are what there
 * is to see.
 * @param {URLSearchParams} asked @returns {string | undefined}
 */
function mapOf(asked) {
  const fromModel = asked.has("layer") && !asked.has("depth");
  return COMPARE_MAPS.find(({ id }) => id === asked.get("map") && !(fromModel && id === "none"))?.id;
}

/** @param {URLSearchParams} asked @param {import("#viewer/compare-files").CompareModel} first */
function depthOfLink(asked, first) {
  const depth = asked.get("depth");
  if (depth !== null && /^[01](\.\d+)?$/.test(depth)) return Math.min(Number(depth), 1);
  const layer = asked.get("layer");
  const index = layer === null ? -1 : first.visionLayers.findIndex((stored) => String(stored) === layer);
  return index < 0 ? null : depthOf(first, index);
}

/**
 * @param {URLSearchParams} asked @param {import("#viewer/compare-files").ComparePage} page
 * @param {number[]} models @param {number} image @returns {Spot | null}
 */
function pinOf(asked, page, models, image) {
  const owner = asked.get("in");
  const model = owner === null ? models[0] : page.models.findIndex(({ id }) => id === owner);
  const match = (asked.get("read") ?? asked.get("patch"))?.match(/^(\d+),(\d+)$/);
  const grid = models.includes(model) ? page.canvasOf(model, image) : null;
  const cell = match && grid ? cellAt(grid, Number(match[1]), Number(match[2])) : null;
  return cell === null ? null : { model, cell };
}
