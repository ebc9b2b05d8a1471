/**
 * What follows a view while nobody waits: the chance level of its agreement, and the pictures of the stops
 * beside it. Work goes in pieces, each when the browser is idle, and ends as soon as another view is shown.
 */

import { sum } from "#viewer/compare-agreement";
import { chanceImages, chanceOf } from "#viewer/compare-chance";
import { nearest } from "#viewer/compare-depth";
import { idle } from "#viewer/idle";
import { Recent } from "#viewer/recent";

/**
 * @typedef {import("#viewer/compare-view").CompareView} CompareView
 * @typedef {import("#viewer/compare-agreement").Count} Count
 * @typedef {ReturnType<typeof import("#viewer/compare-view").compareViews>} Views
 * @typedef {{loaded: import("#viewer/compare-files").Loaded | null, problem: string}} Found
 * @typedef {(view: CompareView) => boolean} IsShown
 */

/** Chance levels that are kept: the slider comes back to stops. */
const KEPT = 64;

/** Milliseconds after which chance is worked out even if the browser is never idle: it is read. */
const LATEST = 500;

/**
 * A function that says how often the words of a view agree by chance: null while it is being worked out.
 * @param {Views} views @param {(model: number, image: number) => Promise<Found>} find
 * @param {IsShown} isShown @param {(chance: Count | null) => void} say
 */
export function chanceTeller(views, find, isShown, say) {
  /** @type {Recent<string, Count>} */
  const known = new Recent(KEPT);

  /** @param {CompareView} view */
  async function count(view) {
    const { models, image } = view.state;
    const trials = chanceImages(view.page, models, image).map((other) => ({
      image: other,
      found: Promise.all(models.map((model) => find(model, other))),
    }));
    const counts = [];
    for (const { image: other, found } of trials) {
      const loaded = (await found).map((one) => one.loaded);
      await idle(LATEST);
      if (!isShown(view)) return null;
      counts.push(chanceOf(view, views.agreementOf, { image: other, loaded }));
    }
    return sum(counts);
  }

  /** @param {CompareView} view */
  return async function tell(view) {
    const { models, image, depth, lens, first } = view.state;
    const key = [image, depth, lens, first, ...models].join(" ");
    const before = known.peek(key) ?? null;
    say(before);
    const found = before ?? (await count(view));
    if (!found) return;
    known.get(key, () => found);
    if (!before) say(found);
  };
}

/**
 * Paint the stops beside a view's, the deeper first.
 * @param {Views} views @param {CompareView} view @param {Found[]} found what it was made of
 * @param {number[]} stops @param {(next: CompareView) => (() => void)[]} pieces how a view is painted
 * @param {IsShown} isShown
 */
export async function paintAhead(views, view, found, stops, pieces, isShown) {
  const here = nearest(stops, view.state.depth);
  for (const at of [here + 1, here - 1]) {
    if (at < 0 || at >= stops.length) continue;
    await idle();
    if (!isShown(view)) return;
    for (const paint of pieces(views.view({ ...view.state, depth: stops[at] }, found))) {
      await idle();
      if (!isShown(view)) return;
      paint();
    }
  }
}
