/** One line under the picture: the patch and each lens's first token. Narrow screens have the panel out of sight. */

import { byId, fill, make, tokenNode } from "#viewer/dom";
import { colOf, rowOf } from "#viewer/grid";

/** @typedef {import("#viewer/view").View} View */

const HINT = "Tap the picture to read a patch.";

/** Sets up the line; the returned function shows a view in it. */
export function createFirstWords() {
  const line = byId("first-words");
  /** @param {View} view */
  return (view) => fill(line, ...(view.cell === null ? [HINT] : contents(view, view.cell)));
}

/** @param {View} view @param {number} cell */
function contents({ page, state, image, shown }, cell) {
  const place = `row ${rowOf(image.canvas, cell)}, column ${colOf(image.canvas, cell)}`;
  return [
    make("span", { class: "place" }, place),
    ...page.lenses.map(({ id, title }) => {
      const absent = page.absence(id, state.layer, state.image) !== null;
      const top = absent ? null : shown.first(id, state.layer, cell);
      return make("span", { "data-lens": id, title }, top ? tokenNode(top.token) : absent ? "absent" : "–");
    }),
  ];
}
