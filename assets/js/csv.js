/**
 * Tables as CSV (RFC 4180, UTF-8 with a byte order mark, which Excel needs to read it as such).
 *
 * Text that came with the results is written as a JSON string: `" dog"`. It begins with a quotation mark, so no
 * spreadsheet takes a token like `=1+1` for a formula; spaces at its ends can be seen; and `JSON.parse` or
 * `json.loads` gives back exactly what was stored, be it a line end or half a character.
 */

/** @typedef {string | number | null | {text: string | string[]}} Cell names of ours and figures; text of the results */
/** @typedef {{columns: string[], rows: Cell[][]}} Table */

const MARK = "\ufeff";

/** Characters that some readers take for the end of a line or field, whatever stands around them. */
const BREAKING = /[;\u007f-\u009f\u2028\u2029\ufeff]/g;

/** @type {(character: string) => string} */
const escaped = (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;

/** @param {string | string[]} text @returns {string} */
export const jsonText = (text) => JSON.stringify(text).replace(BREAKING, escaped);

/** @param {Cell} cell @returns {string} */
function field(cell) {
  if (cell === null) return "";
  const text = typeof cell === "object" ? jsonText(cell.text) : String(cell);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** @param {Table} table @returns {string} */
export function csvText({ columns, rows }) {
  return MARK + [columns, ...rows].map((row) => `${row.map(field).join(",")}\r\n`).join("");
}
