import assert from "node:assert/strict";
import { test } from "node:test";
import { COMPARE_ROWS } from "#viewer/compare-keys";
import { commandOf } from "#viewer/keys";

const press = (key) => ({ key, ctrlKey: false, metaKey: false, altKey: false, shiftKey: false });

test("the comparison's keys ask for what they ask for on a model's page", () => {
  for (const key of ["ArrowLeft", "]", ".", "m", "c", "Escape", "?"]) {
    assert.ok(commandOf(press(key), "page", COMPARE_ROWS), key);
    assert.deepEqual(commandOf(press(key), "page", COMPARE_ROWS), commandOf(press(key), "page"), key);
  }
});

test("keys of what the comparison does not have are left to the browser", () => {
  for (const key of ["/", "n", "N", "p", "a", "g", "s"]) {
    assert.ok(commandOf(press(key), "page"), key);
    assert.equal(commandOf(press(key), "page", COMPARE_ROWS), null, key);
  }
});

test("each row says in words of the comparison what it does", () => {
  const meaning = (key) => COMPARE_ROWS.find(({ shown }) => shown.includes(key))?.meaning;
  assert.equal(meaning("↑"), "pin the next patch, in all pictures");
  assert.equal(meaning("Home"), "first, last patch of the row");
  assert.equal(meaning("Esc"), "let go of the patch, show all words");
  assert.equal(meaning(","), "previous, next image");
});
