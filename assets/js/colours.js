/**
 * Colours of the maps. The literal values live in tokens.css; this module picks and mixes them.
 *
 * A word for a colour gets that colour, since any other would mislead. The study's other frequent words, most
 * frequent first, each get the colour that is farthest from all given so far; the rest get the colour of their
 * hash, of those that are left. None of it depends on a page, so a word keeps its colour on every layer and image and in every model.
 */

import { linearOf, oklab } from "#viewer/plain-colours";

/** Fraction of the colour circle between hues of the palette, in its order: neighbours are far apart. */
const GOLDEN = 0.618033988749895;

/** Where the circle begins: at blue, since the most frequent word of photographs is the sky. */
const START = 0.65;

const HUES = 30;

/** In OKLab: colours this far apart are apart enough, and the palette's order decides. */
const FAR = 0.12;

/** Other words keep this far from every colour of a word for a colour. */
const OFF_NAMED = 0.03;

/**
 * A hash of a text that is the same in every browser (FNV-1a, 32 bits).
 * @param {string} text @returns {number}
 */
export function hash(text) {
  let value = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  }
  return value >>> 0;
}

/**
 * @typedef {object} WordShades numbers for oklch()
 * @property {string[]} lightness steps
 * @property {string[]} chroma steps
 * @property {Map<string, string>} [named] colours of the words for colours
 *
 * @typedef {{colour: string, lab: number[]}} Tint
 * @typedef {{rest: Tint[], given: Map<string, string>}} Palette of the words for no colour; of the frequent ones
 */

/**
 * The colour of a word.
 * @param {string} word normalised @param {Map<string, number>} places of the frequent words
 * @param {WordShades} shades @returns {string} a CSS colour
 */
export function wordColour(word, places, shades) {
  const named = shades.named?.get(word);
  if (named) return named;
  const { given, rest } = paletteOf(places, shades);
  return given.get(word) ?? rest[hash(word) % rest.length].colour;
}

/** Each study's words are given their colours once. @type {WeakMap<Map<string, number>, Palette>} */
const palettes = new WeakMap();

/** @param {Map<string, number>} places @param {WordShades} shades @returns {Palette} */
function paletteOf(places, shades) {
  const known = palettes.get(places);
  if (known) return known;
  const all = tints(shades);
  const given = giveColours([...places.keys()], all, shades.named ?? new Map());
  const taken = new Set(given.values());
  const left = all.filter(({ colour }) => !taken.has(colour));
  const palette = { given, rest: left.length > 0 ? left : all };
  palettes.set(places, palette);
  return palette;
}

/** The colours that words may have, all of them on any screen. @param {WordShades} shades @returns {Tint[]} */
function tints({ lightness, chroma, named = new Map() }) {
  const taken = [...named.values()].map(labOf);
  const hues = Array.from({ length: HUES }, (_, place) => (((START + place * GOLDEN) % 1) * 360).toFixed(1));
  const all = hues.flatMap((h) => lightness.flatMap((l) => chroma.map((c) => `oklch(${l} ${c} ${h})`)));
  return all
    .map((colour) => ({ colour, lab: labOf(colour) }))
    .filter(({ lab }) => linearOf(lab).every((channel) => channel >= 0 && channel <= 1) && nearest(lab, taken) >= OFF_NAMED);
}

/**
 * @param {string[]} words most frequent first @param {Tint[]} from @param {Map<string, string>} named
 * @returns {Map<string, string>}
 */
function giveColours(words, from, named) {
  const taken = words.flatMap((word) => named.get(word) ?? []).map(labOf);
  const room = from.map(({ lab }) => nearest(lab, taken));
  /** @type {Map<string, string>} */
  const given = new Map();
  for (const word of words.filter((word) => !named.has(word))) {
    const apart = room.map((distance) => Math.min(distance, FAR));
    const { colour, lab } = from[apart.indexOf(Math.max(...apart))];
    given.set(word, colour);
    from.forEach((other, at) => (room[at] = Math.min(room[at], distance(other.lab, lab))));
  }
  return given;
}

/** @param {string} colour "oklch(…)" */
const labOf = (colour) => {
  const [l, c, h] = (colour.match(/[\d.]+/g) ?? []).map(Number);
  return oklab(l, c, h);
};

/** @param {number[]} lab @param {number[][]} others */
const nearest = (lab, others) => Math.min(...others.map((other) => distance(lab, other)));

/** @param {number[]} one @param {number[]} other */
const distance = (one, other) => Math.hypot(...one.map((value, axis) => value - other[axis]));

/**
 * The stop of a ramp at a fraction of it.
 * @param {string[]} ramp CSS colours, low to high @param {number} fraction 0 to 1 @returns {string}
 */
export function rampColour(ramp, fraction) {
  return ramp[Math.min(Math.floor(fraction * ramp.length), ramp.length - 1)];
}
