import assert from "node:assert/strict";
import { test } from "node:test";
import { linkCells, linkOf, outlineIn, PADDING, UNSEEN } from "#viewer/compare-place";

const SOURCE = { width: 100, height: 60 };

/** A grid over its whole canvas. */
const canvas = (width, height, rows, cols, affine) => ({
  width,
  height,
  rows,
  cols,
  cellWidth: width / cols,
  cellHeight: height / rows,
  gridX: 0,
  gridY: 0,
  affine,
});

/** The whole image squashed into 40 × 40, in 2 × 2 cells. */
const squashed = canvas(40, 40, 2, 2, [0.4, 0, 0, 0, 40 / 60, 0]);
/** Its middle 60 × 60 pixels at full size, in 3 × 3 cells. */
const cropped = canvas(60, 60, 3, 3, [1, 0, -20, 0, 1, 0]);
/** The whole image at half size with a bar of 10 pixels above and below, in 5 × 5 cells of 10 pixels. */
const padded = canvas(50, 50, 5, 5, [0.5, 0, 0, 0, 0.5, 10]);

test("cells meet where the image is the same, whatever the crop and the grid", () => {
  // Centres at source x 25, 75 and y 15, 45: in the crop at x 5, 55 and y 15, 45.
  assert.deepEqual([...linkCells(squashed, cropped, SOURCE)], [0, 2, 6, 8]);
  // Centres at source x 30, 50, 70: the middle column goes to the right half.
  assert.deepEqual([...linkCells(cropped, squashed, SOURCE)], [0, 1, 1, 2, 3, 3, 2, 3, 3]);
});

test("what another model's crop leaves out is not seen by it", () => {
  const finer = canvas(40, 40, 1, 5, squashed.affine); // centres at source x 10, 30, 50, 70, 90
  assert.deepEqual([...linkCells(finer, cropped, SOURCE)], [UNSEEN, 3, 4, 5, UNSEEN]);
});

test("padding is no place of the image", () => {
  const found = [...linkCells(padded, squashed, SOURCE)];
  assert.deepEqual(found.slice(0, 5), Array(5).fill(PADDING));
  assert.deepEqual(found.slice(5, 10), [0, 0, 1, 1, 1]);
  assert.deepEqual(found.slice(20), Array(5).fill(PADDING));
});

test("a grid that begins inside its canvas has no cell at its margin", () => {
  const inset = { ...canvas(40, 40, 1, 1, squashed.affine), gridX: 20, cellWidth: 20 };
  assert.deepEqual([...linkCells(squashed, inset, SOURCE)], [UNSEEN, 0, UNSEEN, 0]);
});

test("rotations and shears go both ways", () => {
  const turned = canvas(60, 100, 5, 3, [0, -1, 60, 1, 0, 0]); // a quarter turn: x' = 60 - y, y' = x
  const straight = canvas(100, 60, 3, 5, [1, 0, 0, 0, 1, 0]);
  const there = linkCells(straight, turned, SOURCE);
  const back = linkCells(turned, straight, SOURCE);
  assert.equal(there[0], 2); // top left goes to the top right
  assert.deepEqual(
    [...there].map((cell) => back[cell]),
    [...there.keys()],
  );
});

test("without a map the place is told by the picture's own edges, and the link says so", () => {
  const unknown = canvas(20, 20, 2, 2, []);
  assert.equal(linkOf(squashed, cropped).by, "image");
  assert.equal(linkOf(squashed, unknown).by, "canvas");
  assert.equal(linkOf(unknown, squashed).by, "canvas");
  assert.equal(linkOf(canvas(20, 20, 2, 2, [0, 0, 0, 0, 0, 0]), squashed).by, "canvas");
  assert.deepEqual([...linkCells(cropped, unknown, SOURCE)], [0, 1, 1, 2, 3, 3, 2, 3, 3]);
});

test("a cell's outline in another canvas", () => {
  assert.deepEqual(
    outlineIn(padded, 6, cropped).map(({ x, y }) => [x, y]),
    [
      [0, 0],
      [20, 0],
      [20, 20],
      [0, 20],
    ],
  );
});
