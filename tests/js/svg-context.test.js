import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { drawFrame, drawGrid } from "#viewer/line-drawing";
import { drawMap } from "#viewer/map-drawing";
import { escapeXml, SvgContext } from "#viewer/svg-context";

const measure = (text, font) => ({ width: text.length * Number(font.match(/([\d.]+)px/)[1]) * 0.5 });
const make = () => new SvgContext({ width: 120, height: 40 }, measure);
const elements = (context) =>
  context
    .toFile("t", "d")
    .split("\n")
    .filter((line) => /^<(rect|path|text|image)/.test(line));

test("rectangles, lines and pictures stand where the transform puts them", () => {
  const context = make();
  context.setTransform(2, 0, 0, 2, 10, 5);
  context.fillStyle = "rgb(255 0 0 / 0.5)";
  context.fillRect(1, 2, 3, 4);
  context.strokeStyle = "#00ff00";
  context.lineWidth = 1.5;
  context.lineCap = "square";
  context.beginPath();
  context.moveTo(0, 0);
  context.lineTo(10, 0);
  context.stroke();
  context.drawImage({ src: "data:image/png;base64,AA==" }, 0, 0, 60, 20);
  assert.deepEqual(elements(context), [
    '<rect x="12" y="9" width="6" height="8" fill="#ff0000" fill-opacity="0.5"/>',
    '<path d="M10 5L30 5" fill="none" stroke="#00ff00" stroke-width="3" stroke-linecap="square"/>',
    '<image id="picture-1" x="10" y="5" width="120" height="40" preserveAspectRatio="none" xlink:href="data:image/png;base64,AA=="/>',
  ]);
});

test("a picture that is drawn again is written once", () => {
  const context = make();
  for (const x of [10, 50]) {
    context.setTransform(2, 0, 0, 2, x, 5);
    context.drawImage({ src: "data:image/png;base64,AA==" }, 0, 0, 10, 10);
  }
  const file = context.toFile("t", "d");
  assert.equal(file.match(/base64/g).length, 1);
  assert.match(file, /<use xlink:href="#picture-1" x="40" y="0"\/>/);
});

test("a text and its outline are one element", () => {
  const context = make();
  Object.assign(context, { font: '600 10px "A & B", sans-serif', textAlign: "center", textBaseline: "middle" });
  Object.assign(context, { fillStyle: "#141414", strokeStyle: "#ffffff", lineWidth: 2, lineJoin: "round" });
  context.strokeText("dog", 30, 20);
  context.fillText("dog", 30, 20);
  context.fillText("cat", 30, 20);
  const [dog, cat] = elements(context);
  assert.equal(
    dog,
    '<text x="30" y="23.5" font-family="&quot;A &amp; B&quot;, sans-serif" font-size="10" font-weight="600" ' +
      'text-anchor="middle" fill="#141414" stroke="#ffffff" stroke-width="2" stroke-linejoin="round" ' +
      'paint-order="stroke">dog</text>',
  );
  assert.doesNotMatch(cat, /stroke/);
});

test("text cannot end its element, and what XML cannot hold is replaced", () => {
  assert.equal(
    escapeXml('</text><script>&"]]>\u0000\u001b\ud800🦊\ufffe\n'),
    "&lt;/text&gt;&lt;script&gt;&amp;&quot;]]&gt;\ufffd\ufffd\ufffd🦊\ufffd&#10;",
  );
  const context = make();
  context.fillText("</text><script>alert(1)</script>", 0, 0);
  const file = context.toFile('</title>"', "]]> -->");
  assert.doesNotMatch(file, /<script|<\/title>"/);
});

test("the page's own drawing can be written: a map, the grid, a frame", () => {
  const canvas = { width: 60, height: 20, rows: 1, cols: 3, cellWidth: 20, cellHeight: 20, gridX: 0, gridY: 0 };
  const palette = {
    mapOpacity: 0.68,
    mapInk: "#14161a",
    mapHalo: "rgb(255 255 255 / 0.55)",
    mapEdge: "rgb(20 22 26 / 0.4)",
    mapFont: "sans-serif",
    quiet: "#c9c9c6",
    gridLight: "rgb(255 255 255 / 0.34)",
    gridDark: "rgb(0 0 0 / 0.2)",
  };
  const map = {
    fills: ["oklch(0.84 0.115 20)", "oklch(0.84 0.115 20)", null],
    groups: ["dog", "dog", null],
    labels: ["dog", "<dog>", null],
    classes: [],
    ramp: null,
  };
  const context = make();
  context.setTransform(2, 0, 0, 2, 0, 0);
  drawMap(context, canvas, map, null, palette, 0.5);
  drawGrid(context, canvas, palette, 0.5);
  drawFrame(context, canvas, 2, { colour: "#ffd23e", rim: "#000000", width: 4 }, 0.5);
  const drawn = elements(context);
  const count = (tag) => drawn.filter((line) => line.startsWith(`<${tag}`)).length;
  assert.deepEqual([count("rect"), count("path"), count("text")], [1 + 2, 1 + 2, 2]);
  assert.match(drawn[0], /^<rect x="0" y="0" width="80" height="40" fill="#[0-9a-f]{6}" fill-opacity="0.68"\/>$/);
  assert.ok(drawn.some((line) => line.includes(">&lt;dog&gt;</text>")));
});

test("whatever the page's drawing asks of a context, this one has", () => {
  const asked = new Set();
  for (const name of ["picture-drawing", "hit-drawing", "line-drawing", "map-drawing", "sheet"]) {
    const source = readFileSync(new URL(`../../assets/js/${name}.js`, import.meta.url), "utf8");
    for (const [, property] of source.matchAll(/\bcontext\.([a-zA-Z]+)\b/g)) asked.add(property);
  }
  // Pixels are asked of a canvas that stays on the screen; "js" ends the name of a file.
  for (const other of ["getImageData", "js"]) asked.delete(other);
  assert.ok(asked.size > 20);
  assert.deepEqual(
    [...asked].filter((property) => !(property in make())),
    [],
  );
});
