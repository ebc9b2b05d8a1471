/** How many tiles of one shape fit side by side: the split that makes them largest. */

/**
 * @typedef {{width: number, height: number}} Size CSS pixels
 *
 * @param {number} count of tiles @param {number} aspect width over height of what a tile shows
 * @param {Size} box room for all @param {{gap: number, label: number}} extra between tiles, and below each
 * @returns {{cols: number, width: number}} width of one tile, 0 where the box has no room
 */
export function tiling(count, aspect, box, { gap, label }) {
  let best = { cols: 1, width: 0 };
  for (let cols = 1; cols <= count; cols += 1) {
    const rows = Math.ceil(count / cols);
    const across = (box.width - gap * (cols - 1)) / cols;
    const down = ((box.height - gap * (rows - 1)) / rows - label) * aspect;
    const width = Math.floor(Math.max(Math.min(across, down), 0));
    if (width > best.width) best = { cols, width };
  }
  return best;
}

/**
 * The same with tiles that are not too narrow: fewer side by side, but two where there is room for more than one.
 * @param {{cols: number, width: number}} tiles @param {number} least width @param {number} room width of the box
 * @param {number} gap between tiles
 */
export function widened(tiles, least, room, gap) {
  if (tiles.width === 0 || tiles.width >= least) return tiles;
  const cols = Math.min(tiles.cols, Math.max(Math.floor((room + gap) / (least + gap)), 2));
  return { cols, width: Math.floor((room - gap * (cols - 1)) / cols) };
}
