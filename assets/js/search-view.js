/** The search panel: what is asked for, what was found in a line, and the way from hit to hit. */

import { amount } from "#viewer/amounts";
import { byId, fill, make, visible } from "#viewer/dom";
import { WAYS, blankFind } from "#viewer/find";
import { createFoundImages } from "#viewer/found-images-view";
import { createFoundLenses } from "#viewer/found-lenses-view";
import { createOnset } from "#viewer/onset-view";

/**
 * @typedef {import("#viewer/view").View} View
 * @typedef {import("#viewer/find").Find} Find
 * @typedef {import("#viewer/findings").Findings} Findings
 */

const WAY_TITLES = { word: "Word", exact: "Exact", prefix: "Prefix", regex: "Pattern" };

const MEANINGS = {
  word: "Whole words, in any case; in LN-Lens the word around the token.",
  exact: "Tokens exactly as they are stored, with their spaces.",
  prefix: "Words that begin like this, in any case; in LN-Lens the word around the token.",
  regex: "Regular expression, found anywhere in a token, in any case unless it holds \\p{Lu} or \\p{Ll}.",
};

/** Ideas for a search: as many frequent words. */
const IDEAS = 12;

/**
 * Sets up the panel; `show` shows a view in it, `open` opens it, `step` goes to the next hit.
 * @param {import("#viewer/view").Page} page @param {import("#viewer/palette").DrawingPalette} palette
 * @param {import("#viewer/reader").Reader} reader
 */
export function createSearch(page, palette, reader) {
  const panel = byId("search");
  const text = /** @type {HTMLInputElement} */ (byId("search-text"));
  /** @type {View | null} */
  let shown = null;
  /** @type {Element | null} */
  let cameFrom = null;

  /** @param {Partial<Find>} changes */
  const update = (changes) => reader.update({ find: { ...(shown?.state.find ?? blankFind(page)), ...changes } });
  const controls = createFindControls(page, update);
  const showIdeas = createIdeas(page, (word) => {
    text.focus();
    update({ text: word });
  });
  const results = [createFoundLenses(page, reader, update), createFoundImages(page, palette, goTo), createOnset(page, reader)];

  text.addEventListener("input", () => update({ text: text.value }));
  panel.addEventListener("keydown", (event) => {
    if (event.key === "Escape") close();
    else if (event.key === "Enter" && event.target === text) step(event.shiftKey ? -1 : 1);
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  byId("search-close").addEventListener("click", close);
  byId("search-previous").addEventListener("click", () => step(-1));
  byId("search-next").addEventListener("click", () => step(1));

  function open() {
    if (!panel.contains(document.activeElement)) cameFrom = document.activeElement;
    if (!shown?.state.find) reader.update({ find: blankFind(page) });
    panel.hidden = false;
    text.focus();
    text.select();
  }

  function close() {
    reader.update({ find: null });
    // Hits may have led elsewhere; the cell that is read is the one that Tab leads to.
    const back = cameFrom?.closest("#grid")?.querySelector("[data-cell][tabindex='0']") ?? cameFrom;
    if (back instanceof HTMLElement && back !== document.body) back.focus();
    else byId("search-button").focus();
  }

  /** @param {1 | -1} by */
  function step(by) {
    const walk = shown?.findings?.walk;
    if (!shown || !walk) return;
    const { image, layer, cursor, cell } = shown.state;
    goTo(walk.next({ image, layer, cell: cursor ?? cell ?? (by === 1 ? -1 : Infinity) }, by));
  }

  /** @param {import("#viewer/hits").Place | null | undefined} place */
  function goTo(place) {
    if (!place) return;
    reader.goTo(place);
    byId("frame").scrollIntoView({ block: "nearest" });
  }

  /** @param {View} view */
  function show(view) {
    shown = view;
    const { findings } = view;
    panel.hidden = findings === null;
    byId("search-button").setAttribute("aria-expanded", String(findings !== null));
    if (!findings) return;
    if (text.value !== findings.find.text) text.value = findings.find.text;
    controls(findings.find);
    showIdeas(findings.find.text === "");
    fill(byId("search-summary"), ...summary(view, findings), ...patternHint(findings, () => update({ by: "regex" })));
    byId("search-progress").textContent = progress(view, findings);
    showWalk(view, findings);
    byId("search-results").hidden = !findings.found.asked || isEmpty(findings);
    for (const result of results) result(view, findings);
  }

  return { show, open, step };
}

/**
 * The controls beside the text; the returned function shows a search in them.
 * @param {import("#viewer/view").Page} page @param {(changes: Partial<Find>) => void} update
 */
function createFindControls(page, update) {
  const ways = WAYS.map((way) => make("input", { type: "radio", name: "search-way", value: way }));
  fill(byId("search-ways"), ...ways.map((input, at) => make("label", {}, input, make("span", {}, WAY_TITLES[WAYS[at]]))));
  byId("search-ways").addEventListener("change", () =>
    update({ by: WAYS[ways.findIndex((input) => input.checked)] }),
  );
  const sentences = /** @type {HTMLInputElement} */ (byId("search-sentences"));
  sentences.addEventListener("change", () => update({ where: sentences.checked ? "sentences" : "tokens" }));
  byId("search-sentences-label").hidden = page.lenses.every(({ id }) => id !== "contextual");
  const ranks = Array.from({ length: blankFind(page).rank }, (_, rank) => [rank + 1, rank + 1]);
  const layers = page.visionLayers.map((layer, index) => [index, layer]);
  const rank = select("search-rank", ranks, (value) => update({ rank: value }));
  const from = select("search-from", layers, (value) => update({ from: value, to: Math.max(value, Number(to.value)) }));
  const to = select("search-to", layers, (value) => update({ to: value, from: Math.min(value, Number(from.value)) }));

  /** @param {Find} find */
  return function show(find) {
    for (const input of ways) input.checked = input.value === find.by;
    sentences.checked = find.where === "sentences";
    [rank.value, from.value, to.value] = [find.rank, find.from, find.to].map(String);
    const more = find.where === "sentences" ? " Sentences count when they hold it." : "";
    byId("search-meaning").textContent = MEANINGS[find.by] + more;
  };
}

/** @param {string} id @param {(string | number)[][]} options @param {(value: number) => void} choose */
function select(id, options, choose) {
  const element = /** @type {HTMLSelectElement} */ (byId(id));
  fill(element, ...options.map(([value, title]) => make("option", { value }, String(title))));
  element.addEventListener("change", () => choose(Number(element.value)));
  return element;
}

/**
 * Words that this model often says, for a reader who has none in mind.
 * @param {import("#viewer/view").Page} page @param {(word: string) => void} choose
 */
function createIdeas(page, choose) {
  const words = (page.frequentWords ?? []).filter((word) => word.length > 2).slice(0, IDEAS);
  const buttons = words.map((word) => make("button", { type: "button" }, visible(word, "word", { spaces: false })));
  buttons.forEach((button, at) => button.addEventListener("click", () => choose(words[at])));
  const ideas = fill(byId("search-ideas"), make("span", { class: "quiet" }, "Often said"), ...buttons);
  return (/** @type {boolean} */ wanted) => {
    ideas.hidden = !wanted || words.length === 0;
  };
}

/** @param {View} view @param {Findings} findings */
function summary({ page, state }, { found, counted: { total, images } }) {
  if (found.problem) return [make("strong", { class: "problem" }, `This pattern cannot be searched: ${found.problem}.`)];
  if (!found.asked) return [];
  const hidden = state.defaults === "hide" || state.wordsOnly ? ", hidden tokens included" : "";
  if (total === 0) return [make("strong", {}, found.settled ? "Nothing found" : "Nothing found yet"), hidden];
  const where = `in ${images.length} of ${amount(page.images.length, "image")}`;
  return [make("strong", {}, amount(total, "hit")), ` ${where}${hidden}`];
}

/** What a reader types who means a pattern. */
const PATTERN_SIGN = /[\\^$*+?|[\](){}]|\.[*+?]/;

/** @param {Findings} findings @param {() => void} choose @returns {(Node | string)[]} */
function patternHint({ find, found, counted: { total } }, choose) {
  const wanted = find.by !== "regex" && found.asked && found.settled && total === 0 && PATTERN_SIGN.test(find.text);
  if (!wanted) return [];
  const button = make("button", { type: "button", class: "search-hint" }, "search it as a pattern");
  button.addEventListener("click", choose);
  return [" · ", button];
}

/** Whether no chart has anything to show, not even what a filter leaves out. @param {Findings} findings */
const isEmpty = ({ find, counted: { byLayer } }) => find.lens === null && byLayer.flat().every((count) => count === 0);

/** @param {View} view @param {Findings} findings */
function progress({ page }, { found: { hits, asked, read, failed, settled } }) {
  const lost = failed > 0 ? `${amount(failed, "image")} cannot be read` : "";
  if (settled) return lost;
  const images = amount(page.images.length, "image");
  const done = asked ? `${hits.filter(Boolean).length} of ${images} searched` : `${read} of ${images} read`;
  return [done, lost].filter(Boolean).join(", ");
}

/** @param {View} view @param {Findings} findings */
function showWalk({ state }, { walk, counted: { images, places } }) {
  byId("search-walk").hidden = places === 0;
  const { image, layer } = state;
  const cell = state.cursor ?? state.cell;
  const before = cell === null ? null : walk.before({ image, layer, cell });
  const earlier = images.filter((one) => one.image < image).reduce((sum, one) => sum + one.places, 0);
  const all = places.toLocaleString("en");
  byId("search-place").textContent =
    before === null ? amount(places, "place") : `place ${(earlier + before + 1).toLocaleString("en")} of ${all}`;
}
