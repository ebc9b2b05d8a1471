/** What is absent and why: images that the page cannot show, and lenses of the image that it does show. */

import { absenceText } from "#viewer/absence-view";
import { byId, fill, make, visible } from "#viewer/dom";

/**
 * @typedef {import("#viewer/view").View} View
 * @typedef {import("#viewer/view").Page} Page
 * @typedef {{lens: string, layers: number[], reason: string}} Gap `layers` are depths
 */

/**
 * Sets up both; the returned function shows a view in them.
 * @param {Page} page
 */
export function createAbsences(page) {
  listImages(page.absentImages ?? []);
  const notes = byId("absences");
  let key = "";

  /** @param {View} view */
  return function show({ state: { image, cell } }) {
    const wanted = cell === null ? "" : String(image);
    if (wanted === key) return;
    key = wanted;
    fill(notes, ...(wanted === "" ? [] : gapsOf(page, image).map((gap) => note(gap, page))));
  };
}

/** @param {{reason: string, images: string[]}[]} absent */
function listImages(absent) {
  const box = byId("absent-images");
  const count = absent.reduce((sum, { images }) => sum + images.length, 0);
  box.hidden = count === 0;
  const lines = absent.map(({ reason, images }) =>
    make(
      "p",
      {},
      ...images.flatMap((id, index) => [index > 0 && ", ", visible(id, "", { spaces: false })]),
      " because ",
      visible(reason, "", { spaces: false }),
    ),
  );
  fill(box, make("summary", {}, `${count} absent`), make("div", {}, ...lines));
}

/**
 * The gaps of an image: a lens's layers that are absent for one reason are one.
 * @param {Page} page @param {number} image @returns {Gap[]}
 */
export function gapsOf({ lenses, visionLayers, absence }, image) {
  /** @type {Gap[]} */
  const gaps = [];
  for (const { id } of lenses) {
    visionLayers.forEach((depth, layer) => {
      const reason = absence(id, layer, image);
      if (reason === null) return;
      const known = gaps.find((gap) => gap.lens === id && gap.reason === reason);
      if (known) known.layers.push(depth);
      else gaps.push({ lens: id, layers: [depth], reason });
    });
  }
  return gaps;
}

/** @param {Gap} gap @param {Page} page */
function note({ lens, layers, reason }, { lenses, visionLayers }) {
  const title = lenses.find(({ id }) => id === lens)?.title ?? lens;
  const all = layers.length === visionLayers.length;
  const where = all ? "" : ` at vision layer${layers.length > 1 ? "s" : ""} ${layers.join(", ")}`;
  return make("p", { class: "absent" }, `${title}${where}: ${absenceText(reason)}`);
}
