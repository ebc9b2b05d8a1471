/**
 * Small multiples: the map at all layers at once, in place of the picture and across the page. Each is a button that goes to its
 * layer. They are painted when what they show changes, not when the reader goes from layer to layer.
 */

import { byId, fill, make, property } from "#viewer/dom";
import { describeLayer } from "#viewer/layers";
import { drawFrame } from "#viewer/line-drawing";
import { drawMapAndGrid } from "#viewer/picture-drawing";
import { tiling, widened } from "#viewer/tiling";

/**
 * @typedef {import("#viewer/view").View} View
 * @typedef {import("#viewer/view").Page} Page
 * @typedef {import("#viewer/palette").DrawingPalette} Palette
 * @typedef {{button: HTMLButtonElement, canvas: HTMLCanvasElement}} Tile
 */

/** CSS pixels: between tiles, and the line that names the layer. */
const EXTRA = { gap: 8, label: 18 };
/** CSS pixels: tiles are at least this wide, even if the page must be scrolled, so that they have room for words. */
const LEAST_WIDTH = 224;
/** CSS pixels of a window's height that the page's other parts take. */
const CHROME = 330;
const PIN_WIDTH = 2;

/**
 * Whether a state shows all layers: without a map nothing tells them apart, and an onset is of all layers.
 * @param {import("#viewer/hash").State} state
 */
export const showsMultiples = ({ multiples, map }) => multiples && map !== "none" && map !== "onset";

/**
 * Sets up the small multiples; the returned function shows a view in them.
 * @param {Page} page @param {Palette} palette
 * @param {{update: (changes: Partial<import("#viewer/hash").State>, options: {push: boolean}) => unknown}} reader
 */
export function createMultiples(page, palette, reader) {
  const box = byId("multiples");
  const frame = byId("frame");
  const picture = /** @type {HTMLImageElement} */ (byId("canvas-image"));
  const tiles = page.visionLayers.map((_, index) => makeTile(page, index));
  fill(box, ...tiles.map(({ button }) => button));
  /** @type {View | null} */
  let shown = null;
  let painted = "";
  /** Hits of a search lie over the tiles too. @type {unknown} */
  let paintedFindings = null;

  box.addEventListener("click", (event) => {
    const button = event.target instanceof Element ? event.target.closest("button") : null;
    if (!button) return;
    reader.update({ layer: Number(button.dataset.layer), multiples: false }, { push: true });
  });
  const repaint = () => {
    painted = "";
    if (shown) show(shown);
  };
  picture.addEventListener("load", repaint);
  let width = 0;
  new ResizeObserver(() => {
    // Painting changes the height, which is no reason to paint.
    if (box.clientWidth !== width) repaint();
  }).observe(box);

  /** @param {View} view */
  function show(view) {
    const move = focusMoves(box, frame, view, shown);
    shown = view;
    const visible = showsMultiples(view.state);
    box.hidden = !visible;
    frame.toggleAttribute("data-covered", visible);
    // Once all panels show the view: a cell that gets the focus is read.
    if (move) queueMicrotask(move);
    if (!visible) return;
    tiles.forEach(({ button }, layer) => {
      if (layer === view.state.layer) button.setAttribute("aria-current", "true");
      else button.removeAttribute("aria-current");
    });
    const wanted = keyOf(view);
    if (wanted !== painted || view.findings !== paintedFindings) paint(box, picture, tiles, view, palette);
    width = box.clientWidth;
    painted = wanted;
    paintedFindings = view.findings;
  }
  return show;
}

/**
 * Where the focus goes that would be lost with what is covered or put away: from a cell to the layer's tile, and
 * from a tile back to the cell that Tab leads to, or to the switch where it came from there; among tiles it
 * goes along with the layer.
 * @param {HTMLElement} box @param {HTMLElement} frame @param {View} view @param {View | null} before
 */
function focusMoves(box, frame, { state }, before) {
  const focused = document.activeElement;
  const tile = () => /** @type {HTMLElement} */ (box.children[state.layer]).focus();
  if (showsMultiples(state)) {
    if (frame.contains(focused)) box.dataset.from = "grid";
    else if (!box.contains(focused)) delete box.dataset.from;
    return frame.contains(focused) || (box.contains(focused) && state.layer !== before?.state.layer) ? tile : null;
  }
  if (!box.contains(focused)) return null;
  const back = box.dataset.from ? frame.querySelector("[data-cell][tabindex='0']") : null;
  return () => /** @type {HTMLElement} */ (back ?? byId("multiples-toggle")).focus({ preventScroll: true });
}

/** What the tiles show, but for the layer. @param {View} view */
const keyOf = ({ state, shown }) =>
  JSON.stringify([state.image, state.map, state.lens, state.only, state.grid, state.pins, shown.key]);

/** @param {Page} page @param {number} index @returns {Tile} */
function makeTile({ visionLayers, model }, index) {
  const canvas = make("canvas", { "aria-hidden": "true" });
  const layer = visionLayers[index];
  const button = make(
    "button",
    { type: "button", "data-layer": index, title: describeLayer(layer, model.numLayers) },
    canvas,
    make("span", {}, make("span", { class: "axis" }, "vision layer "), String(layer)),
  );
  return { button, canvas };
}

/**
 * @param {HTMLElement} box @param {HTMLImageElement} picture @param {Tile[]} tiles @param {View} view
 * @param {Palette} palette
 */
function paint(box, picture, tiles, view, palette) {
  const { width: w, height: h } = view.image.canvas;
  const room = { width: box.clientWidth, height: Math.max(innerHeight - CHROME, LEAST_WIDTH) };
  const { cols, width } = widened(tiling(tiles.length, w / h, room, EXTRA), LEAST_WIDTH, room.width, EXTRA.gap);
  property(box, "--tiles", cols);
  property(box, "--tile-width", `${width}px`);
  property(box, "--tile-aspect", w / h);
  if (width === 0 || !picture.complete) return;
  tiles.forEach(({ canvas }, layer) => paintTile(canvas, width, picture, { ...view, hover: null }, layer, palette));
}

/**
 * @param {HTMLCanvasElement} target @param {number} width CSS pixels @param {HTMLImageElement} picture
 * @param {View} view @param {number} layer @param {Palette} palette
 */
function paintTile(target, width, picture, view, layer, palette) {
  const { canvas } = view.image;
  const ratio = globalThis.devicePixelRatio || 1;
  target.width = Math.round(width * ratio);
  target.height = Math.round((target.width * canvas.height) / canvas.width);
  const context = /** @type {CanvasRenderingContext2D} */ (target.getContext("2d"));
  context.setTransform(target.width / canvas.width, 0, 0, target.height / canvas.height, 0, 0);
  context.drawImage(picture, 0, 0, canvas.width, canvas.height);
  const pixel = canvas.width / width;
  const state = { ...view.state, layer, grid: false };
  const map = view.mapAt(layer);
  drawMapAndGrid(context, { ...view, state, map: map && { ...map, wholeLabels: true } }, palette, pixel);
  state.pins.forEach((pin, slot) => {
    const stroke = { colour: palette.pins[slot], rim: palette.markDark, width: PIN_WIDTH };
    if (pin !== null) drawFrame(context, canvas, pin, stroke, pixel);
  });
}
