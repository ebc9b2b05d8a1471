/** The judge page's tables as CSV: what a table shows, figures as figures. */

import { csvText } from "#viewer/csv";
import { download } from "#viewer/download";
import { fileName } from "#viewer/file-names";

/** @typedef {import("#viewer/csv").Cell} Cell */

/**
 * A cell's text as CSV: figures and percentages as numbers, all else as text of the results.
 * @param {string} text @returns {Cell}
 */
export function csvCell(text) {
  const plain = text.replace(/\s+/g, " ").trim();
  const figure = text.trim().replace(/\s?%$/, "").replace(/[\u202f\u00a0]/g, "").replace(/^\+/, "").replace("−", "-");
  if (/^-?\d+(\.\d+)?$/.test(figure)) return Number(figure);
  return plain === "–" || plain === "" ? null : { text: plain };
}

/**
 * A table's columns and rows. A cell with a share has its figure and its details in columns of their own.
 * @param {HTMLTableElement} table @returns {import("#viewer/csv").Table}
 */
export function tableOf(table) {
  const heads = [...table.tHead?.rows[0]?.cells ?? []].map((cell) => textOf(cell));
  const rows = [...table.tBodies[0].rows].map((row) => [...row.cells].map(fieldsOf));
  const columns = (rows[0] ?? []).flatMap((fields, index) => {
    const cell = table.tBodies[0].rows[0].cells[index];
    return fields.length === 1 ? [heads[index]] : [cell.dataset.label ?? heads[index], `${cell.dataset.label ?? heads[index]}: details`];
  });
  return { columns: columns.map((name) => name.replaceAll("\u202f", " ")), rows: rows.map((fields) => fields.flat()) };
}

/** @param {Element} cell */
const textOf = (cell) => (cell.textContent ?? "").replace(/[ \t\r\n]+/g, " ").trim();

/** @param {HTMLTableCellElement} cell @returns {Cell[]} */
function fieldsOf(cell) {
  if (!cell.matches(".share")) {
    const named = cell.querySelector(":scope > .detail");
    return [csvCell(named ? textOf(cell).replace(textOf(named), "") : textOf(cell))];
  }
  const value = cell.querySelector(".with-strip > :is(b, span:not(.quiet))");
  const details = [...cell.querySelectorAll(".quiet, .detail")].map(textOf).filter(Boolean).join("; ");
  return [csvCell(value ? textOf(value) : ""), details === "" ? null : { text: details }];
}

/**
 * Saves the table before a button.
 * @param {Element} button @param {string} study id @param {string} judge id
 */
export function saveTable(button, study, judge) {
  const tables = button.parentElement?.querySelectorAll(":scope > .wide table") ?? [];
  const before = [...tables].filter((table) => button.compareDocumentPosition(table) & Node.DOCUMENT_POSITION_PRECEDING);
  const table = /** @type {HTMLTableElement | undefined} */ (before.at(-1));
  if (!table) return;
  const name = fileName([study, judge, table.dataset.csv ?? "table"], "csv");
  download(new Blob([csvText(tableOf(table))], { type: "text/csv" }), name);
}
