import assert from "node:assert/strict";
import test from "node:test";

import { bytesOf, inflated } from "#viewer/printable";

// What Python writes is read back in tests/generator/test_printable.py.

test("seven bits a character, lowest first", () => {
  assert.deepEqual([...bytesOf("0:")], []);
  assert.deepEqual([...bytesOf("1:a\x01")], [0x61 | 0x80]);
});

test("a character of two bytes stands for one that cannot be written and for the seven bits after it", () => {
  const quotationMark = 3 + 128 * 7; // the eighth of those that are not written, then 3
  assert.deepEqual([...bytesOf(`1:${String.fromCharCode(0xa0 + quotationMark)}`)], [0x22 | ((3 << 7) & 255)]);
});

test("a raw deflate stream is inflated", async () => {
  const stored = new Uint8Array([1, 2, 0, 0xfd, 0xff, 104, 105]); // one stored block: "hi"
  assert.equal(new TextDecoder().decode(await inflated(stored)), "hi");
});
