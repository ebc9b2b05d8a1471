/** The switch of LN-Lens's ranking, in the head of its column. */

import { make } from "#viewer/dom";
import { RANKINGS } from "#viewer/ranking";

/** What the choices mean, where there is room for it. */
const MEANINGS = {
  cosine: "the contexts with the highest cosine over all text layers",
  percentile: "the contexts whose cosine is highest among those of its text layer’s own contexts to each other",
};

/**
 * @param {import("#viewer/hash").State} state
 */
export function rankingSwitch({ ranking }) {
  const button = (/** @type {import("#viewer/ranking").Ranking} */ choice) =>
    make(
      "button",
      {
        type: "button",
        "data-control": `ranking-${choice}`,
        "data-ranking": choice,
        "aria-pressed": String(choice === (ranking ?? "cosine")),
        title: MEANINGS[choice],
      },
      `by ${choice}`,
    );
  return make("span", { class: "ranking", role: "group", "aria-label": "Rank LN-Lens" }, ...RANKINGS.map(button));
}

/**
 * Let clicks in a panel choose.
 * @param {HTMLElement} panel
 * @param {{update: (changes: Partial<import("#viewer/hash").State>) => unknown}} reader
 */
export function listenToRanking(panel, reader) {
  panel.addEventListener("click", ({ target }) => {
    const asked = target instanceof Element ? target.closest("[data-ranking]") : null;
    const ranking = RANKINGS.find((choice) => choice === asked?.getAttribute("data-ranking"));
    if (ranking) reader.update({ ranking, only: null });
  });
}
