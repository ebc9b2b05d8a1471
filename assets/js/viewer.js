/** The model page's entry: opens the payload, sets up the panels and hands them to the reader. */

import { createCaptions } from "#viewer/captions-view";
import { createControls } from "#viewer/controls-view";
import { copyAddress, say } from "#viewer/copy";
import { byId } from "#viewer/dom";
import { createFirstWords } from "#viewer/first-words";
import { listenToKeys } from "#viewer/keyboard";
import { listKeys } from "#viewer/keys-view";
import { createLayerTable } from "#viewer/layer-table";
import { createLegend } from "#viewer/legend-view";
import { createLenses } from "#viewer/lens-view";
import { browserLink } from "#viewer/link";
import { readPalette } from "#viewer/palette";
import { createPatch } from "#viewer/patch-view";
import { createPins } from "#viewer/pins-view";
import { openPage } from "#viewer/payload";
import { Reader } from "#viewer/reader";
import { createRegion } from "#viewer/region-view";
import { createSiblings } from "#viewer/siblings-view";
import { createStage } from "#viewer/stage-view";
import { createStrip } from "#viewer/strip-view";
import { wordPlaces } from "#viewer/view";

/** @param {Document} document */
export async function start(document) {
  /** @type {import("#viewer/view").Page} */
  const page = await openPage(document);
  const palette = readPalette(document.documentElement);
  const link = browserLink();
  const reader = new Reader(page, palette, link);
  const stage = createStage(page, palette, {
    hover: (cell) => reader.hover(cell),
    pin: (cell) => reader.pin(cell),
    select: (corners) => reader.select(corners),
    say,
  });
  const patch = together(
    createPatch(),
    createFirstWords(),
    createLenses(),
    createLayerTable(reader, wordPlaces(page.frequentWords ?? []), palette),
  );
  const rest = together(
    createStrip(page, reader),
    createSiblings(document, reader),
    createCaptions(),
    createControls(page, reader),
    createLegend(reader),
    createPins(reader),
    createRegion(page, reader),
  );
  window.addEventListener("hashchange", () => reader.follow(location.hash));
  listenToTools(document, reader, stage, link);
  await reader.open(location.hash, {
    state: together(stage.show, patch, rest),
    hover: together(stage.mark, patch),
    say,
  });
  document.documentElement.dataset.ready = "true";
}

/**
 * One panel of several.
 * @param {...((view: import("#viewer/view").View) => void)} panels
 * @returns {(view: import("#viewer/view").View) => void}
 */
const together =
  (...panels) =>
  (view) => {
    for (const show of panels) show(view);
  };

/**
 * Keys, and the buttons of the header.
 * @param {Document} document @param {Reader} reader @param {ReturnType<typeof createStage>} stage
 * @param {{flush: () => void}} link
 */
function listenToTools(document, reader, stage, link) {
  listKeys();
  const help = /** @type {HTMLDialogElement} */ (byId("help"));
  const copy = () => {
    link.flush();
    return copyAddress();
  };
  listenToKeys(document, { reader, stage, help, copy });
  byId("copy-button").addEventListener("click", copy);
  byId("help-button").addEventListener("click", () => help.showModal());
  help.addEventListener("click", (event) => {
    if (event.target === help) help.close();
  });
}

/** Say that the page cannot be read, in place of an empty one. @param {unknown} error */
function fail(error) {
  say(`This page could not be read: ${error instanceof Error ? error.message : error}`);
  throw error;
}

if (globalThis.document) start(document).catch(fail);
