/**
 * Pins: up to four patches that are kept, each in a slot with a colour of its own. A pin keeps its slot, and
 * so its colour, when another one is let go of.
 */

/** Four colours can be told apart by readers with any kind of colour vision, and beside one another. */
export const MOST_PINS = 4;

/** @typedef {{cell: number | null, pins: (number | null)[]}} Pinned `cell`: the pin that is read */

/**
 * Slots without the empty ones at the end.
 * @param {(number | null)[]} pins @returns {(number | null)[]}
 */
export function trimmed(pins) {
  return pins.slice(0, pins.findLastIndex((pin) => pin !== null) + 1);
}

/**
 * Pin a patch and read it. One that is pinned already is read; choosing the one that is read lets go of it.
 * When all slots are taken, the pin that is read moves; when none is read, the last one.
 * @param {Pinned} pinned @param {number} cell @returns {Pinned}
 */
export function togglePin(pinned, cell) {
  if (cell === pinned.cell) return unpin(pinned, cell);
  if (pinned.pins.includes(cell)) return { ...pinned, cell };
  const free = pinned.pins.indexOf(null);
  if (free >= 0) return { cell, pins: pinned.pins.with(free, cell) };
  if (pinned.pins.length < MOST_PINS) return { cell, pins: [...pinned.pins, cell] };
  return movePin({ ...pinned, cell: pinned.cell ?? pinned.pins[MOST_PINS - 1] }, cell);
}

/**
 * Whether pinning a patch would move another pin, because all slots are taken.
 * @param {Pinned} pinned @param {number} cell @returns {boolean}
 */
export function isMove({ pins }, cell) {
  return pins.length === MOST_PINS && !pins.includes(null) && !pins.includes(cell);
}

/**
 * Let go of a patch; what is read next is the pin in the last slot.
 * @param {Pinned} pinned @param {number} cell @returns {Pinned}
 */
export function unpin({ cell: read, pins }, cell) {
  const left = trimmed(pins.map((pin) => (pin === cell ? null : pin)));
  return { cell: read === cell ? (left.at(-1) ?? null) : read, pins: left };
}

/**
 * Move the pin that is read to another patch; without one, pin that patch.
 * @param {Pinned} pinned @param {number} cell @returns {Pinned}
 */
export function movePin(pinned, cell) {
  if (pinned.cell === null) return togglePin(pinned, cell);
  if (pinned.pins.includes(cell)) return { ...unpin(pinned, pinned.cell), cell };
  return { cell, pins: pinned.pins.map((pin) => (pin === pinned.cell ? cell : pin)) };
}
