import assert from "node:assert/strict";
import { test } from "node:test";

import { domainOf, formatScore, formatShare, fraction } from "#viewer/scores";

test("scores show three decimals, a true minus sign, and a dash where there are none", () => {
  assert.equal(formatScore(0.12345), "0.123");
  assert.equal(formatScore(-7.5), "−7.500");
  assert.equal(formatScore(null), "–");
  assert.equal(formatScore(Number.NaN), "–");
});

test("shares give both counts", () => {
  assert.equal(formatShare(12, 48), "12 of 48 (25\u202f%)");
  assert.equal(formatShare(0, 0), "0 of 0");
});

test("a value's place in a domain stays within it", () => {
  assert.equal(fraction(5, [0, 10]), 0.5);
  assert.equal(fraction(-5, [0, 10]), 0);
  assert.equal(fraction(50, [0, 10]), 1);
  assert.equal(fraction(1, [1, 1]), 0);
});

test("domains skip what is missing", () => {
  assert.deepEqual(domainOf([3, null, -1, Number.NaN, 2]), [-1, 3]);
  assert.deepEqual(domainOf([null]), [0, 1]);
});
