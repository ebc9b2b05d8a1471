/** CSS colours as `#rrggbb` and an opacity: what SVG editors and printers' tools read. */

/** @typedef {{hex: string, opacity: number}} PlainColour */

const HEX = /^#([0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})$/i;
const FUNCTION = /^(rgb|oklch)a?\(([^)]*)\)$/i;

/**
 * A colour of tokens.css or of a map: `#rgb` to `#rrggbbaa`, `rgb()` or `oklch()`.
 * @param {string} colour @returns {PlainColour}
 */
export function plainColour(colour) {
  const text = colour.trim();
  const hex = text.match(HEX);
  if (hex) return ofHex(hex[1].toLowerCase());
  const called = text.match(FUNCTION);
  if (!called) throw new Error(`colour ${colour} is of no known kind`);
  const [a, b, c, alpha = 1] = called[2].split(/[\s,/]+/).filter(Boolean).map(number);
  return { hex: hexOf(called[1].toLowerCase() === "rgb" ? [a, b, c] : oklch(a, b, c)), opacity: alpha };
}

/** @param {string} text a number or a percentage */
const number = (text) => (text.endsWith("%") ? Number(text.slice(0, -1)) / 100 : Number(text));

/** @param {string} digits 3, 4, 6 or 8 @returns {PlainColour} */
function ofHex(digits) {
  const long = digits.length < 6 ? digits.replace(/./g, "$&$&") : digits;
  const opacity = long.length === 8 ? parseInt(long.slice(6), 16) / 255 : 1;
  return { hex: `#${long.slice(0, 6)}`, opacity };
}

/** @param {number[]} channels 0 to 255 @returns {string} */
const hexOf = (channels) =>
  `#${channels.map((value) => Math.round(Math.min(Math.max(value, 0), 255)).toString(16).padStart(2, "0")).join("")}`;

/**
 * Oklch to sRGB, 0 to 255; what lies outside of sRGB is clipped, as browsers do.
 * @param {number} lightness 0 to 1 @param {number} chroma @param {number} hue degrees
 */
const oklch = (lightness, chroma, hue) => linearOf(oklab(lightness, chroma, hue)).map(gamma);

/**
 * Where a colour stands in OKLab, in which distances are those of the eye.
 * @param {number} lightness 0 to 1 @param {number} chroma @param {number} hue degrees @returns {number[]}
 */
export function oklab(lightness, chroma, hue) {
  const angle = (hue * Math.PI) / 180;
  return [lightness, chroma * Math.cos(angle), chroma * Math.sin(angle)];
}

/**
 * OKLab to linear sRGB (Björn Ottosson's matrices); a channel below 0 or above 1 lies outside of sRGB.
 * @param {number[]} lab
 */
export function linearOf([lightness, a, b]) {
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  return [
    4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
    -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
  ];
}

/** @param {number} linear 0 to 1 @returns {number} 0 to 255 */
function gamma(linear) {
  return 255 * (linear <= 0.0031308 ? 12.92 * linear : 1.055 * linear ** (1 / 2.4) - 0.055);
}
