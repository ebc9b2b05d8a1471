/** What is known of the chosen patch itself: its place, a close-up, the ground truth, cell statistics. */

import { byId, fill, make, visible } from "#viewer/dom";
import { cellBox, colOf, rowOf } from "#viewer/grid";
import { describeLayer } from "#viewer/layers";
import { formatScore } from "#viewer/scores";
import { visibleSentence } from "#viewer/tokens";
import { nameRegion, regionsOf } from "#viewer/truth";

/** @typedef {import("#viewer/view").View} View */

/** Statistics in the order of the page: key, title, explanation. */
const STATISTICS = /** @type {const} */ ([
  ["norm", "norm", "length of the hidden state (L2)"],
  ["cosineToLayer0", "cos to layer 0", "cosine to the same patch at vision layer 0"],
  ["meanCosine", "mean cos", "mean cosine to the image's other patches"],
  ["entropy", "entropy", "entropy of the logit lens over the full vocabulary, nats"],
  ["klToFinal", "KL to final", "KL of the final layer's logit lens from this layer's, nats"],
]);

const TRUTH_TITLES = {
  object: "filled by an object",
  background: "filled by background",
  mixed: "no single thing fills this patch",
  padding: "padding, not part of the picture",
};

const NO_STATISTICS = "Norm, entropy and the like are not in these results.";

/** Close-up: cells shown on each side of the patch. */
const AROUND = 1;

/** Sets up the panel's head; the returned function shows a view in it. */
export function createPatch() {
  const title = byId("patch-title");
  const facts = byId("patch-facts");
  const closeUp = /** @type {HTMLCanvasElement} */ (byId("close-up"));
  const picture = /** @type {HTMLImageElement} */ (byId("canvas-image"));

  /** @type {View | null} */
  let shown = null;
  picture.addEventListener("load", () => shown && drawCloseUp(closeUp, picture, shown));

  /** @param {View} view */
  return function show(view) {
    shown = view;
    fill(title, ...titleOf(view));
    fill(facts, ...factsOf(view));
    drawCloseUp(closeUp, picture, view);
  };
}

/** @param {View} view */
function titleOf({ page, state, hover, cell, image }) {
  const layer = page.visionLayers[state.layer];
  const place =
    cell === null
      ? "No patch chosen"
      : `Patch at row ${rowOf(image.canvas, cell)}, column ${colOf(image.canvas, cell)}`;
  const kind = cell === null ? "" : kindOf(state, hover, cell);
  return [
    make("span", { class: "place" }, place),
    kind !== "" && make("span", { class: "kind", "data-kind": kind }, kind),
    make(
      "span",
      { class: "depth", title: describeLayer(layer, page.model.numLayers) },
      `vision layer ${layer}`,
    ),
  ];
}

/**
 * How the reader came to the patch that is read.
 * @param {import("#viewer/hash").State} state @param {number | null} hover @param {number} cell
 */
function kindOf({ cell: read, pins }, hover, cell) {
  if (hover !== null && hover !== read) return "hover";
  return pins.includes(cell) ? "pinned" : "not pinned";
}

/** @param {View} view */
function factsOf(view) {
  if (view.cell === null)
    return [make("p", { class: "hint" }, "Point at the picture to read a patch; click to pin it.")];
  const statistics = view.data.statistics(view.state.layer, view.cell);
  return [
    make("p", { class: "truth" }, make("span", { class: "label" }, "Ground truth"), ...truthOf(view)),
    statistics ? statisticsList(statistics) : make("p", { class: "quiet" }, NO_STATISTICS),
  ];
}

/** @param {import("#viewer/readings").Statistics} statistics */
const statisticsList = (statistics) =>
  make(
    "dl",
    { class: "statistics" },
    ...STATISTICS.map(([key, name, meaning]) =>
      make("div", { title: meaning }, make("dt", {}, name), make("dd", {}, formatScore(statistics[key]))),
    ),
  );

/** @param {View} view */
function truthOf(view) {
  const { image, data, state, page } = view;
  const cell = /** @type {number} */ (view.cell);
  const kinds = page.lenses.map(({ id }) => data.judgment(id, state.layer, cell)?.truthKind);
  const kind = kinds.find((value) => value != null);
  const found = kind === "padding" ? [] : regionsOf(image.regions, cell);
  const names = found.map(({ region, share }) =>
    make(
      "span",
      {
        class: "region",
        "data-kind": region.kind,
        title: visibleSentence(`${region.kind}: ${[...region.attributes, ...region.words].join(", ")}`),
      },
      visible(nameRegion(region), "word", { spaces: false }),
      make("span", { class: "share", title: "of this patch, visible pixels only" }, ` ${share} %`),
    ),
  );
  const verdict =
    kind && kind in TRUTH_TITLES ? TRUTH_TITLES[/** @type {keyof typeof TRUTH_TITLES} */ (kind)] : null;
  if (!names.length && !verdict) return [make("span", { class: "quiet" }, whyNameless(image.regions))];
  return [...names, verdict && make("span", { class: "quiet" }, verdict)];
}

/** @param {import("#viewer/truth").Region[]} regions of the image */
const whyNameless = (regions) =>
  regions.length > 0 ? "nothing annotated covers a quarter of this patch" : "not annotated";

/**
 * Draw the patch and its surroundings, the patch framed.
 * @param {HTMLCanvasElement} target @param {HTMLImageElement} picture @param {View} view
 */
function drawCloseUp(target, picture, { image, cell }) {
  target.hidden = cell === null;
  if (cell === null || !picture.complete || picture.naturalWidth === 0) return;
  const context = /** @type {CanvasRenderingContext2D} */ (target.getContext("2d"));
  const box = cellBox(image.canvas, cell);
  const reach = 2 * AROUND + 1;
  const scale = Math.min(target.width / (box.width * reach), target.height / (box.height * reach));
  const density = picture.naturalWidth / image.canvas.width;
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.clearRect(0, 0, target.width, target.height);
  context.translate(target.width / 2, target.height / 2);
  context.scale(scale, scale);
  context.translate(-(box.x + box.width / 2), -(box.y + box.height / 2));
  context.drawImage(picture, 0, 0, picture.naturalWidth / density, picture.naturalHeight / density);
}
