import assert from "node:assert/strict";
import { test } from "node:test";

import { planSheet } from "#viewer/sheet";
import { brokenLines, MARGIN } from "#viewer/sheet-plan";
import { sheetText } from "#viewer/sheet-text";

const measure = (text) => ({ width: text.length * 6 });
const canvas = { width: 100, height: 80, rows: 2, cols: 2, cellWidth: 50, cellHeight: 40, gridX: 0, gridY: 0 };
const view = (changes = {}, map = null) => ({
  page: {
    model: { title: "A <b>model</b>", numLayers: 4 },
    visionLayers: [0, 2, 4],
    lenses: [
      { id: "logit", title: "LogitLens" },
      { id: "contextual", title: "LN-Lens" },
    ],
  },
  image: { id: "scene-0", canvas },
  state: { layer: 1, cell: 3, pins: [null, 3], region: null, map: "words", lens: "logit", only: null, ...changes },
  shown: { first: (lens) => (lens === "logit" ? { token: " dog\u202e" } : null) },
  map,
});
const palette = { pins: ["#111111", "#222222"], markLight: "#ffffff" };
const words = (count) => ({
  classes: Array.from({ length: count }, (_, n) => ({ key: `w${n}`, label: `w${n}`, count: count - n, colour: "#abc" })),
  ramp: null,
});

test("the words say model, image, layer, map and lens", () => {
  const sheet = sheetText(view({}, words(2)), palette, { source: "Study · V-Lens 1" });
  assert.equal(sheet.title, "A <b>model</b>");
  assert.deepEqual(sheet.lines, [
    "image scene-0 · vision layer 2 (output of block 2 of 4) · words of LogitLens",
    "Study · V-Lens 1",
  ]);
  assert.deepEqual(sheet.marks, [{ label: "2: row 1, column 1: dog⟨U+202E⟩ · –", colour: "#222222" }]);
});

test("what is searched for is said", () => {
  const { lines } = sheetText(view({ find: { text: "dog\u0000" } }), palette, { source: "" });
  assert.match(lines[0], / · search for dog⟨U\+0000⟩$/);
});

test("the legend is the page's: the largest classes, or the one that is isolated", () => {
  const all = sheetText(view({}, words(20)), palette, { source: "" });
  assert.equal(all.classes.length, 15);
  assert.deepEqual(all.classes.at(-1), { label: "and 6 more", count: null, colour: "" });
  const one = sheetText(view({ only: "w7" }, words(20)), palette, { source: "" });
  assert.deepEqual(one.classes, [{ label: "w7", count: 13, colour: "#abc" }]);
  assert.match(one.lines[0], / · only w7$/);
});

test("a region says its rows and columns", () => {
  const { marks } = sheetText(view({ pins: [], region: { from: 3, to: 0 } }), palette, { source: "" });
  assert.deepEqual(marks, [{ label: "region: rows 0–1, columns 0–1", colour: "#ffffff" }]);
});

test("lines break at spaces and stay in the room", () => {
  assert.deepEqual(
    brokenLines("one two three", 8, (part) => part.length),
    ["one two", "three"],
  );
  assert.deepEqual(
    brokenLines("unbreakable", 4, (part) => part.length),
    ["unbreakable"],
  );
});

test("nothing of a sheet leaves it or lies on something else", () => {
  for (const scale of [1, 2, 5]) {
    const sheet = sheetText(view({}, words(20)), palette, { source: "x".repeat(500) });
    const plan = planSheet(sheet, canvas, scale, measure, "sans-serif");
    assert.equal(plan.width, Math.max(100 * scale, 320) + 2 * MARGIN);
    const seen = [];
    for (const { x, y, width } of plan.items) {
      assert.ok(x >= MARGIN && x + width <= plan.width - MARGIN + 0.01, `${x} ${width}`);
      assert.ok(y > MARGIN + 80 * scale && y < plan.height - MARGIN, `${y} of ${plan.height}`);
      for (const other of seen) assert.ok(other.y !== y || other.x + other.width <= x);
      seen.push({ x, y, width });
    }
    assert.ok(seen.length > 30);
  }
});

test("all layers are one sheet, each layer named", () => {
  const at = view({ multiples: true, pins: [] }, words(2));
  const sheet = sheetText(at, palette, { source: "s" });
  assert.deepEqual(sheet.panels.map(({ label }) => label), ["vision layer 0", "vision layer 2", "vision layer 4"]);
  assert.match(sheet.lines[0], /^image scene-0 · all stored layers · words/);
  assert.deepEqual(sheet.classes.map(({ count }) => count), [null, null]);
  const plan = planSheet(sheet, canvas, 2, measure, "f");
  assert.equal(plan.width, 200 * 2 + 14 + 2 * MARGIN);
  assert.deepEqual(
    plan.panels.map(({ layer, x, y }) => [layer, x, y]),
    [
      [0, 12, 12],
      [1, 226, 12],
      [2, 12, 12 + 160 + 23],
    ],
  );
  const labels = plan.items.filter(({ piece }) => piece.text?.startsWith("vision"));
  labels.forEach(({ x, y }, at) => assert.deepEqual([x, y], [plan.panels[at].x, plan.panels[at].y + 160 + 10]));
});

test("a ramp shows its ends and what it means", () => {
  const ramp = { low: -1, high: 0.5, colours: ["#000", "#777", "#fff"], title: "cosine" };
  const sheet = sheetText(view({ map: "score", pins: [] }, { classes: [], ramp }), palette, { source: "s" });
  const texts = planSheet(sheet, canvas, 1, measure, "f").items.map(({ piece }) => piece.text ?? piece.colour);
  assert.deepEqual(texts.slice(-7), ["−1.000", "#000", "#777", "#fff", "0.500", "cosine", "s"]);
});
