/**
 * Connected areas of equal words on the grid. A map writes a word once per area, in its widest row, where
 * writing it on each of hundreds of small cells could not be read.
 */

/**
 * @typedef {{label: string, cells: number[], row: number, firstCol: number, lastCol: number}} Area `row` is
 *   the row of the widest run of the area, which goes from `firstCol` to `lastCol`
 */

/**
 * Areas of 4-connected cells with equal labels; cells without a label belong to none.
 * @param {(string | null)[]} labels row-major @param {number} cols @returns {Area[]}
 */
export function areas(labels, cols) {
  const seen = new Uint8Array(labels.length);
  const found = [];
  for (let cell = 0; cell < labels.length; cell += 1) {
    const label = labels[cell];
    if (label === null || seen[cell]) continue;
    found.push(describe(label, flood(labels, cols, cell, seen), cols));
  }
  return found;
}

/**
 * The cells connected to `first`, ascending; marks them as seen.
 * @param {(string | null)[]} labels @param {number} cols @param {number} first @param {Uint8Array} seen
 */
function flood(labels, cols, first, seen) {
  const cells = [first];
  seen[first] = 1;
  for (let index = 0; index < cells.length; index += 1) {
    const cell = cells[index];
    const col = cell % cols;
    visit(cell - cols);
    visit(cell + cols);
    if (col > 0) visit(cell - 1);
    if (col < cols - 1) visit(cell + 1);
  }
  return cells.sort((a, b) => a - b);

  /** @param {number} next */
  function visit(next) {
    if (next < 0 || next >= labels.length || seen[next] || labels[next] !== labels[first]) return;
    seen[next] = 1;
    cells.push(next);
  }
}

/**
 * An area with its widest run; of equally wide ones the nearest to the middle of the area.
 * @param {string} label @param {number[]} cells ascending @param {number} cols @returns {Area}
 */
function describe(label, cells, cols) {
  const middle = Math.floor(cells[Math.floor(cells.length / 2)] / cols);
  const best = runs(cells, cols).reduce((a, b) => {
    const wider = b.lastCol - b.firstCol - (a.lastCol - a.firstCol);
    const nearer = Math.abs(a.row - middle) - Math.abs(b.row - middle);
    return wider > 0 || (wider === 0 && nearer > 0) ? b : a;
  });
  return { label, cells, ...best };
}

/** @param {number[]} cells ascending @param {number} cols */
function runs(cells, cols) {
  /** @type {{row: number, firstCol: number, lastCol: number}[]} */
  const found = [];
  for (const cell of cells) {
    const row = Math.floor(cell / cols);
    const col = cell % cols;
    const last = found.at(-1);
    if (last && last.row === row && last.lastCol === col - 1) last.lastCol = col;
    else found.push({ row, firstCol: col, lastCol: col });
  }
  return found;
}
