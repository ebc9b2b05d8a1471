import assert from "node:assert/strict";
import test from "node:test";
import { deflateSync } from "node:zlib";

import { inflated, readBlock } from "#viewer/blocks";
import { CHANGED } from "#viewer/printable";

/** The text of a block of one column of texts; seven bits a character, nothing left out: bytes up to 127 are safe. */
function blockOf(texts) {
  const plain = Buffer.from(texts.map(() => 0));
  const other = Buffer.concat(texts.flatMap((text) => [Buffer.from(text), Buffer.from([0xff])]));
  const columns = [
    ["t.plain", plain.length, 1, 0],
    ["t.ascii", 0, 1, 0],
    ["t.other", other.length, 1, 0],
  ];
  const header = Buffer.from(JSON.stringify({ columns }));
  const size = Buffer.alloc(4);
  size.writeUInt32LE(header.length);
  return printable(deflateSync(Buffer.concat([size, header, plain, other])));
}

/** What `generator/printable.py` writes, the slow way. */
function printable(bytes) {
  const unsafe = "\0\b\t\n\v\f\r\x1a\x1b\"&<\\\x7f";
  const bits = [...bytes].flatMap((byte) => Array.from({ length: 8 }, (_, bit) => (byte >> bit) & 1));
  const digit = (at) => Array.from({ length: 7 }, (_, bit) => (bits[at + bit] ?? 0) << bit).reduce((a, b) => a | b);
  let text = `${bytes.length}:`;
  for (let at = 0; at < bits.length; at += 7) {
    const place = unsafe.indexOf(String.fromCharCode(digit(at)));
    if (place < 0) text += String.fromCharCode(digit(at));
    else text += String.fromCharCode(0xa0 + 128 * place + digit((at += 7)));
  }
  return text;
}

for (const texts of [
  [],
  ["plain", "", "狐 🦊", "\uFEFFmark", "\uFFFD"],
  ["\0\x01\x02\x03", "none of these is free", "é"],
  ["\0", "é\x02"],
]) {
  test(`texts come back: ${JSON.stringify(texts)}`, async () => {
    const block = await readBlock(blockOf(texts));
    assert.deepEqual(block.texts("t"), texts);
  });
}

test("a block of which one value was changed is noticed by its checksum", async () => {
  const bytes = deflateSync("an unchanged text", { level: 0 });
  bytes[10] ^= 1; // a letter of the text, which stands there as it is
  await assert.rejects(inflated(bytes), { message: CHANGED });
});

test("a column that is not there is named", async () => {
  const block = await readBlock(blockOf([]));
  assert.throws(() => block.numbers("u"), /no column u/);
});
