import assert from "node:assert/strict";
import { test } from "node:test";

import { hash, rampColour, wordColour } from "#viewer/colours";

const SHADES = { lightness: ["0.8", "0.7", "0.9"], chroma: "0.11" };
const hueOf = (colour) => Number(colour.match(/([\d.]+)\)$/)[1]);

test("the hash is FNV-1a", () => {
  assert.equal(hash(""), 0x811c9dc5);
  assert.equal(hash("a"), 0xe40c292c);
  assert.equal(hash("foobar"), 0xbf9cf968);
});

test("the most frequent words get hues far apart", () => {
  const words = ["dog", "cat", "tree", "sky", "sun", "grass"];
  const places = new Map(words.map((word, place) => [word, place]));
  const hues = words.map((word) => hueOf(wordColour(word, places, SHADES)));
  for (const [index, hue] of hues.entries()) {
    for (const other of hues.slice(index + 1)) {
      const apart = Math.abs(hue - other);
      assert.ok(Math.min(apart, 360 - apart) > 30, `${hue} and ${other}`);
    }
  }
});

test("a word that is not frequent has a colour of its own that stays", () => {
  const colour = wordColour("umbrella", new Map(), SHADES);
  assert.equal(wordColour("umbrella", new Map([["dog", 0]]), SHADES), colour);
  assert.match(colour, /^oklch\(0\.\d+ 0\.11 \d+\.\d\)$/);
});

test("a ramp holds both of its ends", () => {
  const ramp = ["a", "b", "c"];
  assert.deepEqual(
    [0, 0.34, 0.99, 1].map((at) => rampColour(ramp, at)),
    ["a", "b", "c", "c"],
  );
});

test("a word for a colour has its own colour, whatever its place", () => {
  const shades = { ...SHADES, named: new Map([["red", "oklch(0.7 0.17 27)"]]) };
  assert.equal(wordColour("red", new Map([["red", 3]]), shades), "oklch(0.7 0.17 27)");
  assert.notEqual(wordColour("reddish", new Map(), shades), "oklch(0.7 0.17 27)");
});
