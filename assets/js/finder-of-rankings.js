/** Searches of a page in either ranking of LN-Lens: each has an index of its own, made when it is first asked for. */

import { Finder } from "#viewer/finder";
import { findingsMaker } from "#viewer/findings";

/**
 * @param {import("#viewer/view").Page} page @param {() => unknown} grown called when there is more to show
 * @returns {import("#viewer/view").FindingsOf}
 */
export function rankedFindings(page, grown) {
  const findingsIn = (/** @type {import("#viewer/view").Page} */ one) => {
    const finder = new Finder(one);
    finder.grown = grown;
    return findingsMaker(one, finder);
  };
  const plain = findingsIn(page);
  /** @type {ReturnType<typeof findingsIn> | null} */
  let other = null;
  return (find, image, ranking) => {
    if (!page.byPercentile || ranking !== "percentile") return plain(find, image);
    other ??= findingsIn(page.byPercentile);
    return other(find, image);
  };
}
