import assert from "node:assert/strict";
import { test } from "node:test";

import { isMove, movePin, togglePin, unpin } from "#viewer/pins";

const pinned = (cell, ...pins) => ({ cell, pins });

test("patches take the free slots in turn, and the last one is read", () => {
  let state = pinned(null);
  for (const cell of [5, 2, 9]) state = togglePin(state, cell);
  assert.deepEqual(state, pinned(9, 5, 2, 9));
});

test("a pin that is chosen is read; chosen while read, it is let go of and keeps the others' slots", () => {
  const read = togglePin(pinned(9, 5, 2, 9), 2);
  assert.deepEqual(read, pinned(2, 5, 2, 9));
  assert.deepEqual(togglePin(read, 2), pinned(9, 5, null, 9));
  assert.deepEqual(togglePin(pinned(9, 5, null, 9), 7), pinned(7, 5, 7, 9));
});

test("when all slots are taken the pin that is read moves", () => {
  assert.deepEqual(togglePin(pinned(2, 5, 2, 9, 1), 7), pinned(7, 5, 7, 9, 1));
});

test("when all slots are taken and none is read, the last pin moves", () => {
  assert.deepEqual(togglePin(pinned(null, 5, 2, 9, 1), 7), pinned(7, 5, 2, 9, 7));
  assert.deepEqual(movePin(pinned(null, 5, 2, 9, 1), 7), pinned(7, 5, 2, 9, 7));
});

test("letting go of the last pin leaves none", () => {
  assert.deepEqual(unpin(pinned(5, 5), 5), pinned(null));
  assert.deepEqual(unpin(pinned(5, 5, 2), 2), pinned(5, 5));
});

test("a pin that walks onto another becomes one with it", () => {
  assert.deepEqual(movePin(pinned(5, 5, 2), 6), pinned(6, 6, 2));
  assert.deepEqual(movePin(pinned(5, 5, 2), 2), pinned(2, null, 2));
  assert.deepEqual(movePin(pinned(null), 3), pinned(3, 3));
});

test("a fifth patch is a move, one that is pinned already is not", () => {
  assert.equal(isMove(pinned(2, 5, 2, 9, 1), 7), true);
  assert.equal(isMove(pinned(2, 5, 2, 9, 1), 9), false);
  assert.equal(isMove(pinned(2, 5, null, 9, 1), 7), false);
  assert.equal(isMove(pinned(2, 5, 2, 9), 7), false);
});
