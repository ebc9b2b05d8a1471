/** A canvas over a picture: drawn on at the screen's own resolution, and only when what it shows has changed. */

import { make } from "#viewer/dom";

/** @typedef {{width: number, height: number}} Size */

/** CSS pixels as the screen's own. @param {Size} size @returns {Size} */
export function inPixels({ width, height }) {
  const ratio = globalThis.devicePixelRatio || 1;
  return { width: Math.round(width * ratio), height: Math.round(height * ratio) };
}

/** A canvas over the picture, which is painted anew only if what it shows has changed. */
export function overlay() {
  const element = make("canvas", { "aria-hidden": "true" });
  /** @type {unknown[]} */
  let painted = [];

  /**
   * Clear the canvas and draw in the picture's pixels, at the screen's own resolution.
   * @param {Size} size CSS pixels @param {import("#viewer/grid").Canvas} canvas
   * @param {unknown[]} shown all that the drawing depends on beside the canvas
   * @param {(context: CanvasRenderingContext2D, pixel: number) => void} draw `pixel`: one CSS pixel in canvas pixels
   */
  function paint(size, canvas, shown, draw) {
    const { width, height } = inPixels(size);
    const wanted = [canvas, width, height, ...shown];
    if (width === 0 || wanted.every((part, index) => part === painted[index])) return;
    painted = wanted;
    if (element.width !== width) element.width = width;
    if (element.height !== height) element.height = height;
    const context = /** @type {CanvasRenderingContext2D} */ (element.getContext("2d"));
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, width, height);
    context.setTransform(width / canvas.width, 0, 0, height / canvas.height, 0, 0);
    draw(context, canvas.width / size.width);
  }
  return { element, paint };
}
