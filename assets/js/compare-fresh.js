/** What a page shows that nobody has asked anything of yet. */

import { depthStops } from "#viewer/compare-depth";
import { centreCell, colOf, rowOf } from "#viewer/grid";
import { middleIndex } from "#viewer/layers";

/**
 * The page's first models in the middle of their depth, by the last lens that all of them have.
 * @param {import("#viewer/compare-files").ComparePage} page
 * @returns {import("#viewer/compare-link").CompareState}
 */
export function freshState(page) {
  const models = page.first.map((id) => page.models.findIndex((model) => model.id === id));
  const stops = depthStops(models.map((model) => page.models[model]));
  const shared = page.lenses.filter(({ id }) => models.every((model) => page.models[model].lenses.includes(id)));
  const lens = (shared.length > 0 ? shared : page.lenses).at(-1)?.id ?? "";
  const first = page.models[models[0]].files[0].image;
  const depth = stops[middleIndex(stops)];
  return { models, image: first, depth, lens, map: "words", first: 1, pin: null, only: null };
}

/**
 * A place on which most models agree, the nearest to the middle: a fresh page explains itself there.
 * @param {import("#viewer/compare-view").CompareView | null} view
 * @returns {import("#viewer/compare-link").Spot | null}
 */
export function agreedSpot(view) {
  const first = view?.columns.find(({ agreement }) => agreement);
  const shares = first?.agreement?.cells.map((count) => (count ? count.agreeing / count.compared : -1));
  if (!first?.canvas || !shares) return null;
  const { canvas, index } = first;
  const away = (/** @type {number} */ cell) => distance(canvas, cell, centreCell(canvas));
  const best = Math.max(...shares);
  const cells = [...shares.keys()].filter((cell) => shares[cell] === best);
  return { model: index, cell: cells.reduce((a, b) => (away(b) < away(a) ? b : a)) };
}

/**
 * How far two cells are apart, in cells.
 * @param {import("#viewer/grid").Canvas} canvas @param {number} a @param {number} b
 */
function distance(canvas, a, b) {
  return Math.hypot(rowOf(canvas, a) - rowOf(canvas, b), colOf(canvas, a) - colOf(canvas, b));
}
