import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { plainColour } from "#viewer/plain-colours";

test("colours are told in hexadecimal and opacity", () => {
  assert.deepEqual(plainColour("#fff"), { hex: "#ffffff", opacity: 1 });
  assert.deepEqual(plainColour("#FFD23E"), { hex: "#ffd23e", opacity: 1 });
  assert.deepEqual(plainColour("#00000080").hex, "#000000");
  assert.deepEqual(plainColour("rgb(20 22 26 / 0.4)"), { hex: "#14161a", opacity: 0.4 });
  assert.deepEqual(plainColour("rgb(255, 0, 0)"), { hex: "#ff0000", opacity: 1 });
});

test("oklch is what CSS Color 4 says it is", () => {
  assert.equal(plainColour("oklch(1 0 0)").hex, "#ffffff");
  assert.equal(plainColour("oklch(0 0 0)").hex, "#000000");
  assert.equal(plainColour("oklch(0.627955 0.257683 29.2339)").hex, "#ff0000");
  assert.equal(plainColour("oklch(0.519752 0.176858 142.4953)").hex, "#008000");
  assert.equal(plainColour("oklch(59.8% 0.15 240 / 50%)").opacity, 0.5);
});

test("every colour that is drawn over pictures can be told", () => {
  const css = readFileSync(new URL("../../assets/css/tokens.css", import.meta.url), "utf8");
  const drawn = [...css.matchAll(/--(?:map|mark|grid|sheet)-[a-z0-9-]+: ((?:#|rgb|oklch)[^;]*);/g)];
  assert.ok(drawn.length > 15);
  for (const [, value] of drawn) for (const colour of value.split(/,\s*(?=#)/)) plainColour(colour);
});

test("a colour of another kind is an error, not black", () => {
  assert.throws(() => plainColour("salmon"));
  assert.throws(() => plainColour("url(#x)"));
});
