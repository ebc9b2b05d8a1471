/**
 * The maps that can lie over the image. A map reads one figure or word per cell and says how to paint it;
 * drawing is `map-drawing.js`'s, the legend `legend-view.js`'s.
 */

import { rampColour, wordColour } from "#viewer/colours";
import { strength, topStrengths } from "#viewer/readings";
import { domainOf, fraction } from "#viewer/scores";
import { shortText } from "#viewer/tokens";
import { OUTCOME_TITLES, outcomeOf } from "#viewer/verdicts";
import { countWords, isWord, normalise } from "#viewer/words";

/**
 * @typedef {object} Source what a map reads from
 * @property {import("#viewer/readings").ImageData} data
 * @property {import("#viewer/shown-tokens").ShownTokens} shown
 * @property {string} lens
 * @property {number} layer index
 * @property {number} layers count
 * @property {number} cells count
 * @property {number[]} textLayers
 * @property {Map<string, number>} places of the frequent words
 * @property {string} scoreName
 * @property {string} [judge] whose verdicts are read
 *
 * @typedef {object} Palette colours from tokens.css
 * @property {import("#viewer/colours").WordShades} word
 * @property {string} quiet for what is not a word
 * @property {string} dim for what is to recede
 * @property {string[]} ramp low to high
 * @property {Record<string, string>} verdict
 *
 * @typedef {{label: string, colour: string, count: number, key: string, dim?: boolean}} LegendItem
 *
 * @typedef {object} CellMap
 * @property {(string | null)[]} fills a CSS colour per cell; null leaves the image bare
 * @property {(string | null)[]} groups cells of a group belong together
 * @property {((string | null)[]) | null} labels what is written on the cells
 * @property {boolean} [wholeLabels] whether labels that would have to be cut are left out
 * @property {boolean[]} [dims] cells that recede
 * @property {number[]} [ranks] of what each cell shows; above 1, what comes first is left out. 0: nothing shown
 * @property {LegendItem[]} classes legend by class
 * @property {{low: number, high: number, colours: string[]} | null} [order] text layers whose order the colours tell
 * @property {{low: number, high: number, colours: string[], title: string, here: [number, number]} | null} ramp
 *   legend by figure; `low` and `high` are of all layers, `here` of the map
 */

/** Maps in the order of the control; those that do not depend on a lens say so. */
export const MAPS = [
  { id: "none", title: "None", usesLens: false },
  { id: "words", title: "Words", usesLens: true },
  { id: "score", title: "Score", usesLens: true },
  { id: "verdict", title: "Verdict", usesLens: true },
  { id: "text-layer", title: "Text layer", usesLens: false },
  { id: "norm", title: "Norm", usesLens: false },
  { id: "entropy", title: "Entropy", usesLens: false },
  { id: "onset", title: "Onset", usesLens: true },
];

export const MAP_IDS = MAPS.map(({ id }) => id);

/** @type {(map: string) => boolean} */
export const usesLens = (map) => MAPS.some(({ id, usesLens: uses }) => id === map && uses);

/** @type {(count: number) => number[]} */
const range = (count) => Array.from({ length: count }, (_, index) => index);

/**
 * A function that works out each word once, however many cells show it.
 * @param {(word: string) => string} work @returns {(word: string) => string}
 */
function once(work) {
  /** @type {Map<string, string>} */
  const known = new Map();
  return (word) => {
    const result = known.get(word) ?? work(word);
    known.set(word, result);
    return result;
  };
}

/**
 * Domains hold for all layers of an image: working one out for each would cost most of a layer change.
 * @type {WeakMap<object, Map<string, [number, number]>>}
 */
const domains = new WeakMap();

/**
 * @param {object} data @param {string} name @param {() => [number, number]} work @returns {[number, number]}
 */
function oncePer(data, name, work) {
  const known = domains.get(data) ?? new Map();
  domains.set(data, known);
  const domain = known.get(name) ?? work();
  known.set(name, domain);
  return domain;
}

/**
 * The map of a kind; null for "none".
 * @param {string} kind @param {Source} source @param {Palette} palette @returns {CellMap | null}
 */
export function readMap(kind, source, palette) {
  if (kind === "words") return wordMap(source, palette);
  if (kind === "score") return scoreMap(source, palette);
  if (kind === "verdict") return verdictMap(source, palette);
  if (kind === "text-layer") return textLayerMap(source, palette);
  if (kind === "norm") return statisticsMap("norm", "norm (L2) of the hidden state", source, palette);
  if (kind === "entropy") return statisticsMap("entropy", "entropy of LogitLens, nats", source, palette);
  return null;
}

/** @param {Source} source @param {Palette} palette @returns {CellMap} */
export function wordMap({ shown, lens, layer, cells, places }, palette) {
  const firsts = range(cells).map((cell) => shown.first(lens, layer, cell));
  const groupOf = once((token) => normalise(token) || token);
  const colourOf = once((word) => (isWord(word) ? wordColour(word, places, palette.word) : palette.quiet));
  const labelOf = once(shortText);
  const groups = firsts.map((first) => first && groupOf(first.token));
  const dims = firsts.map((first) => first !== null && shown.dims(lens, layer, first.token, first.rank));
  return {
    fills: groups.map((word, cell) => (word === null ? null : dims[cell] ? palette.dim : colourOf(word))),
    groups,
    labels: firsts.map((first) => first && labelOf(first.token)),
    dims,
    ranks: firsts.map((first) => first?.rank ?? 0),
    classes: dimmed(classesOf(groups, shortText, colourOf), groups, dims),
    ramp: null,
  };
}

/**
 * Mark the classes all of whose cells recede.
 * @param {LegendItem[]} classes @param {(string | null)[]} groups @param {boolean[]} dims
 */
function dimmed(classes, groups, dims) {
  if (!dims.includes(true)) return classes;
  const bright = new Set(groups.filter((_, cell) => !dims[cell]));
  return classes.map((item) => ({ ...item, dim: !bright.has(item.key) }));
}

/** @param {Source} source @param {Palette} palette @returns {CellMap} */
export function scoreMap({ data, shown, lens, layer, layers, cells, scoreName }, palette) {
  const firsts = range(cells).map((cell) => shown.first(lens, layer, cell));
  const title = firsts.some((first) => first?.probability != null) ? "probability" : scoreName;
  const domain = oncePer(data, `score ${lens}`, () => domainOf(topStrengths(data, lens, layers, cells)));
  const values = firsts.map((first) => first && strength(first));
  return figureMap(values, domain, `${title} of the first token`, palette.ramp);
}

/** @param {Source} source @param {Palette} palette @returns {CellMap} */
export function verdictMap({ data, lens, layer, cells, judge }, palette) {
  const groups = range(cells).map((cell) => outcomeOf(data.judgment(lens, layer, cell, judge)));
  const title = (/** @type {string} */ key) =>
    OUTCOME_TITLES[/** @type {keyof typeof OUTCOME_TITLES} */ (key)];
  return {
    // Cells that nobody judged stay bare: of a sample they are nearly all.
    fills: groups.map((outcome) => palette.verdict[outcome] ?? null),
    groups,
    labels: null,
    classes: unjudgedLast(classesOf(groups, title, (outcome) => palette.verdict[outcome] ?? "")),
    ramp: null,
  };
}

/** What nobody judged is no answer: it ends the legend, however large. @param {LegendItem[]} classes */
const unjudgedLast = (classes) => [
  ...classes.filter(({ key }) => key !== "unjudged"),
  ...classes.filter(({ key }) => key === "unjudged"),
];

/** @param {Source} source @param {Palette} palette @returns {CellMap} */
export function textLayerMap({ shown, layer, cells, textLayers }, palette) {
  const depths = range(cells).map((cell) => shown.first("contextual", layer, cell)?.textLayer ?? null);
  const colourOf = (/** @type {string} */ depth) =>
    rampColour(palette.ramp, textLayers.indexOf(Number(depth)) / Math.max(textLayers.length - 1, 1));
  const groups = depths.map((depth) => (depth === null ? null : String(depth)));
  return {
    fills: groups.map((depth) => (depth === null ? null : colourOf(depth))),
    groups,
    labels: groups,
    classes: classesOf(groups, (depth) => `text layer ${depth}`, colourOf),
    order: textLayers.length > 1 ? { low: textLayers[0], high: textLayers[textLayers.length - 1], colours: palette.ramp } : null,
    ramp: null,
  };
}

/**
 * @param {"norm" | "entropy"} name @param {string} title @param {Source} source @param {Palette} palette
 * @returns {CellMap}
 */
function statisticsMap(name, title, { data, layer, layers, cells }, palette) {
  const read = (/** @type {number} */ at) =>
    range(cells).map((cell) => data.statistics(at, cell)?.[name] ?? null);
  const domain = oncePer(data, name, () => domainOf(range(layers).flatMap(read)));
  return figureMap(read(layer), domain, title, palette.ramp);
}

/**
 * @param {(number | null)[]} values @param {[number, number]} domain @param {string} title
 * @param {string[]} colours @returns {CellMap}
 */
function figureMap(values, domain, title, colours) {
  const fills = values.map((value) => (value === null ? null : rampColour(colours, fraction(value, domain))));
  const ramp = { low: domain[0], high: domain[1], colours, title, here: domainOf(values) };
  return { fills, groups: values.map(() => null), labels: null, classes: [], ramp };
}

/**
 * @param {(string | null)[]} groups @param {(key: string) => string} title
 * @param {(key: string) => string} colour @returns {LegendItem[]}
 */
function classesOf(groups, title, colour) {
  const present = groups.filter((group) => group !== null);
  return countWords(present).map(([key, count]) => ({ key, label: title(key), colour: colour(key), count }));
}
