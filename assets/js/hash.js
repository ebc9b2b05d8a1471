/**
 * What is shown ↔ the URL hash. Readers' words go into the link (image id, depth of the layer, row and
 * column), so that it survives a rebuild with other images or layers stored.
 */

import { cellAt, colOf, rowOf } from "#viewer/grid";
import { nearestIndex } from "#viewer/layers";
import { MAP_IDS } from "#viewer/maps";
import { shortText } from "#viewer/tokens";

/**
 * @typedef {object} State what the reader chose
 * @property {number} image index in page.images
 * @property {number} layer index in page.visionLayers
 * @property {number | null} cell the pinned patch
 * @property {string} map one of MAP_IDS
 * @property {string} lens lens that the map reads
 * @property {string | null} only the one class of the map that is shown, or null for all
 * @property {boolean} grid whether the grid's lines are drawn
 *
 * @typedef {object} Shown the parts of the page object that a link speaks of
 * @property {{id: string, canvas: import("#viewer/grid").Canvas}[]} images
 * @property {number[]} visionLayers
 * @property {{id: string}[]} lenses
 */

/**
 * The hash of a state, without "#".
 * @param {State} state @param {Shown} page @returns {string}
 */
export function formatHash(state, page) {
  const { id, canvas } = page.images[state.image];
  const pairs = [
    ["image", id],
    ["layer", String(page.visionLayers[state.layer])],
  ];
  if (state.cell !== null) pairs.push(["patch", `${rowOf(canvas, state.cell)},${colOf(canvas, state.cell)}`]);
  pairs.push(["map", state.map], ["lens", state.lens]);
  if (state.only !== null) pairs.push(["only", state.only]);
  if (!state.grid) pairs.push(["grid", "off"]);
  return pairs.map(([key, value]) => `${key}=${encode(value)}`).join("&");
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
  return {
    image,
    layer: layerOf(asked.get("layer"), page.visionLayers, otherwise.layer),
    cell: patchOf(asked.get("patch"), page.images[image].canvas),
    map: oneOf(asked.get("map"), MAP_IDS, otherwise.map),
    lens: oneOf(
      asked.get("lens"),
      page.lenses.map(({ id }) => id),
      otherwise.lens,
    ),
    only: asked.get("only"),
    grid: asked.get("grid") !== "off",
  };
}

/**
 * What a hash asks for and the page does not have, as a sentence; "" if it has everything.
 * @param {string} hash with or without "#" @param {Shown} page
 * @param {State} state what parseHash made of the hash @returns {string}
 */
export function whatIsMissing(hash, page, state) {
  const asked = new URLSearchParams(hash.replace(/^#/, ""));
  const [image, layer, patch] = ["image", "layer", "patch"].map((key) => asked.get(key));
  const { id } = page.images[state.image];
  const depth = page.visionLayers[state.layer];
  const missing = [
    image !== null && image !== id && `image ${shortText(image)}`,
    layer !== null && layer !== String(depth) && `vision layer ${shortText(layer)}`,
    patch !== null && state.cell === null && `patch ${shortText(patch)}`,
  ].filter(Boolean);
  return missing.length > 0 ? `This link asks for ${missing.join(", ")}, which this page does not have.` : "";
}

/** Commas and slashes need no escape in a fragment, and links are easier to read without.
 * @param {string} value */
const encode = (value) => encodeURIComponent(value).replaceAll("%2C", ",").replaceAll("%2F", "/");

/** @param {number} index @param {number} otherwise */
const indexOr = (index, otherwise) => (index < 0 ? otherwise : index);

/** @param {string | null} value @param {string[]} values @param {string} otherwise */
const oneOf = (value, values, otherwise) => (value !== null && values.includes(value) ? value : otherwise);

/** @param {string | null} text @param {number[]} layers @param {number} otherwise */
function layerOf(text, layers, otherwise) {
  return text !== null && /^\d+$/.test(text) ? nearestIndex(layers, Number(text)) : otherwise;
}

/** @param {string | null} text "row,col" @param {import("#viewer/grid").Canvas} canvas */
function patchOf(text, canvas) {
  const match = text?.match(/^(\d+),(\d+)$/);
  return match ? cellAt(canvas, Number(match[1]), Number(match[2])) : null;
}
