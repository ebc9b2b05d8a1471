/**
 * The chance level of agreement: the same words, looked for where the other models read another image of the
 * study at the same place. Padding of either image is left out.
 */

import { sum } from "#viewer/compare-agreement";
import { layerAt } from "#viewer/compare-depth";

/** So many other images are asked; more would only be slower. */
const TRIALS = 3;

/**
 * The images that chance is told by: those that follow in the study and that all the models saw.
 * @param {{images: unknown[], canvasOf: (model: number, image: number) => object | null}} page
 * @param {number[]} models @param {number} image @returns {number[]}
 */
export function chanceImages(page, models, image) {
  const count = page.images.length;
  const others = Array.from({ length: Math.max(count - 1, 0) }, (_, step) => (image + 1 + step) % count);
  return others.filter((other) => models.every((model) => page.canvasOf(model, other))).slice(0, TRIALS);
}

/**
 * How often the others' words on another image agree.
 * @param {import("#viewer/compare-view").CompareView} view
 * @param {ReturnType<typeof import("#viewer/compare-view").compareViews>["agreementOf"]} agreementOf
 * @param {{image: number, loaded: (import("#viewer/compare-files").Loaded | null)[]}} trial
 */
export function chanceOf({ page, state, columns }, agreementOf, { image, loaded }) {
  const mine = columns.map((column) => ({ ...column, image: state.image }));
  const theirs = state.models.map((index, at) => ({
    index,
    image,
    layer: layerAt(page.models[index], state.depth),
    loaded: loaded[at],
  }));
  return sum(mine.flatMap((_, at) => agreementOf(state, mine, theirs, at)?.total ?? []));
}
