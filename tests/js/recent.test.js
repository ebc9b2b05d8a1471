import assert from "node:assert/strict";
import { test } from "node:test";

import { Recent } from "#viewer/recent";

test("what was used last is kept, what was not is let go and made again", () => {
  const [made, gone] = [[], []];
  const recent = new Recent(2, (value) => gone.push(value));
  const get = (key) =>
    recent.get(key, () => {
      made.push(key);
      return `value ${key}`;
    });
  for (const key of ["a", "b", "a", "c"]) get(key);
  assert.deepEqual([made, gone], [["a", "b", "c"], ["value b"]]);
  assert.equal(get("a"), "value a");
  get("b");
  assert.deepEqual([made, gone], [["a", "b", "c", "b"], ["value b", "value c"]]);
});

test("looking is no use, and what is dropped is let go once", () => {
  const gone = [];
  const recent = new Recent(2, (value) => gone.push(value));
  recent.get("a", () => 1);
  recent.get("b", () => 2);
  assert.equal(recent.peek("a"), 1);
  recent.get("c", () => 3);
  assert.equal(recent.peek("a"), undefined);
  recent.drop("b");
  recent.drop("b");
  assert.deepEqual(gone, [1, 2]);
});
