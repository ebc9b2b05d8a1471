/**
 * What is shown ↔ the URL hash. Readers' words go into the link (image id, depth of the layer, row and
 * column), so that it survives a rebuild with other images or layers stored.
 */

import { formatFind, parseFind } from "#viewer/find";
import { cellAt, colOf, rowOf } from "#viewer/grid";
import { nearestIndex } from "#viewer/layers";
import { MAP_IDS } from "#viewer/maps";
import { MOST_PINS, trimmed } from "#viewer/pins";
import { shortText, visibleSentence } from "#viewer/tokens";

/**
 * @typedef {object} State what the reader chose
 * @property {number} image index in page.images
 * @property {number} layer index in page.visionLayers
 * @property {number | null} cell the pinned patch that is read; one of `pins`
 * @property {(number | null)[]} pins pinned patches by slot, each slot with a colour of its own
 * @property {number | null} cursor a patch that is read in place of the pin, reached by keys or by a search
 * @property {Region | null} region the rectangle of patches that is counted
 * @property {string} map one of MAP_IDS
 * @property {string} lens lens that the map reads
 * @property {string | null} judge whose verdicts are shown; null: the page's first
 * @property {import("#viewer/ranking").Ranking} [ranking] LN-Lens's; by cosine where missing
 * @property {string | null} only the one class of the map that is shown, or null for all
 * @property {boolean} grid whether the grid's lines are drawn
 * @property {boolean} multiples whether the map is shown for all layers at once
 * @property {"show" | "dim" | "hide"} defaults what becomes of default tokens
 * @property {boolean} wordsOnly whether tokens that are no words are left out
 * @property {import("#viewer/find").Find | null} find what is searched for
 *
 * @typedef {import("#viewer/region").Region} Region
 *
 * @typedef {object} Shown the parts of the page object that a link speaks of
 * @property {{id: string, canvas: import("#viewer/grid").Canvas}[]} images
 * @property {number[]} visionLayers
 * @property {{id: string}[]} lenses
 * @property {{reason: string, images: string[]}[]} [absentImages]
 * @property {string[]} [judges]
 * @property {string | null} [judge] the first
 * @property {number[]} [textLayers]
 * @property {object | null} [byPercentile] null where LN-Lens has one ranking only
 */

/** What becomes of default tokens, in the order of the control. */
export const DEFAULT_CHOICES = /** @type {const} */ (["show", "dim", "hide"]);

/**
 * The hash of a state, without "#". What a fresh page has anyway is left out, except what readers may want
 * to change by hand: image, layer, map and lens.
 * @param {State} state @param {Shown} page @returns {string}
 */
export function formatHash(state, page) {
  const { id, canvas } = page.images[state.image];
  const place = (/** @type {number | null} */ cell) =>
    cell === null ? "" : `${rowOf(canvas, cell)},${colOf(canvas, cell)}`;
  /** @type {[string, string | null | false][]} */
  const pairs = [
    ["image", id],
    ["layer", String(page.visionLayers[state.layer])],
    ["patch", state.cell !== null && place(state.cell)],
    ["pins", state.pins.length > 1 && state.pins.map(place).join(";")],
    ["read", state.cursor !== null && place(state.cursor)],
    ["region", state.region && `${place(state.region.from)};${place(state.region.to)}`],
    ["region-ranks", state.region?.lists === true && "all"],
    ["map", state.map],
    ["lens", state.lens],
    ["judge", state.judge],
    ["ranking", state.ranking === "percentile" && state.ranking],
    ["only", state.only],
    ["grid", !state.grid && "off"],
    ["all-layers", state.multiples && "on"],
    ["defaults", state.defaults !== "show" && state.defaults],
    ["words-only", state.wordsOnly && "on"],
    ...formatFind(state.find, page.visionLayers),
  ];
  return pairs
    .filter(([, value]) => value !== null && value !== false)
    .map(([key, value]) => `${key}=${encode(String(value))}`)
    .join("&");
}

/**
 * The state that a hash asks for; whatever it does not say, or says wrongly, stays as in `otherwise`.
 * @param {string} hash with or without "#" @param {Shown} page @param {State} otherwise @returns {State}
 */
export function parseHash(hash, page, otherwise) {
  const asked = new URLSearchParams(hash.replace(/^#/, ""));
  const image = indexOr(
    page.images.findIndex(({ id }) => id === asked.get("image")),
    otherwise.image,
  );
  const { canvas } = page.images[image];
  const cell = patchOf(asked.get("patch"), canvas);
  return {
    image,
    layer: layerOf(asked.get("layer"), page.visionLayers, otherwise.layer),
    cell,
    pins: pinsOf(asked.get("pins"), cell, canvas),
    cursor: patchOf(asked.get("read"), canvas),
    region: regionOf(asked, canvas),
    map: oneOf(asked.get("map"), MAP_IDS.filter((map) => hasMap(map, page)), otherwise.map),
    lens: oneOf(
      asked.get("lens"),
      page.lenses.map(({ id }) => id),
      otherwise.lens,
    ),
    judge: judgeIn(asked.get("judge"), page),
    ranking: hasRanking(asked.get("ranking"), page) ? "percentile" : "cosine",
    only: asked.get("only"),
    grid: asked.get("grid") !== "off",
    multiples: asked.get("all-layers") === "on",
    defaults: DEFAULT_CHOICES.find((choice) => choice === asked.get("defaults")) ?? "show",
    wordsOnly: asked.get("words-only") === "on",
    find: parseFind(asked, page),
  };
}

/**
 * What a hash asks for and the page does not have, as a sentence; "" if it has everything.
 * @param {string} hash with or without "#" @param {Shown} page
 * @param {State} state what parseHash made of the hash @returns {string}
 */
export function whatIsMissing(hash, page, state) {
  const asked = new URLSearchParams(hash.replace(/^#/, ""));
  const missing = PARTS.flatMap(([key, noun, lacks]) => {
    const text = asked.get(key);
    return text === null ? [] : lacks(text, page, page.images[state.image]).map((part) => `${noun} ${shortText(part)}`);
  });
  const image = asked.get("image");
  const absent = page.absentImages?.find(({ images }) => images.includes(image ?? ""));
  const why = absent ? ` The image is absent because ${visibleSentence(absent.reason)}.` : "";
  return missing.length > 0
    ? `This link asks for ${missing.join(", ")}, which this page does not have.${why}`
    : "";
}

/** @typedef {(text: string, page: Shown, image: Shown["images"][number]) => string[]} Lacks what of a text is not there */

/** @param {(text: string, page: Shown, image: Shown["images"][number]) => boolean} has @returns {Lacks} */
const unless = (has) => (text, page, image) => (has(text, page, image) ? [] : [text]);
const isPatch = (/** @type {string} */ text, /** @type {Shown} */ _, /** @type {Shown["images"][number]} */ { canvas }) =>
  patchOf(text, canvas) !== null;

/** Parts of a link that a page may not have, each with its name. @type {[string, string, Lacks][]} */
const PARTS = [
  ["image", "image", unless((text, _, { id }) => text === id)],
  ["layer", "vision layer", unless((text, { visionLayers }) => visionLayers.some((depth) => String(depth) === text))],
  ["patch", "patch", unless(isPatch)],
  ["read", "patch", unless(isPatch)],
  ["pins", "pin", (text, page, image) => text.split(";").filter((pin) => pin !== "" && !isPatch(pin, page, image))],
  ["region", "region", unless((text, _, { canvas }) => cornersOf(text, canvas) !== null)],
  ["map", "map", unless((text, page) => MAP_IDS.includes(text) && hasMap(text, page))],
  ["ranking", "ranking of LN-Lens", unless((text, page) => text === "cosine" || hasRanking(text, page))],
  ["lens", "lens", unless((text, { lenses }) => lenses.some(({ id }) => id === text))],
  ["judge", "judge", unless((text, { judges = [] }) => judges.includes(text))],
];

/** Whether a map may have something to show; only an image's data can say it of others. @param {string} map @param {Shown} page */
const hasMap = (map, { judges, textLayers }) =>
  !(map === "verdict" && judges?.length === 0) && !(map === "text-layer" && textLayers?.length === 0);

/** Whether a link asks for LN-Lens by percentile and can have it. @param {string | null} text @param {Shown} page */
const hasRanking = (text, { byPercentile }) => text === "percentile" && byPercentile != null;

/** Commas, slashes and semicolons need no escape in a fragment, and links are easier to read without.
 * @param {string} value */
const encode = (value) => encodeURIComponent(value).replace(/%2C|%2F|%3B/g, decodeURIComponent);

/** @param {number} index @param {number} otherwise */
const indexOr = (index, otherwise) => (index < 0 ? otherwise : index);

/** @param {string | null} value @param {string[]} values @param {string} otherwise */
const oneOf = (value, values, otherwise) => (value !== null && values.includes(value) ? value : otherwise);

/** A judge of the page other than its first. @param {string | null} text @param {Shown} page */
const judgeIn = (text, { judge, judges = [] }) =>
  text !== null && text !== (judge ?? judges[0]) && judges.includes(text) ? text : null;

/** @param {string | null} text @param {number[]} layers @param {number} otherwise */
function layerOf(text, layers, otherwise) {
  return text !== null && /^\d+$/.test(text) ? nearestIndex(layers, Number(text)) : otherwise;
}

/** @param {string | null} text "row,col" @param {import("#viewer/grid").Canvas} canvas */
function patchOf(text, canvas) {
  const match = text?.match(/^(\d+),(\d+)$/);
  return match ? cellAt(canvas, Number(match[1]), Number(match[2])) : null;
}

/**
 * The slots of a link's pins. The patch that is read is always among them.
 * @param {string | null} text "row,col;row,col;…" with nothing in an empty slot @param {number | null} cell
 * @param {import("#viewer/grid").Canvas} canvas @returns {(number | null)[]}
 */
function pinsOf(text, cell, canvas) {
  const slots = (text ?? "").split(";", MOST_PINS).map((place) => patchOf(place, canvas));
  const pins = slots.map((pin, slot) => (slots.indexOf(pin) === slot ? pin : null));
  if (cell === null || pins.includes(cell)) return trimmed(pins);
  const free = pins.indexOf(null);
  return trimmed(pins.with(free < 0 ? pins.length - 1 : free, cell));
}

/**
 * The region of a link: "row,col;row,col", and whether its whole lists are counted.
 * @param {URLSearchParams} asked @param {import("#viewer/grid").Canvas} canvas @returns {Region | null}
 */
function regionOf(asked, canvas) {
  const corners = cornersOf(asked.get("region") ?? "", canvas);
  return corners && asked.get("region-ranks") === "all" ? { ...corners, lists: true } : corners;
}

/** @param {string} text @param {import("#viewer/grid").Canvas} canvas @returns {Region | null} */
function cornersOf(text, canvas) {
  const [from, to] = text.split(";").map((place) => patchOf(place, canvas));
  return from == null || to == null ? null : { from, to };
}
