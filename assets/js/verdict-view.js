/** What the judges said of a patch, over a lens's list: the verdict, the words that relate, the reasons. */

import { make, visible } from "#viewer/dom";
import { visibleSentence } from "#viewer/tokens";
import { judgeOf, RELATIONS, RELATION_TITLES, verdictOf } from "#viewer/verdicts";

/** @typedef {import("#viewer/verdicts").Judgment} Judgment */

const VERDICT_TITLES = {
  yes: "interpretable",
  no: "not interpretable",
  failed: "the judge failed here",
  unjudged: "not judged",
};

/**
 * The chosen judge's verdict with its reasons, and the others' in short.
 * @param {import("#viewer/view").View} view @param {string} lens @param {Judgment | null} judgment of the chosen
 */
export function verdicts(view, lens, judgment) {
  const { page } = view;
  const several = (page.judges?.length ?? 0) > 1;
  const chosen = judgeOf(view.state, page);
  return make(
    "div",
    { class: "verdicts" },
    verdict(judgment, several && chosen !== undefined ? titleOf(page, chosen) : ""),
    judgment?.failure && why("failure", judgment.failure),
    judgment?.reasoning && why("reasoning", judgment.reasoning),
    several && others(view, lens, chosen),
  );
}

/** @param {import("#viewer/view").Page} page @param {string} judge */
const titleOf = (page, judge) => page.judgeTitles?.[judge] ?? judge;

/** @param {Judgment | null} judgment @param {string} judge its name, where there are several */
function verdict(judgment, judge) {
  const answer = verdictOf(judgment);
  const words = RELATIONS.flatMap((relation) => (judgment?.[relation] ?? []).map((word) => ({ relation, word })));
  return make(
    "div",
    { class: "verdict", "data-verdict": answer },
    make("span", { class: "verdict-badge" }, VERDICT_TITLES[answer]),
    judge !== "" && make("span", { class: "verdict-judge" }, visible(judge, "", { spaces: false })),
    ...words.map(({ relation, word }) =>
      make(
        "span",
        { class: "verdict-word", "data-relation": relation, title: RELATION_TITLES[relation] },
        visible(word, "word", { spaces: false }),
      ),
    ),
  );
}

/** What a judge wrote: two lines of it, all of it when opened. @param {string} kind @param {string} text */
const why = (kind, text) =>
  make("details", { class: "verdict-why", "data-kind": kind }, make("summary", {}, visible(text, "", { spaces: false })));

/** The other judges that judged the same list, in a line. @param {import("#viewer/view").View} view @param {string} lens @param {string | undefined} chosen */
function others({ page, data, state, cell }, lens, chosen) {
  const found = (page.judges ?? [])
    .filter((judge) => judge !== chosen)
    .map((judge) => ({ judge, judgment: data.judgment(lens, state.layer, /** @type {number} */ (cell), judge) }))
    .filter(({ judgment }) => judgment !== null);
  if (found.length === 0) return null;
  return make(
    "ul",
    { class: "verdict-others" },
    ...found.map(({ judge, judgment }) => {
      const answer = verdictOf(judgment);
      const said = judgment?.reasoning ?? judgment?.failure;
      return make(
        "li",
        { "data-verdict": answer, title: said ? visibleSentence(said) : null },
        visible(titleOf(page, judge), "", { spaces: false }),
        `: ${VERDICT_TITLES[answer]}`,
      );
    }),
  );
}
