/**
 * Inflates bzip2, which packs texts a seventh smaller than deflate does, and which browsers do not know. Checksums
 * are left out: what is read here was written with the page.
 */

const BLOCK = 0x314159;
const GROUP = 50;
const RUN_A = 0;
const RUN_B = 1;
const LONGEST_CODE = 20;

/** Bits of `bytes`, highest first. @param {Uint8Array} bytes */
function bitReader(bytes) {
  let at = 0;
  let held = 0;
  let count = 0;
  /** @param {number} wanted at most 24 */
  return (wanted) => {
    while (count < wanted) {
      held = ((held << 8) | bytes[at++]) & 0x7fffffff;
      count += 8;
    }
    count -= wanted;
    const value = (held >>> count) & ((1 << wanted) - 1);
    held &= (1 << count) - 1;
    return value;
  };
}

/**
 * What a bzip2 stream holds.
 * @param {Uint8Array} bytes @param {number} length of what it holds @returns {Uint8Array}
 */
export function unpacked(bytes, length) {
  const read = bitReader(bytes);
  const packed = new Uint8Array(length);
  let end = 0;
  read(24); // "BZh"
  const largest = (read(8) - 48) * 100_000;
  while (read(24) === BLOCK) {
    read(24); // the rest of the block's mark
    read(16); // checksum
    read(16);
    if (read(1)) throw new Error("a block of this page is damaged");
    const first = read(24);
    const symbols = usedBytes(read);
    end = writeBlock(untransformed(read, symbols, largest), first, packed, end);
  }
  if (end !== length) throw new Error("a block of this page is damaged");
  return packed;
}

/** The bytes that a block uses, ascending. @param {(bits: number) => number} read */
function usedBytes(read) {
  const ranges = read(16);
  const used = [];
  for (let range = 0; range < 16; range += 1) {
    if (!((ranges >> (15 - range)) & 1)) continue;
    const members = read(16);
    for (let bit = 0; bit < 16; bit += 1) if ((members >> (15 - bit)) & 1) used.push(range * 16 + bit);
  }
  return used;
}

/**
 * Move the symbol at a place of a list to its front.
 * @template {{[place: number]: number}} L @param {L} list @param {number} place @returns {number}
 */
function toFront(list, place) {
  const value = list[place];
  for (let at = place; at > 0; at -= 1) list[at] = list[at - 1];
  list[0] = value;
  return value;
}

/** Which table codes each group of symbols. @param {(bits: number) => number} read @param {number} tables */
function readSelectors(read, tables) {
  const selectors = new Uint8Array(read(15));
  const recent = Array.from({ length: tables }, (_, table) => table);
  for (let group = 0; group < selectors.length; group += 1) {
    let place = 0;
    while (read(1)) place += 1;
    selectors[group] = toFront(recent, place);
  }
  return selectors;
}

/**
 * A canonical Huffman table: for each length of code the largest code, and what to subtract from a code to find its
 * place in `order`.
 * @param {(bits: number) => number} read @param {number} alphabet
 */
function readTable(read, alphabet) {
  const lengths = new Uint8Array(alphabet);
  let length = read(5);
  for (let symbol = 0; symbol < alphabet; symbol += 1) {
    while (read(1)) length += read(1) ? -1 : 1;
    lengths[symbol] = length;
  }
  const limits = new Int32Array(LONGEST_CODE + 2).fill(-1);
  const offsets = new Int32Array(LONGEST_CODE + 2);
  const order = new Uint16Array(alphabet);
  let placed = 0;
  for (let bits = 1, code = 0; bits <= LONGEST_CODE; bits += 1, code <<= 1) {
    offsets[bits] = code - placed;
    for (let symbol = 0; symbol < alphabet; symbol += 1) if (lengths[symbol] === bits) order[placed++] = symbol;
    code = placed + offsets[bits];
    limits[bits] = code - 1;
  }
  return { limits, offsets, order };
}

/**
 * The last column of a block's sorted rotations, each byte in the lowest eight bits.
 * @param {(bits: number) => number} read @param {number[]} symbols @param {number} largest
 */
function untransformed(read, symbols, largest) {
  const tables = read(3);
  const selectors = readSelectors(read, tables);
  const codes = Array.from({ length: tables }, () => readTable(read, symbols.length + 2));
  const recent = Uint8Array.from(symbols);
  const column = new Uint32Array(largest);
  let size = 0;
  let run = 0;
  let weight = 1;
  for (let count = 0, left = 0, table = codes[0]; ; left -= 1) {
    if (left === 0) {
      table = codes[selectors[count++]];
      left = GROUP;
    }
    let bits = 1;
    let code = read(1);
    while (code > table.limits[bits]) {
      code = (code << 1) | read(1);
      if (++bits > LONGEST_CODE) throw new Error("a block of this page is damaged");
    }
    const symbol = table.order[code - table.offsets[bits]];
    if (symbol === RUN_A || symbol === RUN_B) {
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
    if (symbol > symbols.length) return column.subarray(0, size);
    column[size++] = toFront(recent, symbol - 1);
  }
}

/**
 * Undo the sorting of rotations and the shortening of runs.
 * @param {Uint32Array} column its upper bits take the way from byte to byte
 * @param {number} first row of the block itself @param {Uint8Array} target @param {number} start
 * @returns {number} where the block ends in `target`
 */
function writeBlock(column, first, target, start) {
  const places = new Uint32Array(257);
  for (const byte of column) places[byte + 1] += 1;
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
