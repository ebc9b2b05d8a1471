/** Under each picture: where the place is in it, and what the model's lenses read there. */

import { absenceNode } from "#viewer/absence-view";
import { PADDING } from "#viewer/compare-place";
import { fill, make, tokenNode } from "#viewer/dom";
import { colOf, rowOf } from "#viewer/grid";
import { formatScore } from "#viewer/scores";
import { isWord, normalise } from "#viewer/words";

/**
 * @typedef {import("#viewer/compare-view").CompareView} CompareView
 * @typedef {import("#viewer/compare-link").Spot} Spot
 * @typedef {import("#viewer/readings").Neighbour} Neighbour
 */

/** So many decimals do slim data files keep. */
const DECIMALS = 2;
const HINT = "Point at a patch in any picture; a click keeps it.";

/**
 * Fill in what each column reads at a place.
 * @param {HTMLElement[]} elements one per column @param {CompareView} view @param {Spot | null} spot
 */
export function showReadings(elements, view, spot) {
  const cells = view.columns.map((_, at) => (spot ? view.counterpart(spot, at) : null));
  const lists = view.page.lenses.map(({ id }) =>
    view.columns.map((column, at) => listOf(column, id, cells[at])),
  );
  const shared = lists.map(sharedWords);
  elements.forEach((element, at) => {
    const column = view.columns[at];
    const cell = cells[at];
    fill(
      element,
      make("p", { class: "place" }, column.problem === "" && placeText(column, cell)),
      cell !== null &&
        cell >= 0 &&
        column.loaded &&
        make(
          "div",
          { class: "lens-lists" },
          ...view.page.lenses.map((one, lens) => lensList(view, at, one, lists[lens][at], shared[lens])),
        ),
    );
  });
}

/** @param {CompareView["columns"][number]} column @param {string} lens @param {number | null} cell */
function listOf({ loaded, layer }, lens, cell) {
  return loaded && cell !== null && cell >= 0 ? loaded.data.neighbors(lens, layer, cell) : [];
}

/** Words that more than one model names at the place. @param {Neighbour[][]} lists @returns {Set<string>} */
function sharedWords(lists) {
  const named = lists.map((list) => new Set(list.map(({ token }) => token).filter(isWord).map(normalise)));
  const all = named.flatMap((words) => [...words]);
  return new Set(all.filter((word) => named.filter((words) => words.has(word)).length > 1));
}

/** @param {CompareView["columns"][number]} column @param {number | null} cell */
function placeText({ canvas }, cell) {
  if (cell === null || !canvas) return HINT;
  if (cell === PADDING) return "Padding: not a part of the image.";
  return cell < 0 ? "Not seen by this model." : `Row ${rowOf(canvas, cell)}, column ${colOf(canvas, cell)}`;
}

/**
 * @param {CompareView} view @param {number} at column @param {{id: string, title: string, short: string}} lens
 * @param {Neighbour[]} list @param {Set<string>} shared
 */
function lensList(view, at, { id, title, short }, list, shared) {
  return make(
    "section",
    { "data-lens": id, "data-chosen": id === view.state.lens },
    make("h3", { title }, short),
    list.length === 0
      ? make("p", { class: "absent" }, whyEmpty(view, at, id))
      : make("ol", {}, ...list.map((neighbour) => item(neighbour, shared))),
  );
}

/** @param {CompareView} view @param {number} at column @param {string} lens */
function whyEmpty({ page, state, columns }, at, lens) {
  const { index, layer, model } = columns[at];
  const reason = page.absence(index, lens, layer, state.image);
  if (reason) return absenceNode(reason);
  return model.lenses.includes(lens) ? "Nothing is stored here." : "Not a lens of this model.";
}

/** @param {Neighbour} neighbour @param {Set<string>} shared */
function item({ token, score }, shared) {
  const agrees = isWord(token) && shared.has(normalise(token));
  return make(
    "li",
    { "data-agrees": agrees, title: agrees ? "named by more than one model" : null },
    tokenNode(token),
    make("span", { class: "score" }, formatScore(score, DECIMALS)),
  );
}
