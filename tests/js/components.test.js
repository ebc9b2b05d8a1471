import assert from "node:assert/strict";
import { test } from "node:test";

import { areas } from "#viewer/components";

/** @param {string} drawing rows separated by spaces; "." has no label */
function read(drawing) {
  const rows = drawing.split(" ");
  return areas(
    [...rows.join("")].map((label) => (label === "." ? null : label)),
    rows[0].length,
  );
}

test("equal neighbours form one area, diagonal ones do not", () => {
  const found = read("aab baa bbb");
  assert.deepEqual(
    found.map(({ label, cells }) => [label, cells]),
    [
      ["a", [0, 1, 4, 5]],
      ["b", [2]],
      ["b", [3, 6, 7, 8]],
    ],
  );
});

test("rows do not run into each other", () => {
  assert.equal(read("..a a..").length, 2);
});

test("an area is labelled in its widest row", () => {
  const [{ row, firstCol, lastCol }] = read("a.. aaa a..");
  assert.deepEqual([row, firstCol, lastCol], [1, 0, 2]);
});

test("of equally wide rows the middle one is labelled", () => {
  assert.equal(read("aa aa aa")[0].row, 1);
});

test("cells without a label belong to no area", () => {
  assert.deepEqual(read("... ..."), []);
});

test("areas cover the labelled cells exactly once, as a search by hand finds them", () => {
  const cols = 9;
  const labels = Array.from({ length: 81 }, (_, cell) => "abc"[(cell * 7 + Math.floor(cell / 5)) % 3]);
  const cells = areas(labels, cols).flatMap((area) => area.cells);
  assert.deepEqual(
    [...cells].sort((a, b) => a - b),
    [...labels.keys()],
  );
  for (const area of areas(labels, cols)) assert.ok(area.cells.every((cell) => labels[cell] === area.label));
});
