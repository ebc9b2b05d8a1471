import assert from "node:assert/strict";
import { test } from "node:test";

import { commandOf } from "#viewer/keys";

const press = (key, changes = {}) => ({ key, ctrlKey: false, metaKey: false, altKey: false, ...changes });

test("brackets step through the layers wherever the focus is", () => {
  for (const focus of ["page", "grid", "field"]) {
    assert.deepEqual(commandOf(press("]"), focus), { action: "layer", step: 1 });
    assert.deepEqual(commandOf(press("["), focus), { action: "layer", step: -1 });
  }
});

test("arrows walk the grid, but stay with a control that uses them", () => {
  assert.deepEqual(commandOf(press("ArrowLeft"), "page"), { action: "walk", key: "ArrowLeft" });
  assert.equal(commandOf(press("ArrowLeft"), "field"), null);
  assert.equal(commandOf(press("Home"), "page"), null);
  assert.deepEqual(commandOf(press("Home"), "grid"), { action: "walk", key: "Home" });
});

test("Enter and Space pin only on a cell", () => {
  assert.deepEqual(commandOf(press("Enter"), "grid"), { action: "pin" });
  assert.equal(commandOf(press(" "), "page"), null);
});

test("the browser keeps its own shortcuts", () => {
  assert.equal(commandOf(press("c", { ctrlKey: true }), "page"), null);
  assert.equal(commandOf(press("ArrowLeft", { altKey: true }), "page"), null);
  assert.equal(commandOf(press("toString"), "page"), null);
});
