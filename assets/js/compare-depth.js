/**
 * Relative depth: a vision layer divided by the number of blocks, so that models with different numbers of
 * blocks can be read at the same share of their way. Each shows its own stored layer that is nearest.
 */

/**
 * @typedef {{numLayers: number, visionLayers: number[]}} Layered `visionLayers` ascending
 */

/** @type {(model: Layered, index: number) => number} */
export const depthOf = ({ numLayers, visionLayers }, index) => visionLayers[index] / numLayers;

/**
 * Every depth at which one of the models has a stored layer, ascending: the stops of the slider.
 * @param {Layered[]} models @returns {number[]} 0 to 1
 */
export function depthStops(models) {
  const depths = models.flatMap((model) => model.visionLayers.map((_, index) => depthOf(model, index)));
  return [...new Set(depths)].sort((a, b) => a - b);
}

/**
 * Index of the stored layer nearest to a depth, the shallower of two equally near.
 * @param {Layered} model @param {number} depth 0 to 1 @returns {number}
 */
export const layerAt = (model, depth) =>
  nearest(
    model.visionLayers.map((_, index) => depthOf(model, index)),
    depth,
  );

/**
 * Index of the nearest of some ascending numbers, the lower of two equally near.
 * @param {number[]} values @param {number} wanted @returns {number}
 */
export function nearest(values, wanted) {
  let best = 0;
  values.forEach((value, index) => {
    // Equal distances differ by rounding: 1/3 is as far from 1/6 as from 1/2.
    if (Math.abs(value - wanted) < Math.abs(values[best] - wanted) - 1e-9) best = index;
  });
  return best;
}

/** A depth as readers say it: "50 %". @param {number} depth @returns {string} */
export const formatDepth = (depth) => `${Math.round(100 * depth)}\u202f%`;
