/**
 * What lies over a picture, in canvas pixels: the map with the grid, and the marks of hover and pins. The
 * stage draws it on the screen, a saved picture draws the same. `pixel`: one CSS pixel in canvas pixels.
 */

import { drawHits } from "#viewer/hit-drawing";
import { drawBox, drawFrame, drawGrid, drawTag } from "#viewer/line-drawing";
import { drawMap } from "#viewer/map-drawing";
import { regionBox } from "#viewer/region";

/**
 * @typedef {import("#viewer/view").View} View
 * @typedef {import("#viewer/palette").DrawingPalette} DrawingPalette
 */

/** Widths of frames, CSS pixels: the pin that is read, other pins, the patch under pointer or cursor, the region. */
const READ_WIDTH = 3;
const PIN_WIDTH = 2;
const HOVER_WIDTH = 2;
const REGION_WIDTH = 3;

/**
 * @param {CanvasRenderingContext2D} context @param {View} view @param {DrawingPalette} palette
 * @param {number} pixel @param {typeof import("#viewer/map-drawing").drawMap} [paintMap] another way to the same map
 */
export function drawMapAndGrid(context, { image, state, map, findings }, palette, pixel, paintMap = drawMap) {
  if (map) paintMap(context, image.canvas, map, state.only, palette, pixel);
  // The classes of a map have edges of their own; more lines would hide them.
  if (state.grid && (!map || map.ramp)) drawGrid(context, image.canvas, palette, pixel);
  // Onsets are of all layers; the hits of one would only confuse.
  const hits = state.map === "onset" ? null : findings?.cells(state.image, state.layer);
  if (hits) drawHits(context, image.canvas, hits, palette, { pixel, veil: !map });
}

/** @type {(context: CanvasRenderingContext2D, view: View, palette: DrawingPalette, pixel: number) => void} */
export function drawMarks(context, { image, state, hover }, palette, pixel) {
  const { canvas } = image;
  const [light, rim] = [palette.markLight, palette.markDark];
  const read = state.cursor ?? state.cell;
  const frame = (/** @type {number} */ cell, /** @type {string} */ colour, /** @type {number} */ width) =>
    drawFrame(context, canvas, cell, { colour, rim, width }, pixel);
  const around = state.region && regionBox(canvas, state.region);
  if (around) drawBox(context, canvas, around, { colour: light, rim, width: REGION_WIDTH }, pixel);
  state.pins.forEach((pin, slot) => {
    if (pin !== null) frame(pin, palette.pins[slot], pin === read ? READ_WIDTH : PIN_WIDTH);
  });
  const tag = { ink: palette.mapInk, font: palette.mapFont };
  state.pins.forEach((pin, slot) => {
    if (pin !== null) drawTag(context, canvas, pin, String(slot + 1), { colour: palette.pins[slot], ...tag }, pixel);
  });
  if (state.cursor !== null) frame(state.cursor, light, READ_WIDTH);
  if (hover !== null && hover !== read) frame(hover, light, HOVER_WIDTH);
}
