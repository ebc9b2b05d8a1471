import assert from "node:assert/strict";
import { test } from "node:test";

import { shortText, visiblePieces, visibleText } from "#viewer/tokens";

const CASES = [
  ["a leading space", " dog", "␣dog"],
  ["a space inside", "a b", "a␣b"],
  ["a newline", "\n", "↵"],
  ["a tab", "\t\t", "⇥⇥"],
  ["the empty token", "", "∅"],
  ["a control character", "\u0000", "⟨U+0000⟩"],
  ["a line separator", " \u2028", "␣⟨U+2028⟩"],
  ["a direction override", "\u202eRTL", "⟨U+202E⟩RTL"],
  ["a zero-width space", "a\u200bb", "a⟨U+200B⟩b"],
  ["a byte-order mark", "\ufeff/*", "⟨U+FEFF⟩/*"],
  ["a lone surrogate", "\ud83d", "⟨U+D83D⟩"],
  ["a no-break space", "\u00a0", "⟨U+00A0⟩"],
  ["an emoji joined from several", "👩\u200d🚀", "👩\u200d🚀"],
  ["a joiner outside an emoji", "a\u200db", "a⟨U+200D⟩b"],
  ["a combining mark without a letter", "\u0301", "◌\u0301"],
  ["a combining mark on its letter", "e\u0301", "e\u0301"],
  ["markup", "</script><b>", "</script><b>"],
  ["Hebrew", " שלום", "␣שלום"],
  ["the replacement character", "\ufffd", "\ufffd"],
  ["an open-box glyph of its own", "␣", "␣"],
];

for (const [name, token, shown] of CASES) {
  test(`${name} shows as ${shown}`, () => assert.equal(visibleText(token), shown));
}

test("stand-ins are told from the characters that look like them", () => {
  assert.deepEqual(visiblePieces(" ␣"), [
    { text: "␣", glyph: true },
    { text: "␣", glyph: false },
  ]);
});

test("bytes that are no whole character are marked as a stand-in", () => {
  assert.deepEqual(visiblePieces("a\ufffd"), [
    { text: "a", glyph: false },
    { text: "\ufffd", glyph: true },
  ]);
});

test("sentences keep their ordinary spaces and show the other characters", () => {
  const shown = visiblePieces("the sun\u2028 rises", false);
  assert.equal(shown.map(({ text }) => text).join(""), "the sun⟨U+2028⟩ rises");
});

test("maps write a token without its leading space", () => {
  assert.equal(shortText(" dog"), "dog");
  assert.equal(shortText(" "), "␣");
  assert.equal(shortText("  x"), "␣x");
});
