/** The menu "Take along": the link, the picture, the tables that are shown, and the citation. */

import { notify } from "#viewer/copy";
import { csvText } from "#viewer/csv";
import { download } from "#viewer/download";
import { byId, fill, make, property } from "#viewer/dom";
import { pngOf, svgOf } from "#viewer/export-picture";
import { fileName } from "#viewer/file-names";
import { showsMultiples } from "#viewer/multiples-view";
import { fileWidth } from "#viewer/sheet-plan";
import { panelsOf } from "#viewer/sheet-text";

/**
 * @typedef {import("#viewer/view").View} View
 *
 * @typedef {object} Saved a table that can be saved
 * @property {string} id part of the file's name
 * @property {(view: View) => string | null} title of its button; null while it is not shown
 * @property {(view: View) => import("#viewer/csv").Table} table
 */

/**
 * Sets up the menu; `show` shows a view in it, `open` opens it.
 * @param {import("#viewer/palette").DrawingPalette} palette @param {Saved[]} tables @param {string} source
 *   study and version, for saved pictures
 */
export function createTakeAlong(palette, tables, source) {
  const menu = byId("take");
  const picture = /** @type {HTMLImageElement} */ (byId("canvas-image"));
  /** @type {View | null} */
  let view = null;

  menu.addEventListener("beforetoggle", () => {
    if (!view) return;
    place(menu, byId("take-button"));
    offer(menu, view, tables);
  });
  menu.addEventListener("click", (event) => {
    const button = event.target instanceof Element ? event.target.closest("button") : null;
    if (!button || !view) return;
    menu.hidePopover();
    const { picture: kind, table: number } = button.dataset;
    if (kind !== undefined) savePicture(kind, { view, palette, picture, source });
    if (number !== undefined) saveTable(tables[Number(number)], view);
  });

  return {
    show: (/** @type {View} */ now) => {
      view = now;
    },
    open: () => menu.showPopover(),
  };
}

/** Below the button, in line with its right end. @param {HTMLElement} menu @param {HTMLElement} button */
function place(menu, button) {
  const { bottom, right } = button.getBoundingClientRect();
  property(menu, "--take-top", `${bottom + scrollY}px`);
  property(menu, "--take-right", `${document.documentElement.clientWidth - right}px`);
}

/** @param {HTMLElement} menu @param {View} view @param {Saved[]} tables */
function offer(menu, view, tables) {
  for (const scale of [1, 2]) {
    const button = menu.querySelector(`[data-picture="${scale}"]`);
    const width = fileWidth(panelsOf(view), view.image.canvas, scale);
    if (button) button.textContent = `PNG ${width} px`;
  }
  const buttons = tables.map(({ title }, index) => {
    const text = title(view);
    return text !== null && make("button", { type: "button", "data-table": index }, text);
  });
  const without = view.shown.without.join(" and ");
  fill(
    byId("take-tables"),
    ...(buttons.some(Boolean) ? buttons : [make("span", { class: "quiet" }, "pin a patch first")]),
    buttons.some(Boolean) && without !== "" && make("span", { class: "quiet" }, `${without} left out`),
  );
}

/** @param {View} view */
const stem = ({ page, state, image }) => [page.study.id, page.model.id, image.id];

/** @param {View} view */
const layerOf = ({ page, state }) => ["layer", page.visionLayers[state.layer]];

/** @param {string} kind 1, 2 or svg @param {import("#viewer/export-picture").Shown} shown */
async function savePicture(kind, shown) {
  const { view } = shown;
  const layers = showsMultiples(view.state) ? ["all-layers"] : layerOf(view);
  try {
    const blob = kind === "svg" ? await svgOf(shown) : await pngOf(shown, Number(kind));
    const name = [...stem(view), ...layers, view.state.map, ...(kind === "2" ? ["2x"] : [])];
    download(blob, fileName(name, kind === "svg" ? "svg" : "png"));
  } catch {
    notify("This browser could not make the picture");
  }
}

/** @param {Saved} saved @param {View} view */
function saveTable({ id, table }, view) {
  const blob = new Blob([csvText(table(view))], { type: "text/csv;charset=utf-8" });
  download(blob, fileName([...stem(view), ...layerOf(view), id], "csv"));
}
