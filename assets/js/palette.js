/** Colours and sizes that drawing needs, read from the custom properties of tokens.css. */

/**
 * @typedef {import("#viewer/maps").Palette & {
 *   mapOpacity: number, mapInk: string, mapHalo: string, mapEdge: string, mapFont: string,
 *   gridLight: string, gridDark: string, markLight: string, markDark: string, pins: string[],
 *   hit: string, hitRim: string, hitVeil: string,
 *   sheet: {paper: string, ink: string, soft: string},
 * }} DrawingPalette
 */

/**
 * @param {Element} element whose custom properties count @returns {DrawingPalette}
 */
export function readPalette(element) {
  const style = getComputedStyle(element);
  const read = (/** @type {string} */ name) => style.getPropertyValue(name).trim();
  const list = (/** @type {string} */ name) => read(name).split(/\s*,\s*/);
  return {
    word: {
      lightness: list("--map-word-lightness"),
      chroma: list("--map-word-chroma"),
      named: new Map(list("--map-colour-words").map(namedColour)),
    },
    quiet: read("--map-quiet"),
    dim: read("--map-dim"),
    ramp: list("--map-ramp"),
    verdict: Object.fromEntries(
      ["concrete", "abstract", "global", "unnamed", "no", "failed"].map((outcome) => [
        outcome,
        read(`--map-${outcome}`),
      ]),
    ),
    mapOpacity: Number(read("--map-opacity")),
    mapInk: read("--map-ink"),
    mapHalo: read("--map-halo"),
    mapEdge: read("--map-edge"),
    mapFont: read("--font-text"),
    gridLight: read("--grid-light"),
    gridDark: read("--grid-dark"),
    markLight: read("--mark-light"),
    markDark: read("--mark-dark"),
    pins: list("--mark-pins"),
    hit: read("--mark-hit"),
    hitRim: read("--mark-dark"),
    hitVeil: read("--mark-hit-veil"),
    sheet: { paper: read("--sheet-paper"), ink: read("--sheet-ink"), soft: read("--sheet-soft") },
  };
}

/** @param {string} text "red 0.7 0.17 27" @returns {[string, string]} */
function namedColour(text) {
  const [word, ...numbers] = text.split(/\s+/);
  return [word, `oklch(${numbers.join(" ")})`];
}
