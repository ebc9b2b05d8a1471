import assert from "node:assert/strict";
import { test } from "node:test";

import { cellsOf, countRegion, edgesOf, extended, listsOf, regionBox } from "#viewer/region";

const canvas = (rows, cols) => ({
  width: cols * 10 + 6,
  height: rows * 8 + 3,
  rows,
  cols,
  cellWidth: 10,
  cellHeight: 8,
  gridX: 6,
  gridY: 3,
});
const list = (...tokens) => tokens.map((token, index) => ({ token, score: 1 - index / 10 }));

test("any two corners span the same cells, for every grid", () => {
  for (const [rows, cols] of [
    [1, 1],
    [2, 3],
    [3, 2],
    [7, 5],
    [1, 9],
  ]) {
    const grid = canvas(rows, cols);
    for (let from = 0; from < rows * cols; from += 1) {
      for (let to = 0; to < rows * cols; to += 1) {
        const cells = cellsOf(grid, { from, to });
        assert.deepEqual(cells, cellsOf(grid, { from: to, to: from }));
        const { top, bottom, left, right } = edgesOf(grid, { from, to });
        const inside = (cell) => {
          const [row, col] = [Math.floor(cell / cols), cell % cols];
          return row >= top && row <= bottom && col >= left && col <= right;
        };
        assert.deepEqual(cells, [...Array(rows * cols).keys()].filter(inside));
        const box = regionBox(grid, { from, to });
        assert.equal((box.width / 10) * (box.height / 8), cells.length);
        assert.deepEqual([box.x, box.y], [6 + left * 10, 3 + top * 8]);
      }
    }
  }
});

test("a region grows from the cell that is read and stops at the grid's edges", () => {
  const grid = canvas(3, 3);
  const first = extended(grid, null, 4, "ArrowRight");
  assert.deepEqual(first, { from: 4, to: 5 });
  assert.deepEqual(extended(grid, first, 5, "ArrowDown"), { from: 4, to: 8 });
  assert.deepEqual(extended(grid, { from: 4, to: 8, lists: true }, 8, "ArrowDown"), {
    from: 4,
    to: 8,
    lists: true,
  });
  assert.deepEqual(extended(grid, { from: 4, to: 8, lists: true }, 0, "End"), {
    from: 0,
    to: 2,
    lists: true,
  });
});

test("words are counted once a cell, over spellings, with the mean of their best scores", () => {
  const counts = countRegion([list(" dog", "cat"), list("Dog", " dog", "sun"), list(" cat"), []]);
  assert.deepEqual(
    counts.map(({ token, cells, share }) => [token, cells, share]),
    [
      [" dog", 2, 2 / 3],
      ["cat", 2, 2 / 3],
      ["sun", 1, 1 / 3],
    ],
  );
  assert.deepEqual(counts[0].spellings, [" dog", "Dog"]);
  assert.equal(counts[0].score, 1);
  assert.equal(counts[1].score, 0.95);
});

test("what has no letters is counted as it is spelled", () => {
  const counts = countRegion([list("\n"), list(" "), list("\n"), list("")]);
  assert.deepEqual(
    counts.map(({ token, cells }) => [token, cells]),
    [
      ["\n", 2],
      ["", 1],
      [" ", 1],
    ],
  );
});

test("first tokens or whole lists", () => {
  const read = (lens, layer, cell) => (cell === 3 ? [] : list(`${lens}${layer}${cell}`, "second"));
  const shown = { list: read, first: (...place) => read(...place)[0] ?? null };
  assert.deepEqual(
    listsOf(shown, "l", 2, [0, 3], false).map((rows) => rows.map(({ token }) => token)),
    [["l20"], []],
  );
  assert.equal(listsOf(shown, "l", 2, [0], true)[0].length, 2);
});
