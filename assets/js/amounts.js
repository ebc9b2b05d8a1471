/**
 * A count with its noun: "1 hit", "2,000 hits", "3 patches".
 * @param {number} count @param {string} one @param {string} [more]
 */
export const amount = (count, one, more = `${one}s`) => `${count.toLocaleString("en")} ${count === 1 ? one : more}`;
