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

test("every module that a module asks for is there", () => {
  const modules = read("js/");
  const names = new Set(modules.map(([name]) => `#viewer/${name.replace(/\.js$/, "")}`));
  for (const [name, text] of modules) {
    for (const [, asked] of text.matchAll(/(?:from|import)\s*\(?"(#viewer\/[a-z-]+)"/g)) {
      assert.ok(names.has(asked), `${name} asks for ${asked}`);
    }
  }
});
