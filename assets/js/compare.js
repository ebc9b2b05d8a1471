/** The comparison's entry: reads the page's facts, sets up the panels and hands them to the reader. */

import { createColumns } from "#viewer/compare-columns";
import { createCompareControls, showSummary } from "#viewer/compare-controls";
import { comparePage, imageLoader } from "#viewer/compare-files";
import { createCompareLegend } from "#viewer/compare-legend";
import { CompareReader } from "#viewer/compare-reader";
import { copyAddress, say } from "#viewer/copy";
import { byId } from "#viewer/dom";
import { commandOf } from "#viewer/keys";
import { browserLink } from "#viewer/link";
import { readPalette } from "#viewer/palette";
import { cellOf } from "#viewer/cell-grid";

/** @param {Document} document */
export async function start(document) {
  const page = comparePage(JSON.parse(byId("page").textContent ?? ""));
  const palette = readPalette(document.documentElement);
  const link = browserLink();
  const reader = new CompareReader(page, imageLoader(page), palette, link);
  const columns = createColumns(page, palette, reader);
  const showControls = createCompareControls(page, reader);
  const showLegend = createCompareLegend(reader, palette);
  /** @type {import("#viewer/compare-view").CompareView | null} */
  let shown = null;

  window.addEventListener("hashchange", () => reader.follow(location.hash));
  listen(document, reader, columns, link);
  await reader.open(location.hash, {
    state(view) {
      shown = view;
      columns.show(view);
      showControls(view);
      showLegend(view);
    },
    spot: columns.mark,
    ahead: columns.ahead,
    chance: (chance) => shown && showSummary(shown, chance),
    missing: say,
  });
  document.documentElement.dataset.ready = "true";
}

/**
 * Keys, and the buttons of the header.
 * @param {Document} document @param {CompareReader} reader @param {ReturnType<typeof createColumns>} columns
 * @param {{flush: () => void}} link
 */
function listen(document, reader, columns, link) {
  const help = /** @type {HTMLDialogElement} */ (byId("help"));
  const copy = () => {
    link.flush();
    return copyAddress();
  };
  byId("copy-button").addEventListener("click", copy);
  byId("help-button").addEventListener("click", () => help.showModal());
  help.addEventListener("click", (event) => {
    if (event.target === help) help.close();
  });
  document.addEventListener("keydown", (event) => {
    const command = commandOf(event, focusOf(event.target));
    if (!command || help.open) return;
    const at = columns.columnOf(event.target);
    if (obey(command, event.target, at)) event.preventDefault();
  });

  /** @param {import("#viewer/keys").Command} command @param {EventTarget | null} target @param {number} at */
  function obey(command, target, at) {
    if (command.action === "layer") reader.stepDepth(command.step);
    else if (command.action === "image") reader.stepImage(command.step);
    else if (command.action === "walk") walk(command.key, at, cellOf(target));
    else if (command.action === "pin") reader.pin({ model: reader.modelAt(at), cell: cellOf(target) ?? 0 });
    else if (command.action === "clear") reader.clear();
    else if (command.action === "map") reader.nextMap();
    else if (command.action === "help") help.showModal();
    else if (command.action === "copy") copy();
    else return false;
    return true;
  }

  /** @param {string} key @param {number} at @param {number | null} focused */
  function walk(key, at, focused) {
    const spot = reader.walk(reader.modelAt(at), key, focused);
    if (spot) columns.focus(reader.columnOf(spot.model), spot.cell);
  }
}

/** @param {EventTarget | null} target @returns {import("#viewer/keys").Focus} */
function focusOf(target) {
  if (!(target instanceof Element)) return "page";
  if (target.closest("[role=gridcell]")) return "grid";
  return target.closest("input, select, textarea") ? "field" : "page";
}

/** Say that the page cannot be read, in place of an empty one. @param {unknown} error */
function fail(error) {
  say(`This page could not be read: ${error instanceof Error ? error.message : error}`);
  throw error;
}

if (globalThis.document) start(document).catch(fail);
