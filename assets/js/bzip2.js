/**
 * Inflates bzip2, which packs texts a seventh smaller than deflate does, and which browsers do not know. A block's
 * checksum tells whatever no step before it has stumbled over: a wrong text never comes out.
 */

import { CHANGED } from "#viewer/printable";

const BLOCK = 0x314159;
const GROUP = 50;
const RUN_B = 1;
const LONGEST_CODE = 20;
const LONGEST_MASK = (1 << LONGEST_CODE) - 1;
/** Codes up to this length are found in one look. */
const SHORT_CODE = 10;

/** Rests of each byte for the block's checksum: CRC-32, highest bit first. */
const RESTS = Int32Array.from({ length: 256 }, (_, byte) => {
  let rest = byte << 24;
  for (let bit = 0; bit < 8; bit += 1) rest = (rest << 1) ^ (rest < 0 ? 0x04c11db7 : 0);
  return rest;
});

/** Bits of bytes, highest first: those from `at` on come after the lowest `count` of `held`. */
class Bits {
  at = 0;
  held = 0;
  count = 0;

  /** @param {Uint8Array} bytes */
  constructor(bytes) {
    this.bytes = bytes;
  }

  /** @param {number} wanted at most 24 */
  read(wanted) {
    while (this.count < wanted) {
      this.held = (this.held << 8) | this.bytes[this.at++];
      this.count += 8;
    }
    this.count -= wanted;
    return (this.held >>> this.count) & ((1 << wanted) - 1);
  }
}

/**
 * What a bzip2 stream holds. Any error is a sign of damage: a stream that was not changed has none.
 * @param {Uint8Array} bytes @param {number} length of what it holds @returns {Uint8Array}
 */
export function unpacked(bytes, length) {
  try {
    return inflate(new Bits(bytes), length);
  } catch (error) {
    throw new Error(CHANGED, { cause: error });
  }
}

/** @param {Bits} bits @param {number} length @returns {Uint8Array} */
function inflate(bits, length) {
  const content = new Uint8Array(length);
  let end = 0;
  bits.read(24); // "BZh"
  const largest = (bits.read(8) - 48) * 100_000;
  while (bits.read(24) === BLOCK) {
    bits.read(24); // the rest of the block's mark
    const expected = (bits.read(16) << 16) | bits.read(16);
    bits.read(1); // an old way to make blocks, never used
    const first = bits.read(24);
    const symbols = usedBytes(bits);
    const start = end;
    end = writeBlock(untransformed(bits, symbols, largest), first, content, start);
    if (checksum(content, start, end) !== expected) throw new Error("a block has another checksum");
  }
  if (end !== length) throw new Error("there are fewer or more bytes than there should be");
  return content;
}

/** @param {Uint8Array} content @param {number} start @param {number} end */
function checksum(content, start, end) {
  let rest = -1;
  for (let at = start; at < end; at += 1) rest = (rest << 8) ^ RESTS[(rest >>> 24) ^ content[at]];
  return ~rest;
}

/** The bytes that a block uses, ascending. @param {Bits} bits */
function usedBytes(bits) {
  const ranges = bits.read(16);
  const used = [];
  for (let range = 0; range < 16; range += 1) {
    if (!((ranges >> (15 - range)) & 1)) continue;
    const members = bits.read(16);
    for (let member = 0; member < 16; member += 1) if ((members >> (15 - member)) & 1) used.push(range * 16 + member);
  }
  return used;
}

/** Move the symbol at a place of a list to its front. @param {Uint8Array} list @param {number} place */
function toFront(list, place) {
  const value = list[place];
  list.copyWithin(1, 0, place);
  list[0] = value;
  return value;
}

/** Which table codes each group of symbols. @param {Bits} bits @param {number} tables */
function readSelectors(bits, tables) {
  const selectors = new Uint8Array(bits.read(15));
  const recent = Uint8Array.from({ length: tables }, (_, table) => table);
  for (let group = 0; group < selectors.length; group += 1) {
    let place = 0;
    while (bits.read(1)) place += 1;
    selectors[group] = toFront(recent, place);
  }
  return selectors;
}

/**
 * A canonical Huffman table. `short` tells of each possible start which symbol it is and how long its code
 * (32 * symbol + length, 0 for longer codes). For these: for each length the largest code, and what to subtract
 * from a code to find its place in `order`.
 * @param {Bits} bits @param {number} alphabet
 */
function readTable(bits, alphabet) {
  const lengths = new Uint8Array(alphabet);
  let length = bits.read(5);
  for (let symbol = 0; symbol < alphabet; symbol += 1) {
    while (bits.read(1)) length += bits.read(1) ? -1 : 1;
    lengths[symbol] = length;
  }
  const short = new Uint16Array(1 << SHORT_CODE);
  const limits = new Int32Array(LONGEST_CODE + 1);
  const offsets = new Int32Array(LONGEST_CODE + 1);
  const order = new Uint16Array(alphabet);
  let placed = 0;
  for (let size = 1, code = 0; size <= LONGEST_CODE; size += 1, code <<= 1) {
    offsets[size] = code - placed;
    for (let symbol = 0; symbol < alphabet; symbol += 1) {
      if (lengths[symbol] !== size) continue;
      const room = SHORT_CODE - size;
      if (room >= 0) short.fill(32 * symbol + size, code << room, (code + 1) << room);
      order[placed++] = symbol;
      code += 1;
    }
    limits[size] = code - 1;
  }
  return { short, limits, offsets, order };
}

/**
 * The last column of a block's sorted rotations, each byte in the lowest eight bits. This is half of the work, and
 * is done before the browser has made it fast, hence in one function.
 * @param {Bits} bits @param {number[]} symbols @param {number} largest
 */
function untransformed(bits, symbols, largest) {
  const tables = bits.read(3);
  const selectors = readSelectors(bits, tables);
  const codes = Array.from({ length: tables }, () => readTable(bits, symbols.length + 2));
  const recent = Uint8Array.from(symbols);
  const column = new Uint32Array(largest);
  const end = symbols.length + 1;
  const { bytes } = bits;
  let { at, held, count } = bits;
  let [size, run, weight] = [0, 0, 1];
  for (let group = 0; group < selectors.length; group += 1) {
    const { short, limits, offsets, order } = codes[selectors[group]];
    for (let left = GROUP; left > 0; left -= 1) {
      while (count < LONGEST_CODE) {
        held = (held << 8) | bytes[at++];
        count += 8;
      }
      const code = (held >>> (count - LONGEST_CODE)) & LONGEST_MASK;
      let symbol = short[code >>> (LONGEST_CODE - SHORT_CODE)];
      if (symbol > 0) {
        count -= symbol & 31;
        symbol >>>= 5;
      } else {
        let length = SHORT_CODE + 1;
        while (length < LONGEST_CODE && code >>> (LONGEST_CODE - length) > limits[length]) length += 1;
        count -= length;
        symbol = order[(code >>> (LONGEST_CODE - length)) - offsets[length]];
      }
      if (symbol <= RUN_B) {
        run += weight << symbol;
        weight <<= 1;
        continue;
      }
      if (run > 0) {
        column.fill(recent[0], size, size + run);
        size += run;
        run = 0;
        weight = 1;
      }
      if (symbol === end) {
        Object.assign(bits, { at, held, count });
        return column.subarray(0, size);
      }
      column[size++] = symbol === 2 ? swapped(recent) : toFront(recent, symbol - 1);
    }
  }
  throw new Error("a block has no end");
}

/** The commonest move to the front: of the second. @param {Uint8Array} list */
function swapped(list) {
  const value = list[1];
  list[1] = list[0];
  list[0] = value;
  return value;
}

/**
 * Undo the sorting of rotations and the shortening of runs.
 * @param {Uint32Array} column its upper bits take the way from byte to byte
 * @param {number} first row of the block itself @param {Uint8Array} target @param {number} start
 * @returns {number} where the block ends in `target`
 */
function writeBlock(column, first, target, start) {
  const places = new Uint32Array(257);
  for (let row = 0; row < column.length; row += 1) places[column[row] + 1] += 1;
  for (let byte = 0; byte < 256; byte += 1) places[byte + 1] += places[byte];
  for (let row = 0; row < column.length; row += 1) column[places[column[row] & 255]++] |= row << 8;
  let end = start;
  let next = column[first] >>> 8;
  for (let left = column.length, same = 0, last = -1; left > 0; left -= 1) {
    const byte = column[next] & 255;
    next = column[next] >>> 8;
    if (same === 4) {
      target.fill(last, end, end + byte);
      end += byte;
      same = 0;
      continue;
    }
    same = byte === last ? same + 1 : 1;
    last = byte;
    target[end++] = byte;
  }
  return end;
}
