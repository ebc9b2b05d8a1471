/** The model page's entry: opens the payload, sets up the panels and hands them to the reader. */

import { createAbsences } from "#viewer/absences-view";
import { createCaptions } from "#viewer/captions-view";
import { createCite } from "#viewer/cite-view";
import { createControls } from "#viewer/controls-view";
import { say, sayUnreadable } from "#viewer/copy";
import { listDefaults } from "#viewer/default-list";
import { byId } from "#viewer/dom";
import { TABLES } from "#viewer/export-tables";
import { rankedFindings } from "#viewer/finder-of-rankings";
import { createFirstWords } from "#viewer/first-words";
import { createHeaderTools } from "#viewer/header-tools";
import { listenToKeys } from "#viewer/keyboard";
import { ROWS } from "#viewer/keys";
import { createLayerTable } from "#viewer/layer-table";
import { createLegend } from "#viewer/legend-view";
import { createLenses } from "#viewer/lens-view";
import { browserLink } from "#viewer/link";
import { createMultiples } from "#viewer/multiples-view";
import { readPalette } from "#viewer/palette";
import { createPatch } from "#viewer/patch-view";
import { createPins } from "#viewer/pins-view";
import { openPage } from "#viewer/payload";
import { withRankings } from "#viewer/ranking";
import { Reader } from "#viewer/reader";
import { createRegion } from "#viewer/region-view";
import { createSearch } from "#viewer/search-view";
import { createSiblings } from "#viewer/siblings-view";
import { createStage } from "#viewer/stage-view";
import { createStrip } from "#viewer/strip-view";
import { createTakeAlong } from "#viewer/take-along-view";
import { createTokensControl } from "#viewer/tokens-control";
import { visibleSentence } from "#viewer/tokens";
import { wordPlaces } from "#viewer/words";

/** @param {Document} document */
export async function start(document) {
  /** @type {import("#viewer/view").Page} */
  const page = withRankings(await openPage(document));
  const palette = readPalette(document.documentElement);
  const link = browserLink();
  /** @type {Reader} */
  const reader = new Reader(page, palette, link, rankedFindings(page, () => reader.refresh()));
  const search = createSearch(page, palette, reader);
  const stage = createStage(page, palette, {
    hover: (cell) => reader.hover(cell),
    pin: (cell) => reader.pin(cell),
    read: (cell) => reader.read(cell),
    select: (corners) => reader.select(corners),
    say,
  });
  const patch = together(
    createPatch(),
    createFirstWords(),
    createLenses(reader),
    createLayerTable(reader, wordPlaces(page.frequentWords ?? []), palette),
  );
  const controls = createControls(page, reader);
  const rest = together(
    createStrip(page, reader),
    createSiblings(document, reader),
    createCaptions(),
    controls.show,
    createTokensControl(page, reader),
    createMultiples(page, palette, reader),
    createLegend(reader),
    search.show,
    createPins(reader),
    createRegion(page, reader),
    createAbsences(page),
  );
  listDefaults(page);
  window.addEventListener("hashchange", () => reader.follow(location.hash));
  createCite(page, link);
  const takeAlong = createTakeAlong(palette, TABLES, sourceOf(page));
  listenToTools(document, reader, stage, link, takeAlong.open, search, controls.play);
  await reader.open(location.hash, {
    state: together(stage.show, patch, rest, takeAlong.show),
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
 * @param {{flush: () => void}} link @param {() => void} take opens the menu of what can be taken along
 * @param {ReturnType<typeof createSearch>} search @param {() => void} play plays through the layers, or stops
 */
function listenToTools(document, reader, stage, link, take, search, play) {
  const { copy, help } = createHeaderTools(link, ROWS);
  listenToKeys(document, { reader, stage, search, help, copy, take, play });
  byId("search-button").addEventListener("click", search.open);
}

/** Whose results a saved picture shows. @param {import("#viewer/view").Page} page */
const sourceOf = ({ study, citation }) => `${visibleSentence(study.title)} · V-Lens ${citation.version}`.trim();

if (globalThis.document) start(document).catch(sayUnreadable);
