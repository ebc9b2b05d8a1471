/** Judged items of the judge page: reading them from their data file, and choosing which to show. */

import { unpacked } from "#viewer/bzip2";
import { bytesOf } from "#viewer/printable";
import { normalise } from "#viewer/words";

/**
 * @typedef {"concrete" | "abstract" | "global"} Relation
 *
 * @typedef {object} Said what one judge said of an item, as `generator/judge_gallery.py` writes it
 * @property {number} judge place in the page's judges
 * @property {string} status "ok", "failed" or "skipped"
 * @property {boolean | null} yes
 * @property {string[]} [concrete]
 * @property {string[]} [abstract]
 * @property {string[]} [global]
 * @property {string} [reasoning]
 * @property {string} [failure]
 *
 * @typedef {object} Item one lens's words for one patch at one layer
 * @property {number} model place in the page's models
 * @property {string} image
 * @property {string} lens
 * @property {number} layer depth of the vision layer
 * @property {number} cell
 * @property {number} [row]
 * @property {number} [col]
 * @property {number} [crop] number of its picture
 * @property {[number, number, number, number]} [place] of the patch in the picture, in shares
 * @property {string | null} [caption]
 * @property {string[]} words
 * @property {Said[]} verdicts
 *
 * @typedef {object} Filters "" where everything is wanted
 * @property {string} model id
 * @property {string} lens
 * @property {string} layer
 * @property {string} verdict
 * @property {string} relation
 * @property {string} text
 * @property {string} disagree "1" for items that judges disagree about
 */

/** LN-Lens in its other ranking, which the viewer shows in LN-Lens's place. */
const PERCENTILE = "contextual_percentile";

/** @type {Relation[]} */
export const RELATIONS = ["concrete", "abstract", "global"];

/** @type {(keyof Filters)[]} */
export const FILTERS = ["model", "lens", "layer", "verdict", "relation", "text", "disagree"];

/**
 * @param {string} packed `LENGTH:` and the compressed text, printable @returns {Item[]}
 */
export function readItems(packed) {
  const bytes = bytesOf(packed.slice(packed.indexOf(":") + 1));
  return JSON.parse(new TextDecoder().decode(unpacked(bytes, Number.parseInt(packed, 10))));
}

/** The verdict in a word; a failed call is never "no". @param {Said | undefined} said */
export function verdictOf(said) {
  if (!said) return "unjudged";
  if (said.status === "skipped") return "skipped";
  if (said.status !== "ok" || said.yes === null) return "failed";
  return said.yes ? "yes" : "no";
}

/** @param {Item} item @param {number} judge */
export const saidBy = (item, judge) => item.verdicts.find((said) => said.judge === judge);

/** Whether two judges gave opposite verdicts. @param {Item} item */
export function isDisputed(item) {
  const found = new Set(item.verdicts.map(verdictOf));
  return found.has("yes") && found.has("no");
}

/**
 * How a word relates by what a judge said: the closest relation; null if it was not named.
 * @param {Said | undefined} said @param {string} word @returns {Relation | null}
 */
export function relationOfWord(said, word) {
  const plain = normalise(word);
  return RELATIONS.find((relation) => said?.[relation]?.some((named) => normalise(named) === plain)) ?? null;
}

/** Words that a judge named and that are not among the candidates. @param {Said | undefined} said @param {string[]} words */
export function otherWords(said, words) {
  const known = new Set(words.map(normalise));
  const named = RELATIONS.flatMap((relation) => said?.[relation] ?? []);
  return [...new Set(named)].filter((word) => !known.has(normalise(word)));
}

/**
 * A function that gives the items that one judge judged and that pass the filters. What is searched is put
 * together once: filtering hundreds must not be felt.
 * @param {Item[]} items @param {{id: string, title: string}[]} models
 */
export function itemFilter(items, models) {
  const texts = items.map((item) => searched(item, models[item.model].title));
  const disputed = items.map(isDisputed);
  return (/** @type {number} */ judge, /** @type {Filters} */ filters) => {
    const wanted = filters.text.trim().toLowerCase();
    const model = models.findIndex(({ id }) => id === filters.model);
    return items.filter((item, index) => {
      const said = saidBy(item, judge);
      return (
        said !== undefined &&
        (filters.model === "" || item.model === model) &&
        (filters.lens === "" || item.lens === filters.lens) &&
        (filters.layer === "" || String(item.layer) === filters.layer) &&
        (filters.verdict === "" || verdictOf(said) === filters.verdict) &&
        (filters.relation === "" || (said[/** @type {Relation} */ (filters.relation)]?.length ?? 0) > 0) &&
        (filters.disagree === "" || disputed[index]) &&
        (wanted === "" || texts[index].includes(wanted))
      );
    });
  };
}

/** @param {Item} item @param {string} title of its model */
function searched(item, title) {
  const said = item.verdicts.flatMap(({ reasoning, failure }) => [reasoning ?? "", failure ?? ""]);
  return [title, item.image, item.caption ?? "", ...item.words, ...said].join("\n").toLowerCase();
}

/**
 * The patch in the viewer, with its verdicts as the map; null where the model has no page or did not see it.
 * @param {Item} item @param {{href: string | null}} model @param {string} judge id
 */
export function itemHref(item, { href }, judge) {
  if (href === null || item.row === undefined) return null;
  const byPercentile = item.lens === PERCENTILE;
  const pairs = [
    ["image", item.image],
    ["layer", item.layer],
    ["patch", `${item.row},${item.col}`],
    ["map", "verdict"],
    ["lens", byPercentile ? "contextual" : item.lens],
    ["judge", judge],
    ...(byPercentile ? [["ranking", "percentile"]] : []),
  ];
  return `${href}#${pairs.map(([key, value]) => `${key}=${encodeURIComponent(value)}`).join("&")}`;
}
