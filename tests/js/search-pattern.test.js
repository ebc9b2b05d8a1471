import assert from "node:assert/strict";
import { test } from "node:test";

import { compilePattern } from "#viewer/pattern";

const TEXTS = ["", "a", "dog", " Dog", "dogs", "hotdog", "aab", "aaaa", "b a", "12,5", "é", "🐶", "a\nb", "(x)", "K", "don't", "–"];
const PATTERNS = [
  "dog", "^dog$", "dogs?", "^ ?dog", "d.g", "[a-c]+", "^[^a]*$", "a{2}", "a{2,}b?", "^a{0,2}$", "(a|b)+$", "(?:aa)+$",
  "(?<n>a)b", "x|y|^$", "\\d+,\\d", "\\bdog\\b", "\\Bdog", "^\\p{L}$", "\\P{L}", "^.$", "a.b", "[\\s\\S]", "\\(x\\)",
  "\\u{1F436}", "\\ud83d\\udc36", "🐶+", "[🐶]", "(a*)*b", "(a+)+$", "((a|aa)*)*$", "()", "(|a)+", "", "a||b", "$^",
  "k", "\\w'\\w", "a??b", "a+?", "[]", "[^]", "[\\]a]", "\\x61", "(a{1,2}){2}", "^(?:(?:a))$", "\\/", "-", "–",
];

for (const ignoreCase of [false, true]) {
  test(`patterns find what RegExp finds, ${ignoreCase ? "whatever the case" : "case by case"}`, () => {
    for (const pattern of PATTERNS) {
      const [ours, theirs] = [compilePattern(pattern, { ignoreCase }), new RegExp(pattern, ignoreCase ? "iu" : "u")];
      // Twice: the second time from remembered states.
      for (const text of [...TEXTS, ...TEXTS]) assert.equal(ours(text), theirs.test(text), `/${pattern}/ in "${text}"`);
    }
  });
}

test("random patterns find what RegExp finds", () => {
  let seed = 7;
  const random = (below) => (seed = (seed * 48271) % 2147483647) % below;
  const pick = (list) => list[random(list.length)];
  const make = (depth) => {
    if (depth === 0) return pick(["a", "b", ".", "[ab]", "^", "$", "\\b", ""]);
    const part = make(depth - 1);
    const kind = random(4);
    if (kind === 0) return `(${part})${pick(["*", "+", "?", "{2}", "{0,2}", "{1,}"])}`;
    return kind === 1 ? `(?:${part}|${make(depth - 1)})` : part + make(depth - 1);
  };
  for (let round = 0; round < 400; round += 1) {
    const pattern = make(3);
    const [ours, theirs] = [compilePattern(pattern, { ignoreCase: false }), new RegExp(pattern, "u")];
    for (const text of ["", "a", "b", "ab", "ba", "aab", "b b", "abab", "c"]) {
      assert.equal(ours(text), theirs.test(text), `/${pattern}/ in "${text}"`);
    }
  }
});

test("patterns that take RegExp for ever take no time", () => {
  const text = "a".repeat(5000) + "!";
  const start = performance.now();
  for (const pattern of ["^(a+)+$", "^(a|a)*$", "^(a|aa)+$", "a*a*a*a*a*a*a*b", "(.*)*x", "a?".repeat(40) + "a".repeat(40) + "b"]) {
    assert.equal(compilePattern(pattern, { ignoreCase: true })(text), false, pattern);
  }
  assert.ok(performance.now() - start < 2000);
});

test("characters whose codes end in the same bits are of their own kinds", () => {
  for (const [low, high] of [["a", "\u0161"], ["b", "\u4e62"], ["\0", "\u0080"]]) {
    for (const first of [low, high]) {
      const found = compilePattern(`^[${low}]$`, { ignoreCase: false });
      const order = first === low ? [low, high] : [high, low];
      for (const text of [...order, ...order]) assert.equal(found(text), text === low, JSON.stringify([low, text]));
    }
  }
});

test("answers stay right when more has been worked out than is kept", () => {
  let seed = 3;
  const random = () => ((seed = (seed * 48271) % 2147483647) & 4096 ? "a" : "b");
  const found = compilePattern("a.{16}c", { ignoreCase: false });
  for (let round = 0; round < 2; round += 1) {
    assert.equal(found(Array.from({ length: 90_000 }, random).join("")), false);
    for (const length of [15, 16, 17]) assert.equal(found(`ba${"b".repeat(length)}c`), length === 16);
  }
});

test("the longest patterns that can be searched are", () => {
  assert.equal(compilePattern("a".repeat(200), { ignoreCase: true })("a".repeat(200)), true);
  const much = compilePattern("^(a{40}){40}$", { ignoreCase: true });
  assert.deepEqual([1599, 1600, 1601].map((count) => much("a".repeat(count))), [false, true, false]);
});

for (const [pattern, reason] of [
  ["(", /unterminated|group/i],
  ["[a", /class/i],
  ["a**", /repeat/i],
  ["(a)\\1", /back-references/],
  ["(?<n>a)\\k<n>", /back-references/],
  ["a(?=b)", /look-ahead/],
  ["(?<!a)b", /look-behind/],
  ["(a{99}){99}", /repeats too much/],
  ["(((){999}){999}){999}", /repeats too much/],
  ["a".repeat(201), /longer than 200/],
]) {
  test(`/${pattern.slice(0, 20)}/ is refused with a reason`, () =>
    assert.throws(() => compilePattern(pattern, { ignoreCase: true }), { message: reason }));
}
