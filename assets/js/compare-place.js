/**
 * The same place of one image in the pictures of several models, which saw it cropped, scaled and cut into
 * patches in ways of their own.
 *
 * Where both canvases know how they were made from the source image (`affine`), a place is a point of that
 * image. Where one of them does not, it is a relative position in the canvas, which holds only if both show
 * the same part of the image; `linkOf` says which of the two it is.
 */

import { cellAtPoint, cellBox, cellCount } from "#viewer/grid";

/**
 * @typedef {import("#viewer/grid").Canvas & {affine: number[]}} LinkedCanvas `affine` [a, b, c, d, e, f]
 *   from source to canvas pixels: x' = ax + by + c, y' = dx + ey + f; empty where unknown
 * @typedef {{width: number, height: number}} Size of the source image, pixels
 * @typedef {{x: number, y: number}} Point
 *
 * @typedef {object} Link from the canvas of one model to another's
 * @property {"image" | "canvas"} by what the place is told by: the source image, or the picture's own edges
 * @property {(point: Point) => Point} to canvas pixels to canvas pixels
 */

/** What a cell's counterpart can be when it is no cell. */
export const UNSEEN = -1;
/** The place is padding: nothing of the image. */
export const PADDING = -2;

/**
 * How places of one canvas are found in another.
 * @param {LinkedCanvas} from @param {LinkedCanvas} to @returns {Link}
 */
export function linkOf(from, to) {
  const back = inverse(from.affine);
  if (!back || to.affine.length !== 6) {
    const [x, y] = [to.width / from.width, to.height / from.height];
    return { by: "canvas", to: (point) => ({ x: point.x * x, y: point.y * y }) };
  }
  return { by: "image", to: (point) => apply(to.affine, apply(back, point)) };
}

/**
 * The cell of another canvas at each cell's centre; UNSEEN where that lies outside of the other's patches,
 * PADDING where the cell itself is not of the image.
 * @param {LinkedCanvas} from @param {LinkedCanvas} to @param {Size} source @returns {Int32Array}
 */
export function linkCells(from, to, source) {
  const link = linkOf(from, to);
  const isPadding = paddingTest(from, source);
  return Int32Array.from({ length: cellCount(from) }, (_, cell) => {
    const centre = centreOf(from, cell);
    if (isPadding(centre)) return PADDING;
    const there = link.to(centre);
    return cellAtPoint(to, there.x, there.y) ?? UNSEEN;
  });
}

/**
 * Cells of a model's canvas as they lie on its canvas of another image, at the same relative position; PADDING
 * where that holds nothing of the other image.
 * @param {Int32Array} cells below 0: none @param {LinkedCanvas} from @param {LinkedCanvas} to
 * @param {Size} source of the other image @returns {Int32Array}
 */
export function moveCells(cells, from, to, source) {
  const moved = linkCells({ ...from, affine: [] }, { ...to, affine: [] }, source);
  const isPadding = paddingTest(to, source);
  const place = (/** @type {number} */ cell) =>
    cell >= 0 && isPadding(centreOf(to, cell)) ? PADDING : cell;
  return cells.map((cell) => (cell < 0 ? cell : place(moved[cell])));
}

/**
 * The outline of a cell as it lies in another canvas: the four corners in order.
 * @param {LinkedCanvas} from @param {number} cell @param {LinkedCanvas} to @returns {Point[]}
 */
export function outlineIn(from, cell, to) {
  const { x, y, width, height } = cellBox(from, cell);
  const link = linkOf(from, to);
  const corners = [
    [x, y],
    [x + width, y],
    [x + width, y + height],
    [x, y + height],
  ];
  return corners.map(([left, top]) => link.to({ x: left, y: top }));
}

/** @param {import("#viewer/grid").Canvas} canvas @param {number} cell @returns {Point} canvas pixels */
export function centreOf(canvas, cell) {
  const { x, y, width, height } = cellBox(canvas, cell);
  return { x: x + width / 2, y: y + height / 2 };
}

/**
 * Whether a point of a canvas lies outside of the image that it was made from.
 * @param {LinkedCanvas} canvas @param {Size} source @returns {(point: Point) => boolean}
 */
function paddingTest(canvas, source) {
  const back = inverse(canvas.affine);
  if (!back) return () => false;
  return (point) => {
    const { x, y } = apply(back, point);
    return x < 0 || y < 0 || x >= source.width || y >= source.height;
  };
}

/** @param {number[]} affine @param {Point} point @returns {Point} */
function apply([a, b, c, d, e, f], { x, y }) {
  return { x: a * x + b * y + c, y: d * x + e * y + f };
}

/**
 * The way back; null where there is none.
 * @param {number[]} affine @returns {number[] | null}
 */
function inverse([a, b, c, d, e, f]) {
  const area = a * e - b * d;
  if (!Number.isFinite(area) || area === 0) return null;
  return [e / area, -b / area, (b * f - c * e) / area, -d / area, a / area, (c * d - a * f) / area];
}
