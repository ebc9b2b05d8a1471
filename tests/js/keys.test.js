import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { commandOf, ROWS } from "#viewer/keys";

const press = (key, changes = {}) => ({
  key,
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  shiftKey: false,
  ...changes,
});

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
  assert.equal(commandOf(press("__proto__"), "page"), null);
});

test("what is typed into a text is text", () => {
  const keys = ROWS.flatMap(({ presses }) => Object.keys(presses));
  assert.deepEqual(
    keys.filter((key) => commandOf(press(key), "text") !== null),
    [],
  );
});

test("no two rows take the same press", () => {
  const taken = new Map();
  for (const { presses, on = ["grid", "field", "page"], shift } of ROWS) {
    for (const key of Object.keys(presses)) {
      for (const focus of on) {
        for (const held of shift === undefined ? [true, false] : [shift]) {
          const place = `${key} ${focus} ${held}`;
          assert.ok(!taken.has(place), place);
          taken.set(place, true);
        }
      }
    }
  }
});

test("every row says its keys and what they do", () => {
  for (const { shown, meaning, presses } of ROWS) {
    assert.ok(shown.length > 0 && meaning.length > 0);
    for (const key of Object.keys(presses)) {
      if (key.length === 1 && key !== " ") assert.ok(shown.includes(key), `${key} is not shown`);
    }
  }
});

test("every command is obeyed", () => {
  const keyboard = readFileSync(new URL("../../assets/js/keyboard.js", import.meta.url), "utf8");
  const actions = new Set(ROWS.flatMap(({ presses }) => Object.values(presses).map(({ action }) => action)));
  actions.delete("copy"); // what is left over when all others are ruled out
  for (const action of actions) assert.ok(keyboard.includes(`"${action}"`), action);
});
