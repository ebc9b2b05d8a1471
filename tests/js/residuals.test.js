import assert from "node:assert/strict";
import test from "node:test";

import { restored } from "#viewer/residuals";

// The numbers of tests/generator/test_residuals.py.
const VALUES = [5, 7, 6, 9, 8, 1, 5, 8, 8, 12, 11, 4];
const RESIDUALS = [5, 2, -1, 4, 0, -6, 0, 1, 1, 3, 1, 1];

test("numbers are restored from their residuals", () => {
  assert.deepEqual([...restored(Int32Array.from(RESIDUALS), 2, 3)], VALUES);
});
