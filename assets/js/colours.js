/**
 * Colours of the maps. The literal values live in tokens.css; this module picks and mixes them.
 *
 * Words get a hue each. The study's frequent words get hues far apart, in that order; any other word gets the
 * hue of its hash; a word for a colour gets that colour, since any other would mislead. None of it depends on
 * a page, so a word keeps its colour on every layer and image and in every model.
 */

/** Fraction of the colour circle between neighbours in the list: consecutive hues never come close. */
const GOLDEN = 0.618033988749895;

/** Where the circle begins: at blue, since the most frequent word of photographs is the sky. */
const START = 0.65;

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
 * @property {string} chroma
 * @property {Map<string, string>} [named] colours of the words for colours
 */

/**
 * The colour of a word.
 * @param {string} word normalised @param {Map<string, number>} places of the frequent words
 * @param {WordShades} shades @returns {string} a CSS colour
 */
export function wordColour(word, places, shades) {
  const named = shades.named?.get(word);
  if (named) return named;
  const place = places.get(word) ?? hash(word) % 8192;
  const hue = ((START + place * GOLDEN) % 1) * 360;
  const lightness = shades.lightness[Math.floor(place / 5) % shades.lightness.length];
  return `oklch(${lightness} ${shades.chroma} ${hue.toFixed(1)})`;
}

/**
 * The stop of a ramp at a fraction of it.
 * @param {string[]} ramp CSS colours, low to high @param {number} fraction 0 to 1 @returns {string}
 */
export function rampColour(ramp, fraction) {
  return ramp[Math.min(Math.floor(fraction * ramp.length), ramp.length - 1)];
}
