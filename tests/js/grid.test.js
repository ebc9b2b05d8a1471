import assert from "node:assert/strict";
import { test } from "node:test";

import {
  cellAt,
  cellAtPoint,
  cellBox,
  cellCount,
  centreCell,
  gridBox,
  samePlace,
  walk,
} from "#viewer/grid";

/** Grids with patches of 14, 16, 28, 32 and 56 pixels, square and not, some away from the canvas's corner. */
const GRIDS = [
  { width: 336, height: 336, rows: 24, cols: 24, cellWidth: 14, cellHeight: 14, gridX: 0, gridY: 0 },
  {
    width: 384,
    height: 384,
    rows: 27,
    cols: 27,
    cellWidth: 384 / 27,
    cellHeight: 384 / 27,
    gridX: 0,
    gridY: 0,
  },
  { width: 224, height: 112, rows: 7, cols: 14, cellWidth: 16, cellHeight: 16, gridX: 0, gridY: 0 },
  { width: 280, height: 140, rows: 5, cols: 10, cellWidth: 28, cellHeight: 28, gridX: 0, gridY: 0 },
  { width: 40, height: 48, rows: 3, cols: 2, cellWidth: 14, cellHeight: 14, gridX: 6, gridY: 3 },
  { width: 320, height: 96, rows: 3, cols: 10, cellWidth: 32, cellHeight: 32, gridX: 0, gridY: 0 },
  { width: 896, height: 896, rows: 16, cols: 16, cellWidth: 56, cellHeight: 56, gridX: 0, gridY: 0 },
  { width: 100, height: 90, rows: 3, cols: 4, cellWidth: 25, cellHeight: 30, gridX: 0, gridY: 0 },
];

for (const canvas of GRIDS) {
  test(`every cell of ${canvas.rows}×${canvas.cols} is found at its own corners and centre`, () => {
    for (let cell = 0; cell < cellCount(canvas); cell += 1) {
      const { x, y, width, height } = cellBox(canvas, cell);
      assert.equal(cellAtPoint(canvas, x + width / 2, y + height / 2), cell);
      assert.equal(cellAtPoint(canvas, x + 0.01, y + 0.01), cell);
      assert.equal(cellAtPoint(canvas, x + width - 0.01, y + height - 0.01), cell);
    }
  });
}

test("points beside the grid belong to no cell", () => {
  const canvas = GRIDS[4];
  assert.equal(cellAtPoint(canvas, 5.9, 10), null);
  assert.equal(cellAtPoint(canvas, 34.1, 10), null);
  assert.equal(cellAtPoint(canvas, 10, 2.9), null);
  assert.equal(cellAtPoint(canvas, 10, 45.1), null);
  assert.equal(cellAt(canvas, 3, 0), null);
  assert.equal(cellAt(canvas, 0, -1), null);
});

test("the grid's box starts at cell 0", () => {
  assert.deepEqual(gridBox(GRIDS[4]), { x: 6, y: 3, width: 28, height: 42 });
});

test("keys walk and stop at the edges", () => {
  const canvas = GRIDS[7];
  assert.equal(walk(canvas, 5, "ArrowRight"), 6);
  assert.equal(walk(canvas, 5, "ArrowLeft"), 4);
  assert.equal(walk(canvas, 5, "ArrowUp"), 1);
  assert.equal(walk(canvas, 5, "ArrowDown"), 9);
  assert.equal(walk(canvas, 3, "ArrowRight"), 3);
  assert.equal(walk(canvas, 8, "ArrowDown"), 8);
  assert.equal(walk(canvas, 6, "Home"), 4);
  assert.equal(walk(canvas, 6, "End"), 7);
  assert.equal(walk(canvas, 6, "constructor"), null);
});

test("a selection keeps its relative place in another grid", () => {
  const [wide, square] = [GRIDS[2], GRIDS[6]];
  assert.equal(samePlace(wide, 0, square), 16);
  assert.equal(samePlace(wide, cellCount(wide) - 1, square), 14 * 16 + 15);
  assert.equal(samePlace(square, 100, square), 100);
});

test("the centre of an even grid is the cell before the middle", () => {
  assert.equal(centreCell(GRIDS[7]), 5);
  assert.equal(centreCell({ ...GRIDS[7], rows: 1, cols: 1 }), 0);
});
