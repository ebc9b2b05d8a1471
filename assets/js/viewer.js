/**
 * The model page's entry: opens the payload, keeps the one state, writes it into the URL hash and lets every
 * panel show it.
 */

import { createControls } from "#viewer/controls-view";
import { byId, fill, make, visible } from "#viewer/dom";
import { firstState } from "#viewer/first-state";
import { centreCell, colOf, rowOf, samePlace, walk } from "#viewer/grid";
import { formatHash, parseHash } from "#viewer/hash";
import { commandOf } from "#viewer/keys";
import { createLayerTable } from "#viewer/layer-table";
import { stepIndex } from "#viewer/layers";
import { createLegend } from "#viewer/legend-view";
import { createLenses } from "#viewer/lens-view";
import { browserLink } from "#viewer/link";
import { MAP_IDS } from "#viewer/maps";
import { readPalette } from "#viewer/palette";
import { createPatch } from "#viewer/patch-view";
import { openPage } from "#viewer/payload";
import { topOf } from "#viewer/readings";
import { createStage } from "#viewer/stage-view";
import { createStrip } from "#viewer/strip-view";
import { visibleText } from "#viewer/tokens";
import { viewMaker, wordPlaces } from "#viewer/view";

/** How long a notice stays, milliseconds. */
const NOTICE_TIME = 2000;

/** @param {Document} document */
export async function start(document) {
  /** @type {import("#viewer/view").Page} */
  const page = await openPage(document);
  const palette = readPalette(document.documentElement);
  const link = browserLink();
  const makeView = viewMaker(page, palette);
  const stage = createStage({ hover: setHover, pin });
  const places = wordPlaces(page.frequentWords ?? []);
  /** What depends on the chosen state, and what depends on the patch under the pointer too. */
  const statePanels = [createControls(page, { update, step: stepLayer }), createLegend({ update }), showCaptions];
  const patchPanels = [
    createPatch(),
    createLenses(),
    createLayerTable({ goTo: (layer) => update({ layer }) }, places, palette),
  ];
  const showStrip = createStrip(page, { goTo: goToImage, cellIn });

  /** @type {number | null} */
  let hover = null;
  let labelled = "";
  let data = await page.image(0);
  let state = await initialState();
  let shownImage = -1;
  link.replace(formatHash(state, page));
  await show();
  listen();
  document.documentElement.dataset.ready = "true";

  async function initialState() {
    const blank = { image: 0, layer: 0, cell: null, map: "none", lens: "", only: null, grid: true };
    const fresh = firstState(page, data, blank);
    return location.hash.length > 1 ? parseHash(location.hash, page, { ...fresh, cell: null }) : fresh;
  }

  /**
   * @param {Partial<import("#viewer/hash").State>} changes
   * @param {{push?: boolean}} [options] `push` makes the browser's Back return to before the change
   */
  function update(changes, { push = false } = {}) {
    state = { ...state, ...changes };
    link[push ? "push" : "replace"](formatHash(state, page));
    return show();
  }

  async function show() {
    const wanted = state;
    if (shownImage !== state.image) {
      const read = await page.image(state.image);
      if (state !== wanted) return;
      data = read;
      shownImage = state.image;
      hover = null;
    }
    const view = makeView(state, hover, data);
    stage.show(view);
    stage.selectCell(state.cell);
    for (const panel of [...statePanels, ...patchPanels]) panel(view);
    showStrip(state);
    whenIdle(() => labelCells(view));
  }

  /** @param {number | null} cell */
  function setHover(cell) {
    if (cell === hover) return;
    hover = cell;
    const view = makeView(state, hover, data);
    stage.setHover(view);
    for (const panel of patchPanels) panel(view);
  }

  /** Each cell's label names its place and what the lenses read first. @param {import("#viewer/view").View} view */
  function labelCells({ image, state: of, data: readings }) {
    const key = `${of.image} ${of.layer}`;
    if (key === labelled) return;
    labelled = key;
    stage.labelCells((cell) => {
      const words = page.lenses.map(({ id }) => topOf(readings, id, of.layer, cell)?.token);
      const read = words.filter((word) => word !== undefined).map((word) => visibleText(String(word)));
      return `row ${rowOf(image.canvas, cell)}, column ${colOf(image.canvas, cell)}: ${read.join(", ")}`;
    });
  }

  /** @param {number} cell */
  function pin(cell) {
    update({ cell: cell === state.cell && hover === null ? null : cell });
  }

  /** @param {number} image */
  function goToImage(image) {
    update({ image, cell: cellIn(image) }, { push: true });
  }

  /** The pinned patch's counterpart in another image. @param {number} image */
  function cellIn(image) {
    if (state.cell === null) return null;
    return samePlace(page.images[state.image].canvas, state.cell, page.images[image].canvas);
  }

  /** @param {number} step */
  function stepLayer(step) {
    update({ layer: stepIndex(page.visionLayers, state.layer, step) });
  }

  /** @param {string} key */
  function walkGrid(key) {
    const { canvas } = page.images[state.image];
    const from = state.cell ?? centreCell(canvas);
    const to = state.cell === null ? from : (walk(canvas, from, key) ?? from);
    hover = null;
    update({ cell: to });
    stage.focusCell(to);
  }

  function listen() {
    window.addEventListener("hashchange", () => {
      state = parseHash(location.hash, page, { ...state, cell: null });
      show();
    });
    document.addEventListener("keydown", (event) => {
      const command = commandOf(event, focusOf(event.target));
      if (!command || help().open) return;
      event.preventDefault();
      obey(command, event);
    });
    byId("help-button").addEventListener("click", () => help().showModal());
    byId("copy-button").addEventListener("click", () => copyLink(link));
    byId("grid-toggle").addEventListener("change", (event) => {
      update({ grid: /** @type {HTMLInputElement} */ (event.target).checked });
    });
    help().addEventListener("click", (event) => {
      if (event.target === help()) help().close();
    });
  }

  /** @param {import("#viewer/keys").Command} command @param {KeyboardEvent} event */
  function obey(command, event) {
    if (command.action === "layer") stepLayer(command.step);
    else if (command.action === "image") goToImage(stepIndex(page.images, state.image, command.step));
    else if (command.action === "walk") walkGrid(command.key);
    else if (command.action === "pin") pin(stage.cellOf(event.target) ?? 0);
    else if (command.action === "clear") update({ cell: null, only: null });
    else if (command.action === "grid") update({ grid: !state.grid });
    else if (command.action === "map") update({ map: MAP_IDS[(MAP_IDS.indexOf(state.map) + 1) % MAP_IDS.length], only: null });
    else if (command.action === "help") help().showModal();
    else copyLink(link);
  }

  /** @param {import("#viewer/view").View} view */
  function showCaptions({ image, state: { grid } }) {
    fill(byId("caption"), captionNode(image.caption));
    fill(byId("generated-caption"), captionNode(image.generatedCaption));
    /** @type {HTMLInputElement} */ (byId("grid-toggle")).checked = grid;
  }
}

/** @param {string | null} caption */
const captionNode = (caption) =>
  caption === null ? make("span", { class: "quiet" }, "none stored") : visible(caption, "", { spaces: false });

/** @returns {HTMLDialogElement} */
const help = () => /** @type {HTMLDialogElement} */ (byId("help"));

/** @param {EventTarget | null} target @returns {import("#viewer/keys").Focus} */
function focusOf(target) {
  if (!(target instanceof Element)) return "page";
  if (target.closest("[role=gridcell]")) return "grid";
  return target.closest("input, select, textarea") ? "field" : "page";
}

/** @param {{flush: () => void}} link */
async function copyLink(link) {
  link.flush();
  const copied = await copy(location.href);
  notify(copied ? "Link copied" : "Copy the link from the address bar");
}

/** Copy a text; some browsers have no clipboard on file: pages. @param {string} text @returns {Promise<boolean>} */
async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

/** @param {string} text */
function notify(text) {
  const notice = byId("notice");
  notice.textContent = text;
  setTimeout(() => {
    if (notice.textContent === text) notice.textContent = "";
  }, NOTICE_TIME);
}

/** @param {() => void} work */
function whenIdle(work) {
  if ("requestIdleCallback" in globalThis) requestIdleCallback(work);
  else setTimeout(work, 0);
}

if (globalThis.document) start(document);
