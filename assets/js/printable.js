/** Text that stands for bytes, as `generator/printable.py` writes it: seven bits a character or a pair of them. */

const UNSAFE = "\0\b\n\f\r\x1a\x1b\"&'<>\\\x7f";
const BITS = 7;
const FIRST = 0xa0;

/**
 * The bytes behind `LENGTH:CHARACTERS`.
 * @param {string} text @returns {Uint8Array<ArrayBuffer>}
 */
export function bytesOf(text) {
  const colon = text.indexOf(":");
  const bytes = new Uint8Array(Number(text.slice(0, colon)));
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
  return bytes;
}

/**
 * What a raw deflate stream holds.
 * @param {Uint8Array<ArrayBuffer>} bytes @returns {Promise<ArrayBuffer>}
 */
export function inflated(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  return new Response(stream).arrayBuffer();
}
