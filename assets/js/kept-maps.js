/**
 * Painted maps, kept as pictures: writing hundreds of words takes most of a frame, copying a picture of them
 * next to nothing. While the reader looks, the maps of the other layers are painted ahead, the nearest first.
 */

import { drawMap } from "#viewer/map-drawing";

/**
 * @typedef {import("#viewer/grid").Canvas} Canvas
 * @typedef {import("#viewer/maps").CellMap} CellMap
 * @typedef {import("#viewer/palette").DrawingPalette} Palette
 * @typedef {import("#viewer/view").View} View
 *
 * @typedef {object} Kept
 * @property {string} key what the picture depends on beside the map
 * @property {HTMLCanvasElement} picture
 */

/** Pixels of all pictures together: some 50 MB, which no script's heap holds. */
const MOST_PIXELS = 12e6;

/**
 * Sets up the store. `draw` draws a map as `drawMap` does, `ahead` paints those of the other layers, as
 * many as are kept, `pictureOf` paints one.
 */
export function keptMaps() {
  /** Least lately used first. @type {Map<CellMap, Kept>} */
  const kept = new Map();
  const whenIdle = globalThis.requestIdleCallback ?? ((work) => setTimeout(work, 50));
  /** What was drawn last: what is painted ahead takes its size. @type {{size: Size, view: View | null}} */
  const last = { size: { width: 0, height: 0, pixel: 1 }, view: null };

  /** @type {typeof drawMap} */
  function draw(context, canvas, map, only, palette, pixel) {
    last.size = { width: context.canvas.width, height: context.canvas.height, pixel };
    const picture = pictureOf(canvas, map, only, palette, last.size);
    const transform = context.getTransform();
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.drawImage(picture, 0, 0);
    context.setTransform(transform);
  }

  /**
   * @param {Canvas} canvas @param {CellMap} map @param {string | null} only @param {Palette} palette
   * @param {Size} size
   */
  function pictureOf(canvas, map, only, palette, size) {
    const key = JSON.stringify([only, size]);
    const known = kept.get(map);
    const picture = known?.key === key ? known.picture : paint(canvas, map, only, palette, size);
    kept.delete(map);
    kept.set(map, { key, picture });
    forgetSome(size.width * size.height);
    return picture;
  }

  /** @param {number} pixels of one picture */
  function forgetSome(pixels) {
    for (const map of kept.keys()) {
      if (kept.size * pixels <= MOST_PIXELS || kept.size === 1) return;
      kept.delete(map);
    }
  }

  /** @param {View} view @param {Palette} palette */
  function ahead(view, palette) {
    last.view = view;
    const { layer, only } = view.state;
    const others = nearestFirst(layer, view.page.visionLayers.length);
    const paintNext = () => {
      const at = others.shift();
      const { width, height } = last.size;
      if (at === undefined || last.view !== view || width === 0) return;
      if ((view.page.visionLayers.length - others.length) * width * height > MOST_PIXELS) return;
      const map = view.mapAt(at);
      if (map) pictureOf(view.image.canvas, map, only, palette, last.size);
      whenIdle(paintNext);
    };
    if (view.map) whenIdle(paintNext);
  }
  return { draw, ahead, pictureOf };
}

/**
 * The other layers, those beside a layer before those farther away.
 * @param {number} layer @param {number} count @returns {number[]}
 */
const nearestFirst = (layer, count) =>
  Array.from({ length: count }, (_, at) => at)
    .filter((at) => at !== layer)
    .sort((one, other) => Math.abs(one - layer) - Math.abs(other - layer) || other - one);

/**
 * @typedef {{width: number, height: number, pixel: number}} Size in device pixels; one CSS pixel in canvas pixels
 *
 * @param {Canvas} canvas @param {CellMap} map @param {string | null} only @param {Palette} palette
 * @param {Size} size
 */
function paint(canvas, map, only, palette, { width, height, pixel }) {
  const picture = document.createElement("canvas");
  picture.width = width;
  picture.height = height;
  const context = /** @type {CanvasRenderingContext2D} */ (picture.getContext("2d"));
  context.setTransform(width / canvas.width, 0, 0, height / canvas.height, 0, 0);
  drawMap(context, canvas, map, only, palette, pixel);
  return picture;
}
