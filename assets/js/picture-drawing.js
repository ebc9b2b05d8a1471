/**
 * What lies over a picture, in canvas pixels: the map with the grid, and the marks of hover and pins. The
 * stage draws it on the screen, a saved picture draws the same. `pixel`: one CSS pixel in canvas pixels.
 */

import { drawFrame, drawGrid } from "#viewer/line-drawing";
import { drawMap } from "#viewer/map-drawing";

/**
 * @typedef {import("#viewer/view").View} View
 * @typedef {import("#viewer/palette").DrawingPalette} DrawingPalette
 */

/** @type {(context: CanvasRenderingContext2D, view: View, palette: DrawingPalette, pixel: number) => void} */
export function drawMapAndGrid(context, { image, state, map }, palette, pixel) {
  if (map) drawMap(context, image.canvas, map, state.only, palette, pixel);
  // The classes of a map have edges of their own; more lines would hide them.
  if (state.grid && (!map || map.ramp)) drawGrid(context, image.canvas, palette, pixel);
}

/** @type {(context: CanvasRenderingContext2D, view: View, palette: DrawingPalette, pixel: number) => void} */
export function drawMarks(context, { image, state, hover }, palette, pixel) {
  const frame = (/** @type {number} */ cell, /** @type {string} */ colour, /** @type {number} */ width) =>
    drawFrame(context, image.canvas, cell, { colour, rim: palette.markDark, width }, pixel);
  state.pins.forEach((pin, slot) => {
    if (pin !== null) frame(pin, palette.pins[slot], pin === state.cell ? 4 : 2.5);
  });
  if (hover !== null && !state.pins.includes(hover)) frame(hover, palette.markLight, 2);
}
