import assert from "node:assert/strict";
import { test } from "node:test";

import { tiling, widened } from "#viewer/tiling";

const extra = { gap: 10, label: 20 };

test("nine square tiles in a square box stand three by three", () => {
  assert.deepEqual(tiling(9, 1, { width: 620, height: 620 }, extra), { cols: 3, width: 180 });
});

test("wide pictures stand in fewer columns, tall ones in more", () => {
  const box = { width: 600, height: 600 };
  assert.ok(tiling(9, 3, box, extra).cols < 3);
  assert.ok(tiling(9, 1 / 3, box, extra).cols > 3);
});

test("all tiles fit, whatever their number and shape", () => {
  const box = { width: 350, height: 300 };
  for (const count of [1, 2, 5, 7, 9, 33]) {
    for (const aspect of [0.5, 1, 1.8]) {
      const { cols, width } = tiling(count, aspect, box, extra);
      const rows = Math.ceil(count / cols);
      assert.ok(cols * width + (cols - 1) * extra.gap <= box.width);
      assert.ok(rows * (width / aspect + extra.label) + (rows - 1) * extra.gap <= box.height + 1e-9);
    }
  }
});

test("a box without room holds tiles of no size", () => {
  assert.equal(tiling(9, 1, { width: 0, height: 0 }, extra).width, 0);
});

test("tiles that are too narrow for words stand in fewer columns, as wide as the room lets them be", () => {
  assert.deepEqual(widened({ cols: 9, width: 60 }, 224, 1000, 8), { cols: 4, width: 244 });
  assert.deepEqual(widened({ cols: 3, width: 110 }, 224, 358, 8), { cols: 2, width: 175 });
  assert.deepEqual(widened({ cols: 5, width: 250 }, 224, 1392, 8), { cols: 5, width: 250 });
  assert.deepEqual(widened({ cols: 1, width: 100 }, 224, 358, 8), { cols: 1, width: 358 });
  assert.deepEqual(widened({ cols: 1, width: 0 }, 224, 0, 8), { cols: 1, width: 0 });
});
