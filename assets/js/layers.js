/**
 * The stored vision layers: an ascending list of depths. Readers name a layer by its depth in the LLM, the
 * payload by its index in the list; this module goes between the two.
 */

/**
 * Index of the layer that a fresh page shows: the middle of the stored ones, where words have formed.
 * @param {number[]} layers @returns {number}
 */
export const middleIndex = (layers) => Math.floor(layers.length / 2);

/**
 * Index of the stored layer nearest to a depth, the shallower of two equally near.
 * @param {number[]} layers @param {number} depth @returns {number}
 */
export function nearestIndex(layers, depth) {
  let best = 0;
  layers.forEach((layer, index) => {
    if (Math.abs(layer - depth) < Math.abs(layers[best] - depth)) best = index;
  });
  return best;
}

/**
 * Index after a step up or down, staying in the list.
 * @param {{length: number}} layers the list @param {number} index @param {number} step @returns {number}
 */
export function stepIndex(layers, index, step) {
  return Math.min(Math.max(index + step, 0), layers.length - 1);
}

/**
 * What a depth means, in words.
 * @param {number} layer @param {number} numLayers blocks of the LLM @returns {string}
 */
export function describeLayer(layer, numLayers) {
  if (layer === 0) return "what enters the LLM";
  return layer === numLayers
    ? `output of block ${layer}, the last`
    : `output of block ${layer} of ${numLayers}`;
}
