import assert from "node:assert/strict";
import { test } from "node:test";

import { planSheet } from "#viewer/sheet";
import { brokenLines, fileWidth, fineness, MARGIN } from "#viewer/sheet-plan";
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
const palette = { pins: ["#111111", "#222222"], markLight: "#ffffff", hit: "#ff00ff" };
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
  const firsts = [
    ["LogitLens", "dog⟨U+202E⟩"],
    ["LN-Lens", "–"],
  ];
  assert.deepEqual(sheet.marks, [{ label: "2: row 1, column 1", colour: "#222222", words: firsts }]);
});

test("what outlines mean is said where there are any", () => {
  const found = view({ pins: [], find: { text: "dog", rank: 3 } }, words(1));
  const marksOf = (changes) => sheetText({ ...found, ...changes }, palette, { source: "" }).marks;
  assert.deepEqual(marksOf({ findings: { found: { asked: true } } }), [
    { label: "outlined: patches with dog at rank 1 to 3", colour: "#ff00ff" },
  ]);
  assert.match(marksOf({ findings: { found: { asked: true } }, map: null })[0].label, /; the others are darkened$/);
  assert.deepEqual(marksOf({ findings: null }), []);
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
  for (const width of [60, 100, 2000]) {
    const sheet = sheetText(view({}, words(20)), palette, { source: "x".repeat(500) });
    const plan = planSheet(sheet, { ...canvas, width, height: 0.8 * width }, measure, "sans-serif");
    assert.equal(plan.width, 480 + 2 * MARGIN);
    const seen = [];
    for (const { x, y, width } of plan.items) {
      assert.ok(x >= MARGIN && x + width <= plan.width - MARGIN + 0.01, `${x} ${width}`);
      assert.ok(y > MARGIN + 384 && y < plan.height - MARGIN, `${y} of ${plan.height}`);
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
  assert.deepEqual(sheet.classes.map(({ label, count }) => [label, count]).slice(0, 1), [["at vision layer 2:", null]]);
  assert.deepEqual(sheet.classes.map(({ count }) => count), [null, null, null]);
  const plan = planSheet(sheet, canvas, measure, "f");
  assert.equal(plan.width, 240 * 2 + 14 + 2 * MARGIN);
  assert.deepEqual(
    plan.panels.map(({ layer, x, y }) => [layer, x, y]),
    [
      [0, 12, 12],
      [1, 266, 12],
      [2, 12, 12 + 192 + 25],
    ],
  );
  const labels = plan.items.filter(({ piece }) => piece.text?.startsWith("vision"));
  labels.forEach(({ x, y }, at) => assert.deepEqual([x, y], [plan.panels[at].x, plan.panels[at].y + 192 + 11]));
});

test("a ramp shows its ends and what it means", () => {
  const ramp = { low: -1, high: 0.5, colours: ["#000", "#777", "#fff"], title: "cosine", here: [0, 0] };
  const sheet = sheetText(view({ map: "score", pins: [] }, { classes: [], ramp }), palette, { source: "s" });
  const texts = planSheet(sheet, canvas, measure, "f").items.map(({ piece }) => piece.text ?? piece.colour);
  assert.deepEqual(texts.slice(-7), ["−1.000", "#000", "#777", "#fff", "0.500", "cosine; one scale for all layers of this image", "s"]);
});

test("a file has at least two pixels for one of the sheet, and whole numbers of them for one of the canvas", () => {
  const [one, many] = [[{ layer: 0, label: "" }], [0, 1, 2].map((layer) => ({ layer, label: "x" }))];
  for (const width of [100, 224, 336, 512, 1344]) {
    const sized = { ...canvas, width };
    for (const times of [1, 2]) {
      const pixels = (fineness(one, sized, times) * 480) / width;
      assert.ok(Math.abs(pixels - Math.round(pixels)) < 1e-9 && pixels >= times, `${width}: ${pixels}`);
      assert.ok(fineness(one, sized, times) >= 2 * times);
      assert.ok(fineness(many, sized, times) >= 2 * times);
    }
  }
  assert.equal(fineness(many, { ...canvas, width: 1344 }, 1), 2);
  assert.equal(fileWidth(one, { ...canvas, width: 512 }, 1), Math.round((504 * 1024) / 480));
});
