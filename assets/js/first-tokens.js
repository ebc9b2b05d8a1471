/** A lens's first tokens for a patch in one line, as tables show them: the first one bold, the judge's dots. */

import { make, tokenNode } from "#viewer/dom";
import { shortText } from "#viewer/tokens";
import { judgeOf, relationOf } from "#viewer/verdicts";
import { normalise } from "#viewer/words";

/** Tokens of a list that a line has room for. */
const TOKENS = 3;

/**
 * @param {import("#viewer/view").View} view @param {string} lens @param {number} cell
 * @param {Set<string>} agreeing words that more than one lens names, normalised
 */
export function firstTokens({ page, data, state, shown }, lens, cell, agreeing) {
  const judgment = data.judgment(lens, state.layer, cell, judgeOf(state, page));
  const list = shown.list(lens, state.layer, cell).slice(0, TOKENS);
  const tokens = list.map((neighbour) =>
    make(
      "span",
      {
        class: "top",
        "data-relation": relationOf(judgment, neighbour),
        "data-agrees": agreeing.has(normalise(neighbour.token)),
        "data-dim": shown.dims(lens, state.layer, neighbour.token, neighbour.rank),
      },
      tokenNode(neighbour.token),
    ),
  );
  return make(
    "span",
    { class: "tops", title: list.map(({ token }) => shortText(token)).join(" · ") || null },
    ...(tokens.length ? tokens : [make("span", { class: "quiet" }, "–")]),
  );
}
