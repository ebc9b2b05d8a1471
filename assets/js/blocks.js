/**
 * Blocks of columns, as `generator/columns.py` writes them: base 91 around one raw deflate stream that holds
 * a JSON header and byte planes.
 */

const BASE = 91;
const BITS = 13;
const TEXT_END = 0xff;

/** Digit of each character code. */
const DIGITS = new Uint8Array(128);
{
  let digit = 0;
  for (let code = 33; code < 127; code += 1) {
    if (!'<&"'.includes(String.fromCharCode(code))) DIGITS[code] = digit++;
  }
}

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
  for (let index = colon + 1; index + 1 < text.length; index += 2) {
    held |= (DIGITS[text.charCodeAt(index)] * BASE + DIGITS[text.charCodeAt(index + 1)]) << bits;
    for (bits += BITS; bits >= 8 && at < bytes.length; bits -= 8) {
      bytes[at++] = held & 255;
      held >>>= 8;
    }
  }
  return bytes;
}

/** @param {Uint8Array<ArrayBuffer>} bytes @returns {Promise<Uint8Array<ArrayBuffer>>} */
async function inflate(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/**
 * @typedef {object} Block
 * @property {Record<string, any>} header loose facts
 * @property {(name: string) => boolean} has
 * @property {(name: string) => Int32Array} numbers a column of whole numbers
 * @property {(name: string) => string[]} texts a column of texts
 */

/**
 * Read a block from its text.
 * @param {string} text @returns {Promise<Block>}
 */
export async function readBlock(text) {
  const bytes = await inflate(bytesOf(text));
  const headerEnd = 4 + new DataView(bytes.buffer).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(4, headerEnd)));
  const columns = new Map();
  let start = headerEnd;
  for (const [name, length, width, signed] of header.columns) {
    columns.set(name, { planes: bytes.subarray(start, start + length * width), length, width, signed });
    start += length * width;
  }
  const column = (/** @type {string} */ name) => {
    const found = columns.get(name);
    if (!found) throw new Error(`this page has no column ${name}`);
    return found;
  };
  return {
    header,
    has: (name) => columns.has(name),
    numbers: (name) => joinPlanes(column(name)),
    texts(name) {
      const plain = splitTexts(column(`${name}.ascii`).planes);
      const other = splitTexts(column(`${name}.other`).planes);
      let [nextPlain, nextOther] = [0, 0];
      return Array.from(joinPlanes(column(`${name}.plain`)), (isPlain) =>
        isPlain ? plain[nextPlain++] : other[nextOther++],
      );
    },
  };
}

/** @param {{planes: Uint8Array, length: number, width: number, signed: number}} column */
function joinPlanes({ planes, length, width, signed }) {
  const values = new Int32Array(length);
  for (let plane = 0; plane < width; plane += 1) {
    const offset = plane * length;
    for (let index = 0; index < length; index += 1) values[index] |= planes[offset + index] << (8 * plane);
  }
  if (signed) {
    for (let index = 0; index < length; index += 1) values[index] = (values[index] >>> 1) ^ -(values[index] & 1);
  }
  return values;
}

/** @param {Uint8Array} bytes */
function splitTexts(bytes) {
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  const texts = [];
  for (let start = 0; start < bytes.length; ) {
    const end = bytes.indexOf(TEXT_END, start);
    texts.push(decoder.decode(bytes.subarray(start, end)));
    start = end + 1;
  }
  return texts;
}
