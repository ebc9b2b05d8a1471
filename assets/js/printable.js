/** Text that stands for bytes, as `generator/printable.py` writes it: seven bits a character or a pair of them. */

const UNSAFE = "\0\b\t\n\v\f\r\x1a\x1b\"&<\\\x7f";
const BITS = 7;
const FIRST = 0xa0;

/** A character that is never written: an editor has put it there, or the bytes were read as another encoding. */
const FOREIGN = /[\0\b-\r\x1a\x1b"&<\\\x7f-\x9f\u07a0-\uffff]/;

/** What a reader is told about a text that is not as it was written. */
export const CHANGED =
  "A file of this site was changed after it was made, or is read with a wrong character encoding. Copy it again as it is.";

/**
 * The bytes behind `LENGTH:CHARACTERS`.
 * @param {string} text @returns {Uint8Array<ArrayBuffer>}
 */
export function bytesOf(text) {
  const colon = text.indexOf(":");
  const length = Number(text.slice(0, colon));
  if (colon < 1 || !(length <= 2 * text.length) || FOREIGN.test(text)) throw new Error(CHANGED);
  const bytes = new Uint8Array(length);
  let held = 0;
  let bits = 0;
  let at = 0;
  for (let index = colon + 1; index < text.length; index += 1) {
    let digit = text.charCodeAt(index);
    if (digit >= FIRST) {
      held |= UNSAFE.charCodeAt((digit - FIRST) >> BITS) << bits;
      bits += BITS;
      if (bits >= 8) {
        bytes[at++] = held;
        held >>>= 8;
        bits -= 8;
      }
      digit = (digit - FIRST) & 127;
    }
    held |= digit << bits;
    bits += BITS;
    if (bits < 8) continue;
    bytes[at++] = held; // beyond the end nothing is kept
    held >>>= 8;
    bits -= 8;
  }
  const beyond = 8 * (at - length) + bits; // less than seven, and seven more where the last character is a pair
  if (beyond < 0 || beyond >= 2 * BITS) throw new Error(CHANGED);
  return bytes;
}
