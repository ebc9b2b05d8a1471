import assert from "node:assert/strict";
import { test } from "node:test";

import { drawFrame, tagPlace } from "#viewer/line-drawing";

/** Four by four cells of this size. */
const canvasOf = (size) => ({ width: 4 * size, height: 4 * size, rows: 4, cols: 4, cellWidth: size, cellHeight: size, gridX: 0, gridY: 0 });

/** The boxes that a frame's strokes cover inside, and their widths. */
function strokes(cell) {
  const drawn = [];
  const context = {
    strokeRect(x, y, width, height) {
      drawn.push({ x, y, width, height, line: this.lineWidth });
    },
  };
  drawFrame(context, canvasOf(40), cell, { colour: "c", rim: "r", width: 3 }, 1);
  return drawn;
}

test("a frame lies around its cell: only its rim reaches inside", () => {
  for (const { x, y, width, height, line } of strokes(5)) {
    for (const reach of [x + line / 2 - 40, y + line / 2 - 40, 80 - (x + width - line / 2), 80 - (y + height - line / 2)]) {
      assert.ok(reach <= 1, `${reach} pixels inside`);
    }
  }
});

test("a frame at the canvas's edge is not cut off", () => {
  for (const { x, y, width, height, line } of strokes(15)) {
    assert.ok(x + width + line / 2 <= 160 && y + height + line / 2 <= 160);
  }
});

test("a tag leaves the middle of its cell to the word, and that of the cell above", () => {
  for (const size of [28, 40, 64]) {
    const canvas = canvasOf(size);
    const box = { x: size, y: size, width: size, height: size };
    const { x, y } = tagPlace(canvas, box, 1);
    assert.ok(y + 14 <= size + size / 2 - 7, `${size}: reaches down to ${y + 14}`);
    assert.ok(y >= size / 2 + 7, `${size}: reaches up to ${y}`);
    assert.ok(x >= 0 && x + 14 <= 2 * size);
  }
});

test("in the first row a tag lies at the lower corner, inside the canvas", () => {
  const place = tagPlace(canvasOf(20), { x: 0, y: 0, width: 20, height: 20 }, 1);
  assert.deepEqual(place, { x: 0, y: 17 });
});
