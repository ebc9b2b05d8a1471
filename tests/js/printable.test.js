import assert from "node:assert/strict";
import test from "node:test";

import { bytesOf, CHANGED } from "#viewer/printable";

// What Python writes is read back in tests/generator/test_printable.py.

test("seven bits a character, lowest first", () => {
  assert.deepEqual([...bytesOf("0:")], []);
  assert.deepEqual([...bytesOf("1:a\x01")], [0x61 | 0x80]);
});

test("a character of two bytes stands for one that cannot be written and for the seven bits after it", () => {
  const quotationMark = 3 + 128 * 9; // the tenth of those that are not written, then 3
  assert.deepEqual([...bytesOf(`1:${String.fromCharCode(0xa0 + quotationMark)}`)], [0x22 | ((3 << 7) & 255)]);
});

/** Bytes 0 to 99 as text, told from the description in `generator/printable.py`; ends in a pair, for length's sake. */
const TEXT = (() => {
  const unsafe = "\0\b\t\n\v\f\r\x1a\x1b\"&<\\\x7f";
  const digits = Array.from({ length: Math.ceil(800 / 7) }, (_, place) => {
    const bit = (/** @type {number} */ at) => ((at >> 3) >> (at & 7)) & (at < 800 ? 1 : 0);
    return Array.from({ length: 7 }, (_, low) => bit(7 * place + low) << low).reduce((all, one) => all | one);
  });
  let text = "100:";
  for (let at = 0; at < digits.length; at += 1) {
    const place = unsafe.indexOf(String.fromCharCode(digits[at]));
    text += String.fromCharCode(place < 0 ? digits[at] : 0xa0 + 128 * place + (digits[(at += 1)] ?? 0));
  }
  return text;
})();

test("a text that is as it was written is read", () => {
  assert.deepEqual([...bytesOf(TEXT)], Array.from({ length: 100 }, (_, byte) => byte));
});

test("a text that is not as it was written is noticed", () => {
  const windows = new TextDecoder("windows-1252");
  const misread = windows.decode(new TextEncoder().encode(TEXT));
  assert.notEqual(misread, TEXT);
  const [head, tail] = [TEXT.slice(0, 20), TEXT.slice(20)];
  const others = {
    misread,
    "of two encodings": head + windows.decode(new TextEncoder().encode(tail)),
    "with a character that could not be read": `${head}\uFFFD${tail.slice(1)}`,
    "with a NUL": `${head}\0${tail.slice(1)}`,
    "with a tabulator": `${head}\t${tail.slice(1)}`,
    "with an end of line": `${head}\r\n${tail}`,
    "as markup": TEXT.replace(/[#-%]/, "&amp;"),
    cut: head,
    "cut by two": TEXT.slice(0, -2),
    longer: `${TEXT}aaa`,
    "without length": TEXT.slice(4),
    "of another length": `9${TEXT}`,
    "of no length": `x${TEXT}`,
    empty: "",
  };
  for (const [name, text] of Object.entries(others)) {
    assert.notEqual(text, TEXT, name);
    assert.throws(() => bytesOf(text), { message: CHANGED }, name);
  }
});
