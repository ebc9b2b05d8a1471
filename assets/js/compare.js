/** The comparison's entry: reads the page's facts, sets up the panels and hands them to the reader. */

import { onCommand } from "#viewer/commands";
import { createColumns } from "#viewer/compare-columns";
import { createCompareControls, showSummary } from "#viewer/compare-controls";
import { comparePage, imageLoader } from "#viewer/compare-files";
import { createCompareLegend } from "#viewer/compare-legend";
import { COMPARE_ROWS } from "#viewer/compare-keys";
import { CompareReader } from "#viewer/compare-reader";
import { say, sayUnreadable } from "#viewer/copy";
import { byId } from "#viewer/dom";
import { createHeaderTools } from "#viewer/header-tools";
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
  const { copy, help } = createHeaderTools(link, COMPARE_ROWS);
  onCommand(document, COMPARE_ROWS, (command, target) => obey(command, target, columns.columnOf(target)));

  /** @param {import("#viewer/keys").Command} command @param {EventTarget | null} target @param {number} at */
  function obey(command, target, at) {
    if (command.action === "layer") reader.stepDepth(command.step);
    else if (command.action === "image") reader.stepImage(command.step);
    else if (command.action === "walk") walk(command.key, at, cellOf(target));
    else if (command.action === "pin") reader.pin({ model: reader.modelAt(at), cell: cellOf(target) ?? 0 });
    else if (command.action === "clear") reader.clear();
    else if (command.action === "map") reader.nextMap();
    else if (command.action === "help") help.showModal();
    else copy();
  }

  /** @param {string} key @param {number} at @param {number | null} focused */
  function walk(key, at, focused) {
    const spot = reader.walk(reader.modelAt(at), key, focused);
    if (spot) columns.focus(reader.columnOf(spot.model), spot.cell);
  }
}

if (globalThis.document) start(document).catch(sayUnreadable);
