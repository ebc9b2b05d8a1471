/** The words under a saved picture: what it shows, so that it can be read without the page. */

import { colOf, rowOf } from "#viewer/grid";
import { RAMP_SCALE } from "#viewer/legend-view";
import { describeLayer } from "#viewer/layers";
import { MAPS, usesLens } from "#viewer/maps";
import { showsMultiples } from "#viewer/multiples-view";
import { edgesOf } from "#viewer/region";
import { shortText, visibleSentence } from "#viewer/tokens";

/**
 * @typedef {import("#viewer/view").View} View
 *
 * @typedef {object} Sheet
 * @property {{layer: number, label: string}[]} panels one picture each; the label of an only one is empty
 * @property {string} title
 * @property {string[]} lines what is shown, then whose it is
 * @property {{label: string, count: number | null, colour: string}[]} classes legend of the map by class
 * @property {import("#viewer/maps").CellMap["ramp"]} ramp legend of the map by figure
 * @property {{label: string, colour: string, words?: [string, string][]}[]} marks pins, each lens's word in them, region
 *   and hits
 */

/** Classes beyond these stand for few cells each; the map itself names them. */
const CLASSES = 14;

/**
 * @param {View} view @param {import("#viewer/palette").DrawingPalette} palette
 * @param {{source: string}} facts `source`: study and version @returns {Sheet}
 */
export function sheetText(view, palette, { source }) {
  return {
    panels: panelsOf(view),
    title: visibleSentence(view.page.model.title),
    lines: [captionOf(view), source],
    classes: classesOf(view),
    ramp: rampOf(view),
    marks: [...pinsOf(view, palette), ...regionOf(view, palette), ...hitsOf(view, palette)],
  };
}

/** @param {View} view @returns {Sheet["panels"]} */
export function panelsOf({ page: { visionLayers }, state }) {
  if (!showsMultiples(state)) return [{ layer: state.layer, label: "" }];
  return visionLayers.map((depth, layer) => ({ layer, label: `vision layer ${depth}` }));
}

/** Image, layer, map and lens in one line. @param {View} view @returns {string} */
export function captionOf({ page, state, image, map }) {
  const layer = page.visionLayers[state.layer];
  const depth = `vision layer ${layer} (${describeLayer(layer, page.model.numLayers)})`;
  return [
    `image ${visibleSentence(image.id)}`,
    showsMultiples(state) || state.map === "onset" ? "all stored layers" : depth,
    map && mapName(page, state),
    map && state.only !== null && `only ${shortText(state.only)}`,
    state.map !== "onset" && state.defaults === "hide" && "default tokens hidden",
    state.map !== "onset" && state.wordsOnly && "words only",
    state.find?.text && `search for ${visibleSentence(state.find.text)}`,
  ]
    .filter(Boolean)
    .join(" · ");
}

/** @param {import("#viewer/view").Page} page @param {import("#viewer/hash").State} state */
function mapName({ lenses }, { map, lens }) {
  const title = MAPS.find(({ id }) => id === map)?.title.toLowerCase() ?? map;
  return usesLens(map) ? `${title} of ${lenses.find(({ id }) => id === lens)?.title ?? lens}` : title;
}

/** @param {View} view @returns {Sheet["classes"]} */
function classesOf({ page, map, state }) {
  const all = map?.classes ?? [];
  const kept = state.only === null ? all.slice(0, CLASSES) : all.filter(({ key }) => key === state.only);
  const rest = state.only === null ? all.length - kept.length : 0;
  // Counts are of one layer.
  const counted = !showsMultiples(state);
  const named = kept.map(({ label, count, colour }) => ({ label, count: counted ? count : null, colour }));
  const before = counted ? [] : [{ label: `at vision layer ${page.visionLayers[state.layer]}:`, count: null, colour: "" }];
  const after = rest > 0 ? [{ label: `and ${rest} more`, count: null, colour: "" }] : [];
  return named.length > 0 ? [...before, ...named, ...after] : [];
}

/** Its title says that the colours are of all layers. @param {View} view @returns {Sheet["ramp"]} */
function rampOf({ map }) {
  return map?.ramp ? { ...map.ramp, title: `${map.ramp.title}; ${RAMP_SCALE}` } : null;
}

/**
 * Each pin, with the first token of every lens.
 * @param {View} view @param {{pins: string[]}} palette
 */
function pinsOf({ page, state, image, shown }, { pins: colours }) {
  return state.pins.flatMap((cell, slot) => {
    if (cell === null) return [];
    const label = `${slot + 1}: row ${rowOf(image.canvas, cell)}, column ${colOf(image.canvas, cell)}`;
    /** @type {[string, string][]} */
    const words = page.lenses.map(({ id, title }) => {
      const first = shown.first(id, state.layer, cell);
      return [title, first ? shortText(first.token) : "–"];
    });
    // Words are of one layer.
    return [{ label, colour: colours[slot], words: showsMultiples(state) ? [] : words }];
  });
}

/** What the outlines of a search are. @param {View} view @param {{hit: string}} palette */
function hitsOf({ state, map, findings }, { hit }) {
  if (!state.find?.text || !findings?.found.asked || state.map === "onset") return [];
  const rank = state.find.rank > 1 ? `rank 1 to ${state.find.rank}` : "rank 1";
  const veiled = map ? "" : "; the others are darkened";
  return [{ label: `outlined: patches with ${visibleSentence(state.find.text)} at ${rank}${veiled}`, colour: hit }];
}

/** @param {View} view @param {{markLight: string}} palette */
function regionOf({ state, image }, { markLight }) {
  if (!state.region) return [];
  const { top, bottom, left, right } = edgesOf(image.canvas, state.region);
  return [{ label: `region: rows ${top}–${bottom}, columns ${left}–${right}`, colour: markLight }];
}
