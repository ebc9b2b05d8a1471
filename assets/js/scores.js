/** Scores and other figures as text and as lengths of bars. */

/**
 * A figure with three decimals and a true minus sign; a dash where it is missing.
 * @param {number | null | undefined} value @param {number} [decimals] @returns {string}
 */
export function formatScore(value, decimals = 3) {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  return value.toFixed(decimals).replace("-", "\u2212");
}

/**
 * A lens's figure: a percentile as such, any other score with three decimals.
 * @param {number | null | undefined} value @param {string} name of the score, or a title that begins with it
 * @returns {string}
 */
export function formatFigure(value, name) {
  return name.startsWith("percentile") && value != null ? `${formatScore(100 * value, 2)}\u202f%` : formatScore(value);
}

/**
 * A share of `count` in `total`, as readers say it: "12 of 48 (25 %)".
 * @param {number} count @param {number} total @returns {string}
 */
export function formatShare(count, total) {
  if (total === 0) return "0 of 0";
  return `${count} of ${total} (${Math.round((100 * count) / total)}\u202f%)`;
}

/**
 * Where a value lies in a domain, 0 to 1.
 * @param {number} value @param {[number, number]} domain @returns {number}
 */
export function fraction(value, [low, high]) {
  return high > low ? Math.min(Math.max((value - low) / (high - low), 0), 1) : 0;
}

/**
 * Smallest and largest of some figures, gaps skipped; [0, 1] if there are none.
 * @param {Iterable<number | null | undefined>} values @returns {[number, number]}
 */
export function domainOf(values) {
  let low = Infinity;
  let high = -Infinity;
  for (const value of values) {
    if (value === null || value === undefined || !Number.isFinite(value)) continue;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return low <= high ? [low, high] : [0, 1];
}
