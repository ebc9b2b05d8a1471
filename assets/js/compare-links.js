/**
 * Which cell of a model's picture stands for which cell of another's, on one image or, for chance, with the
 * other model reading another image. Each pair of canvases is worked out once.
 */

import { linkCells, moveCells } from "#viewer/compare-place";

/**
 * @param {Pick<import("#viewer/compare-files").ComparePage, "canvasOf" | "geometries" | "images">} page
 */
export function cellLinks(page) {
  /** @type {Map<string, Int32Array>} */
  const known = new Map();
  const nameOf = (/** @type {number} */ model, /** @type {number} */ image) => {
    const canvas = page.canvasOf(model, image);
    const { width, height } = page.images[image];
    return canvas && `${page.geometries.indexOf(canvas)} ${width} ${height}`;
  };

  /**
   * The cell of another model for each cell of one; `read` is the image that the other model reads.
   * @param {number} from model @param {number} to model @param {number} image @param {number} [read]
   * @returns {Int32Array} below 0 where there is none; empty if a model did not see its image
   */
  return function between(from, to, image, read = image) {
    const names = [nameOf(from, image), nameOf(to, image), nameOf(to, read)];
    if (names.includes(null)) return new Int32Array(0);
    const key = [...names, read === image].join(",");
    const cells = known.get(key) ?? work(from, to, image, read);
    known.set(key, cells);
    return cells;
  };

  /** @type {(from: number, to: number, image: number, read: number) => Int32Array} */
  function work(from, to, image, read) {
    const canvas = (/** @type {number} */ model, /** @type {number} */ at) =>
      /** @type {import("#viewer/compare-place").LinkedCanvas} */ (page.canvasOf(model, at));
    const cells = linkCells(canvas(from, image), canvas(to, image), page.images[image]);
    return read === image ? cells : moveCells(cells, canvas(to, image), canvas(to, read), page.images[read]);
  }
}
