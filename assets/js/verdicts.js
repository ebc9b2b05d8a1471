/** What the judge said of a patch, and which rows of a lens's list it speaks of. */

import { wholeWord } from "#viewer/sentences";
import { normalise } from "#viewer/words";

/**
 * @typedef {object} Judgment
 * @property {string} status "ok", "failed" or "skipped"
 * @property {boolean | null} interpretable
 * @property {string[]} concrete
 * @property {string[]} abstract
 * @property {string[]} global
 * @property {string[]} candidates
 * @property {string | null} [truthKind]
 * @property {boolean | null} [namesTruth]
 * @property {string | null} [reasoning]
 * @property {string | null} [failure] why there is no verdict
 *
 * @typedef {"concrete" | "abstract" | "global"} Relation how a word relates to the image
 * @typedef {"yes" | "no" | "failed" | "unjudged"} Verdict
 */

/** How each relation is called on the page. */
export const RELATION_TITLES = {
  concrete: "in this patch",
  abstract: "an idea of it",
  global: "elsewhere in the image",
};

/** What a judge is shown where a token is a piece of a word: "autom…", "…ation". */
const PIECE_MARKS = /^…|…$/g;

/** @type {Relation[]} */
export const RELATIONS = ["concrete", "abstract", "global"];

/**
 * The verdict in one word. A failed call is its own answer, never "no".
 * @param {Judgment | null} judgment @returns {Verdict}
 */
export function verdictOf(judgment) {
  if (!judgment || judgment.status === "skipped") return "unjudged";
  if (judgment.status !== "ok" || judgment.interpretable === null) return "failed";
  return judgment.interpretable ? "yes" : "no";
}

/** How each outcome is called in the legend of the verdict map. */
export const OUTCOME_TITLES = {
  concrete: "interpretable: names what is here",
  abstract: "interpretable: an idea of it",
  global: "interpretable: only what is elsewhere",
  unnamed: "interpretable: no word named",
  no: "not interpretable",
  failed: "judge failed",
  unjudged: "not judged",
};

/**
 * The judge whose verdicts are shown: the one chosen, else the page's first; undefined where nobody judged.
 * @param {{judge?: string | null}} state @param {{judge?: string | null, judges?: string[]}} page
 * @returns {string | undefined}
 */
export const judgeOf = (state, page) => state.judge ?? page.judge ?? page.judges?.[0];

/**
 * The verdict with the closest relation that it rests on.
 * @param {Judgment | null} judgment @returns {keyof typeof OUTCOME_TITLES}
 */
export function outcomeOf(judgment) {
  const verdict = verdictOf(judgment);
  if (!judgment || verdict === "unjudged") return "unjudged";
  if (verdict !== "yes") return verdict;
  return RELATIONS.find((relation) => judgment[relation].length > 0) ?? "unnamed";
}

/**
 * How a neighbour relates to the image according to the judge; null if it was not singled out.
 * @param {Judgment | null} judgment
 * @param {{token: string, context: import("#viewer/sentences").Context | null}} neighbour
 * @returns {Relation | null}
 */
export function relationOf(judgment, neighbour) {
  if (!judgment) return null;
  const forms = new Set([normalise(neighbour.token)]);
  const word = neighbour.context && wholeWord(neighbour.context);
  if (word) forms.add(normalise(word));
  const named = (/** @type {Relation} */ relation) =>
    judgment[relation].some((candidate) => forms.has(normalise(candidate.replace(PIECE_MARKS, ""))));
  return RELATIONS.find(named) ?? null;
}
