import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";

const ASSETS = new URL("../../assets/", import.meta.url);
const read = (folder) =>
  readdirSync(new URL(folder, ASSETS)).map((name) => [
    name,
    readFileSync(new URL(folder + name, ASSETS), "utf8"),
  ]);

test("no script can turn data into markup or code", () => {
  for (const [name, text] of read("js/")) {
    const found = text.match(/innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function/);
    assert.equal(found, null, `${name}: ${found?.[0]}`);
  }
});

test("colours are named in tokens.css and nowhere else", () => {
  for (const [name, text] of read("css/").filter(([name]) => name !== "tokens.css")) {
    const found = text.match(/#[0-9a-f]{3,8}\b(?![^{}]*\{)|\b(?:rgb|hsl|oklch|oklab)a?\(/i);
    assert.equal(found, null, `${name}: ${found?.[0]}`);
  }
});

test("sizes are named in tokens.css: other sheets know 0, hairlines and shares, and where layouts change", () => {
  for (const [name, text] of read("css/").filter(([name]) => name !== "tokens.css")) {
    const rules = text.replace(/\/\*.*?\*\//gs, "").replace(/@(?:media|container)[^{]*\{/g, "");
    const found = [...rules.matchAll(/[\w.-]*\d(?:px|rem)\b/g)].map(([size]) => size).filter((size) => size !== "1px");
    assert.deepEqual(found.filter((size) => size !== "1000px"), [], name);
  }
});

test("every token of tokens.css is used", () => {
  const all = [...read("css/"), ...read("js/")].map(([, text]) => text).join("");
  const [, tokens] = read("css/").find(([name]) => name === "tokens.css");
  // Verdicts' colours are read by their outcome.
  const outcomes = /^--map-(?:concrete|abstract|global|unnamed|no|failed)$/;
  for (const [, token] of tokens.matchAll(/^ +(--[\w-]+):/gm)) {
    const uses = all.split(token).filter((after, at) => at > 0 && !/^[\w:-]/.test(after)).length;
    assert.ok(uses > 0 || outcomes.test(token), `${token} is not used`);
  }
});

test("no style sheet is long: each holds what its name says", () => {
  for (const [name, text] of read("css/")) assert.ok(text.split("\n").length <= 260, name);
});

test("every module that a module asks for is there", () => {
  const modules = read("js/");
  const names = new Set(modules.map(([name]) => `#viewer/${name.replace(/\.js$/, "")}`));
  for (const [name, text] of modules) {
    for (const [, asked] of text.matchAll(/(?:from|import)\s*\(?"(#viewer\/[a-z-]+)"/g)) {
      assert.ok(names.has(asked), `${name} asks for ${asked}`);
    }
  }
});
