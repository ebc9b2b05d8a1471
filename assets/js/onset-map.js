/** The map of onsets: on each patch the first vision layer that names the word searched for and keeps naming it. */

import { rampColour } from "#viewer/colours";
import { cellCount } from "#viewer/grid";

/**
 * Reads the map of onsets; keeps the last one.
 * @param {import("#viewer/view").Page} page @param {{ramp: string[]}} palette
 * @returns {(state: {lens: string, image: number}, findings: import("#viewer/findings").Findings | null) =>
 *   import("#viewer/maps").CellMap}
 */
export function onsetMapReader(page, palette) {
  /** @type {{findings: unknown, lens: string, image: number, map: import("#viewer/maps").CellMap} | null} */
  let last = null;
  return ({ lens, image }, findings) => {
    if (!last || last.findings !== findings || last.lens !== lens || last.image !== image) {
      const onsets = findings?.onsets(lens, image) ?? null;
      const map = onsetMap({ onsets, depths: page.visionLayers, cells: cellCount(page.images[image].canvas) }, palette);
      last = { findings, lens, image, map };
    }
    return last.map;
  };
}

/**
 * @param {{onsets: Int16Array | null, depths: number[], cells: number}} source `onsets` by cell, as indices of
 *   `depths`, -1 for never
 * @param {{ramp: string[]}} palette @returns {import("#viewer/maps").CellMap}
 */
export function onsetMap({ onsets, depths, cells }, { ramp }) {
  const colourOf = (/** @type {number} */ layer) => rampColour(ramp, layer / Math.max(depths.length - 1, 1));
  const layers = Array.from({ length: cells }, (_, cell) => onsets?.[cell] ?? -1);
  const groups = layers.map((layer) => (layer < 0 ? null : String(depths[layer])));
  const classes = depths.map((depth, layer) => ({
    key: String(depth),
    label: `layer ${depth}`,
    colour: colourOf(layer),
    count: layers.filter((one) => one === layer).length,
  }));
  return {
    fills: layers.map((layer) => (layer < 0 ? null : colourOf(layer))),
    groups,
    labels: groups,
    classes: classes.filter(({ count }) => count > 0),
    ramp: null,
  };
}
