/** What a reader searches for, and how a link says it. Searching itself is `search.js`'s. */

import { nearestIndex } from "#viewer/layers";

/**
 * @typedef {"word" | "exact" | "prefix" | "regex"} By how a text is compared with tokens and sentences
 *
 * @typedef {object} Find
 * @property {string} text as typed
 * @property {By} by
 * @property {"tokens" | "sentences"} where tokens only, or the sentences of LN-Lens too
 * @property {number} rank the lowest place in a list that counts, 1 for first tokens only
 * @property {number} from index of the first vision layer that counts
 * @property {number} to index of the last
 * @property {string | null} lens the one lens that counts, or null for all
 */

/** Ways to compare, in the order of the control. */
export const WAYS = /** @type {const} */ (["word", "exact", "prefix", "regex"]);

/** @typedef {{visionLayers: number[], topK?: number, lenses: {id: string}[]}} Searched parts of the page object */

/** @param {Searched} page @returns {Find} a search for nothing yet */
export function blankFind({ visionLayers, topK = 5 }) {
  const to = visionLayers.length - 1;
  return { text: "", by: "word", where: "tokens", rank: topK, from: 0, to, lens: null };
}

/**
 * @param {Find | null} find @param {number[]} visionLayers @returns {[string, string | false][]}
 */
export function formatFind(find, visionLayers) {
  if (!find) return [];
  const [from, to] = [visionLayers[find.from], visionLayers[find.to]];
  const all = find.from === 0 && find.to === visionLayers.length - 1;
  return [
    ["find", find.text],
    ["by", find.by !== "word" && find.by],
    ["where", find.where !== "tokens" && find.where],
    ["rank", String(find.rank)],
    ["layers", !all && `${from},${to}`],
    ["find-lens", find.lens ?? false],
  ];
}

/**
 * @param {URLSearchParams} asked @param {Searched} page @returns {Find | null}
 */
export function parseFind(asked, page) {
  const text = asked.get("find");
  if (text === null) return null;
  const blank = blankFind(page);
  const rank = Number(asked.get("rank"));
  const depths = asked.get("layers")?.match(/^(\d+),(\d+)$/);
  const [from, to] = depths
    ? [depths[1], depths[2]].map((depth) => nearestIndex(page.visionLayers, Number(depth)))
    : [blank.from, blank.to];
  return {
    text,
    by: WAYS.find((way) => way === asked.get("by")) ?? blank.by,
    where: asked.get("where") === "sentences" ? "sentences" : "tokens",
    rank: Number.isInteger(rank) && rank >= 1 && rank <= blank.rank ? rank : blank.rank,
    from: Math.min(from, to),
    to: Math.max(from, to),
    lens: page.lenses.find(({ id }) => id === asked.get("find-lens"))?.id ?? null,
  };
}
