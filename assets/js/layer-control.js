/** The control of the vision layer: slider, ticks, steps, and the button that plays through the layers. */

import { byId, fill, make, property } from "#viewer/dom";
import { describeLayer } from "#viewer/layers";
import { player } from "#viewer/play";

/**
 * @typedef {import("#viewer/view").Page} Page
 *
 * @typedef {object} Actions
 * @property {(changes: {layer: number}) => unknown} update
 * @property {(step: number) => unknown} stepLayer
 */

/** Ticks that the slider has room for; of more, only some are written. */
const MOST_TICKS = 14;

/**
 * Sets up the control; `show` shows a layer in it, `play` begins to play or stops.
 * @param {Page} page @param {Actions} reader
 */
export function createLayerControl(page, reader) {
  const slider = /** @type {HTMLInputElement} */ (byId("layer-slider"));
  const [down, up] = ["layer-down", "layer-up"].map((id) => /** @type {HTMLButtonElement} */ (byId(id)));
  const last = page.visionLayers.length - 1;
  let current = 0;
  slider.max = String(last);
  slider.disabled = last === 0;
  slider.addEventListener("input", () => reader.update({ layer: Number(slider.value) }));
  down.addEventListener("click", () => reader.stepLayer(-1));
  up.addEventListener("click", () => reader.stepLayer(1));
  const ticks = createTicks(page.visionLayers, reader);
  const play = createPlay({
    last,
    at: () => current,
    go: (layer) => reader.update({ layer }),
  });

  /** @param {number} index */
  function show(index) {
    const layer = page.visionLayers[index];
    const meaning = describeLayer(layer, page.model.numLayers);
    current = index;
    slider.value = String(index);
    slider.setAttribute("aria-valuetext", `${layer}, ${meaning}`);
    byId("layer-value").textContent = String(layer);
    byId("layer-meaning").textContent = meaning;
    down.disabled = index === 0;
    up.disabled = index === last;
    ticks.forEach((tick, at) => tick.toggleAttribute("data-current", at === index));
  }
  return { show, play };
}

/** @param {number[]} layers @param {Actions} reader */
function createTicks(layers, reader) {
  const last = Math.max(layers.length - 1, 1);
  const every = Math.ceil(layers.length / MOST_TICKS);
  const ticks = layers.map((layer, index) => {
    const named = index % every === 0 || index === layers.length - 1;
    const attributes = { type: "button", tabindex: "-1", "aria-hidden": "true", "data-layer": index };
    return property(make("button", { ...attributes, hidden: !named }, String(layer)), "--at", index / last);
  });
  fill(byId("layer-ticks"), ...ticks).addEventListener("click", (event) => {
    const tick = event.target instanceof HTMLElement ? event.target.dataset.layer : undefined;
    if (tick !== undefined) reader.update({ layer: Number(tick) });
  });
  return ticks;
}

/**
 * The button, and what stops it: any press of a key or a pointer elsewhere, a link followed, the page left.
 * Pointing does not, so that patches can be read while it plays.
 * @param {Omit<import("#viewer/play").Reel, "changed">} reel
 */
function createPlay(reel) {
  const button = /** @type {HTMLButtonElement} */ (byId("play-button"));
  const { toggle, stop } = player({
    ...reel,
    changed(playing) {
      button.toggleAttribute("data-playing", playing);
      button.setAttribute("aria-label", playing ? "pause" : "play through the layers");
      button.title = playing ? "pause (p)" : "play through the layers (p)";
    },
  });
  button.disabled = reel.last === 0;
  button.addEventListener("click", toggle);
  const stopUnlessOwn = (/** @type {Event} */ event) => {
    const own = event.target instanceof Node && button.contains(event.target);
    if (!own && !(event instanceof KeyboardEvent && event.key === "p")) stop();
  };
  document.addEventListener("pointerdown", stopUnlessOwn, true);
  document.addEventListener("keydown", stopUnlessOwn, true);
  document.addEventListener("visibilitychange", stop);
  window.addEventListener("hashchange", stop);
  return toggle;
}
