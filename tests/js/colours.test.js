import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { hash, rampColour, wordColour } from "#viewer/colours";
import { readPalette } from "#viewer/palette";
import { linearOf, oklab } from "#viewer/plain-colours";

const SHADES = { lightness: ["0.8", "0.7", "0.9"], chroma: ["0.11"] };

/** The shades that tokens.css states, as the pages read them. */
function siteShades() {
  const css = readFileSync(new URL("../../assets/css/tokens.css", import.meta.url), "utf8");
  const values = new Map([...css.matchAll(/(--[\w-]+):\s*([^;]*);/g)].map(([, name, value]) => [name, value]));
  globalThis.getComputedStyle = () => ({ getPropertyValue: (name) => values.get(name) ?? "" });
  return readPalette(null).word;
}

test("the hash is FNV-1a", () => {
  assert.equal(hash(""), 0x811c9dc5);
  assert.equal(hash("a"), 0xe40c292c);
  assert.equal(hash("foobar"), 0xbf9cf968);
});

const labOf = (colour) => oklab(...colour.match(/[\d.]+/g).map(Number));
const apart = (colours) =>
  Math.min(
    ...colours.flatMap((one, at) =>
      colours.slice(at + 1).map((other) => Math.hypot(...labOf(one).map((value, axis) => value - labOf(other)[axis]))),
    ),
  );
const placesOf = (words) => new Map(words.map((word, place) => [word, place]));
const WORDS = Array.from({ length: 128 }, (_, place) => `word${place}`);
const SITE = siteShades();

test("frequent words differ by a stated distance in OKLab, the most frequent by most", () => {
  const colours = WORDS.map((word) => wordColour(word, placesOf(WORDS), SITE));
  assert.ok(apart(colours.slice(0, 12)) >= 0.1, String(apart(colours.slice(0, 12))));
  assert.ok(apart(colours.slice(0, 32)) >= 0.06, String(apart(colours.slice(0, 32))));
  assert.ok(apart(colours.slice(0, 64)) >= 0.035, String(apart(colours.slice(0, 64))));
  assert.ok(apart(colours) >= 0.02, String(apart(colours)));
});

test("frequent words keep off the colours of the words for colours beside them", () => {
  const words = ["sky", "blue", "water", "green", "tree", "red", "sun", "yellow", "cloud", "white", "grass", "orange"];
  const others = WORDS.slice(0, 20);
  const places = placesOf([...words, ...others]);
  const colours = [...words, ...others].map((word) => wordColour(word, places, SITE));
  assert.ok(apart(colours.slice(0, 12)) >= 0.08, String(apart(colours.slice(0, 12))));
  assert.ok(apart(colours) >= 0.06, String(apart(colours)));
  for (const colour of [...others, "umbrella", "zebra"].map((word) => wordColour(word, places, SITE))) {
    for (const named of SITE.named.values()) assert.ok(apart([colour, named]) >= 0.03, `${colour} ${named}`);
  }
});

test("labels can be read on every word's colour", () => {
  const luminance = (colour) => linearOf(labOf(colour)).reduce((sum, channel, at) => sum + channel * [0.2126, 0.7152, 0.0722][at], 0);
  const ink = 0.008; // of --map-ink
  const places = placesOf(WORDS);
  for (let at = 0; at < 1000; at += 1) {
    const colour = wordColour(`word${at}`, places, SITE);
    assert.ok((luminance(colour) + 0.05) / (ink + 0.05) >= 4.5, colour);
  }
});

test("a word that is not frequent has a colour that stays and is no frequent word's", () => {
  const colour = wordColour("umbrella", placesOf(WORDS), SITE);
  assert.equal(wordColour("umbrella", placesOf(WORDS), SITE), colour);
  const places = placesOf(WORDS);
  const frequent = WORDS.map((word) => wordColour(word, places, SITE));
  const rare = Array.from({ length: 300 }, (_, at) => wordColour(`rare${at}`, places, SITE));
  assert.ok(new Set(rare).size > 40, String(new Set(rare).size));
  assert.deepEqual(rare.filter((one) => frequent.includes(one)), []);
});

test("where a palette is too small for all words, rare ones share its colours", () => {
  const shades = { lightness: ["0.8"], chroma: ["0.1"] };
  assert.match(wordColour("umbrella", placesOf(WORDS), shades), /^oklch\(0\.8 0\.1 \d+\.\d\)$/);
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
