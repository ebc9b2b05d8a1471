/** The lenses side by side: for the chosen patch, each lens's list with scores, sentences and the verdict. */

import { absenceNode } from "#viewer/absence-view";
import { byId, fill, make, property, tokenNode, visible } from "#viewer/dom";
import { keepFocus } from "#viewer/keep-focus";
import { listenToRanking, rankingSwitch } from "#viewer/ranking-view";
import { strength, topStrengths } from "#viewer/readings";
import { domainOf, formatFigure, formatScore, fraction } from "#viewer/scores";
import { markToken } from "#viewer/sentences";
import { judgeOf, relationOf, RELATION_TITLES } from "#viewer/verdicts";
import { verdicts } from "#viewer/verdict-view";
import { visibleSentence } from "#viewer/tokens";
import { agreeingWords, normalise } from "#viewer/words";
import { cellCount } from "#viewer/grid";

/**
 * @typedef {import("#viewer/view").View} View
 * @typedef {import("#viewer/readings").Neighbour} Neighbour
 * @typedef {import("#viewer/readings").Lens} Lens
 * @typedef {import("#viewer/verdicts").Judgment} Judgment
 * @typedef {[number, number]} Domain
 */

const NOTHING = "No token to show here.";

/**
 * Sets up one column per lens; the returned function shows a view in them.
 * @param {{update: (changes: Partial<import("#viewer/hash").State>) => unknown}} reader
 */
export function createLenses(reader) {
  const columns = byId("lenses");
  listenToRanking(columns, reader);
  /** @type {WeakMap<object, Record<string, Domain>>} */
  const domains = new WeakMap();

  /** @param {View} view */
  function domainsOf(view) {
    const { page, image, data } = view;
    const known = domains.get(data);
    if (known) return known;
    const count = cellCount(image.canvas);
    const read = (/** @type {Lens} */ { id, scoreName }) => [
      id,
      barDomain(topStrengths(data, id, page.visionLayers.length, count), scoreName),
    ];
    const made = Object.fromEntries(page.lenses.map(read));
    domains.set(data, made);
    return made;
  }

  /** @param {View} view */
  return function show(view) {
    const lists = view.page.lenses.map(({ id }) => neighboursOf(view, id));
    const agreeing = agreeingWords(lists.map((list) => list.map(({ token }) => token)));
    const scale = domainsOf(view);
    const made = view.page.lenses.map((lens, index) => column(view, lens, lists[index], scale[lens.id], agreeing));
    keepFocus(columns, () => fill(columns, ...made));
  };
}

/**
 * Bars start at zero unless all figures are below it, or percentiles, which are high nearly everywhere.
 * @param {number[]} strengths @param {string} name of the score @returns {Domain}
 */
function barDomain(strengths, name) {
  const [low, high] = domainOf(strengths);
  return high > 0 && name !== "percentile" ? [0, high] : [low, high];
}

/** @param {View} view @param {string} lens */
function neighboursOf({ page, state, shown, cell }, lens) {
  if (cell === null || page.absence(lens, state.layer, state.image)) return [];
  return shown.list(lens, state.layer, cell);
}

/**
 * @param {View} view @param {Lens} lens @param {Neighbour[]} list @param {Domain} domain
 * @param {Set<string>} agreeing
 */
function column(view, lens, list, domain, agreeing) {
  const { page, state, data, cell } = view;
  const absent = page.absence(lens.id, state.layer, state.image);
  const judgment = cell === null || absent ? null : data.judgment(lens.id, state.layer, cell, judgeOf(state, page));
  const dims = (/** @type {Neighbour} */ { token, rank }) =>
    view.shown.dims(lens.id, state.layer, token, rank);
  const hit = (/** @type {Neighbour} */ neighbour) =>
    view.findings?.names(lens.id, state.layer, neighbour) ?? false;
  const rows = list.map((neighbour) =>
    row(neighbour, lens.scoreName, judgment, domain, agreeing, dims(neighbour), hit(neighbour)),
  );
  return make(
    "section",
    { class: "lens", "data-lens": lens.id, "aria-labelledby": `lens-${lens.id}` },
    heading(view, lens, list),
    absent ? make("p", {}, absenceNode(absent)) : cell !== null && verdicts(view, lens.id, judgment),
    rows.length > 0 && make("ol", { class: "neighbours" }, ...rows),
    !absent && cell !== null && rows.length === 0 && make("p", { class: "quiet" }, NOTHING),
  );
}

/** @param {View} view @param {Lens} lens @param {Neighbour[]} list */
function heading({ page, state }, lens, list) {
  const probability = list.some((neighbour) => neighbour.probability != null);
  const lacks = lens.id === "logit" && list.length > 0;
  return make(
    "header",
    { class: "lens-head" },
    make("h3", { id: `lens-${lens.id}`, title: lens.note && visibleSentence(lens.note) }, lens.title),
    lens.id === "contextual" && page.rankedTwice ? rankingSwitch(state) : make("span", { class: "unit" }, [lens.scoreName, probability ? "probability" : lacks && "no probabilities stored"].filter(Boolean).join(", ")),
  );
}

/**
 * @param {Neighbour} neighbour @param {string} scoreName @param {Judgment | null} judgment @param {Domain} domain
 * @param {Set<string>} agreeing @param {boolean} dims whether the token recedes
 * @param {boolean} hit whether a search finds it
 */
function row(neighbour, scoreName, judgment, domain, agreeing, dims, hit) {
  const relation = relationOf(judgment, neighbour);
  const { rank, token, tokenId, score, probability, textLayer, context } = neighbour;
  return make(
    "li",
    {
      class: "neighbour",
      "data-relation": relation,
      "data-agrees": agreeing.has(normalise(token)),
      "data-short": !context,
      "data-dim": dims,
      "data-hit": hit,
    },
    make("span", { class: "rank" }, String(rank)),
    make("span", { class: "named", title: factsOf(tokenId, relation) }, tokenNode(token)),
    textLayer != null && make("span", { class: "text-layer" }, `text layer ${textLayer}`),
    make("span", { class: "score" }, formatFigure(score, scoreName)),
    probability != null && make("span", { class: "probability" }, formatScore(probability)),
    property(make("span", { class: "bar" }), "--bar", fraction(strength(neighbour), domain)),
    context && sentence(context),
  );
}

/**
 * What else is known of a row: pieces of a character look alike and are told apart by their numbers.
 * @param {number | null} tokenId @param {import("#viewer/verdicts").Relation | null} relation
 */
function factsOf(tokenId, relation) {
  const facts = [
    tokenId != null && `token ${tokenId}`,
    relation && `the judge: ${RELATION_TITLES[relation]}`,
  ].filter(Boolean);
  return facts.join("; ") || null;
}

/** @param {import("#viewer/sentences").Context} context */
function sentence(context) {
  const { before, token, after } = markToken(context);
  const text = (/** @type {string} */ part) => visiblePart(part);
  return make(
    "bdi",
    { class: "sentence", dir: "auto" },
    ...text(before),
    token !== "" && make("mark", {}, ...text(token)),
    ...text(after),
  );
}

/** A part of a sentence without an isolation of its own, so that the sentence keeps one direction.
 * @param {string} part */
function visiblePart(part) {
  return part === "" ? [] : [...visible(part, "", { spaces: false }).childNodes];
}
