/**
 * Lists of entries per layer and cell, as `generator/lists.py` codes them: by the place where the same entry
 * was seen before.
 */

/**
 * Read the lists NAME of a block.
 * @param {import("#viewer/blocks").Block} block @param {string} name
 * @param {number} layers count @param {number} rows @param {number} cols
 * @returns {{entries: Int32Array, ranks: number}} `entries[(layer * cells + cell) * ranks + rank - 1]`, -1
 *   where a list has ended
 */
export function readLists(block, name, layers, rows, cols) {
  const { ranks, fresh: firstFresh } = block.header[name];
  const codes = block.numbers(`${name}.codes`);
  const again = block.numbers(`${name}.again`);
  const old = block.numbers(`${name}.old`);
  const total = layers * rows * cols;
  const entries = new Int32Array(total * ranks);
  const back = [rows * cols * ranks, ranks, cols * ranks]; // one layer before, one cell left, one row up
  /** Entries that are written out, so far. */
  const written = new Int32Array(codes.length);
  let fresh = firstFresh;
  let [count, nextAgain, nextOld] = [0, 0, 0];
  for (let list = 0; list < total; list += 1) {
    const start = list * ranks;
    for (let rank = 0; rank < ranks; rank += 1) {
      const code = codes[rank * total + list];
      const source = Math.floor(code / ranks);
      let entry = -1;
      if (source < 3) entry = entries[start - back[source] + (code % ranks)];
      else if (source === 3) entry = entries[start + (code % ranks)];
      else if (code === 4 * ranks) entry = written[count++] = fresh++;
      else if (code === 4 * ranks + 2) entry = written[count++] = written[count - again[nextAgain++] - 1];
      else if (code === 4 * ranks + 3) entry = written[count++] = old[nextOld++];
      entries[start + rank] = entry;
    }
  }
  return { entries, ranks };
}
