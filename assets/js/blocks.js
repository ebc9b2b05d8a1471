/**
 * Blocks of columns, as `generator/columns.py` writes them: one zlib stream that holds a JSON header and byte
 * planes. Its checksum is the browser's to see to.
 */

import { unpacked } from "#viewer/bzip2";
import { bytesOf, CHANGED } from "#viewer/printable";

const TEXT_END = 0xff;

/** Control characters, of which texts seldom hold any. */
const SEPARATORS = [0, 1, 2, 3];

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
  const bytes = new Uint8Array(await inflated(bytesOf(text)));
  const headerEnd = 4 + new DataView(bytes.buffer).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(4, headerEnd)));
  const columns = new Map();
  let start = headerEnd;
  for (const [name, length, width, signed, unpackedLength] of header.columns) {
    const planes = bytes.subarray(start, start + length * width);
    columns.set(name, { planes, length, width, signed, unpackedLength });
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
      const [plain, other] = ["ascii", "other"].map((part) => splitTexts(contentOf(column(`${name}.${part}`))));
      let [nextPlain, nextOther] = [0, 0];
      return Array.from(joinPlanes(column(`${name}.plain`)), (isPlain) =>
        isPlain ? plain[nextPlain++] : other[nextOther++],
      );
    },
  };
}

/**
 * What a zlib stream holds.
 * @param {Uint8Array<ArrayBuffer>} bytes @returns {Promise<ArrayBuffer>}
 */
export function inflated(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Response(stream).arrayBuffer().catch((error) => {
    throw new Error(CHANGED, { cause: error });
  });
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

/** @param {{planes: Uint8Array, unpackedLength?: number}} column of texts */
const contentOf = ({ planes, unpackedLength }) =>
  unpackedLength === undefined ? planes : unpacked(planes, unpackedLength);

/**
 * Texts that each end in a byte that UTF-8 does not have. One text is decoded much faster than thousands, so they
 * are decoded in one piece where some character is in none of them.
 * @param {Uint8Array} bytes @returns {string[]}
 */
function splitTexts(bytes) {
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  const mark = SEPARATORS.find((code) => !bytes.includes(code));
  if (mark !== undefined) {
    const marked = bytes.slice();
    for (let at = marked.indexOf(TEXT_END); at >= 0; at = marked.indexOf(TEXT_END, at + 1)) marked[at] = mark;
    return decoder.decode(marked).split(String.fromCharCode(mark)).slice(0, -1);
  }
  const texts = [];
  for (let start = 0; start < bytes.length; ) {
    const end = bytes.indexOf(TEXT_END, start);
    texts.push(decoder.decode(bytes.subarray(start, end)));
    start = end + 1;
  }
  return texts;
}
