/**
 * Whether an image shows a word: whether its caption or its annotations hold it, in any form. The model's caption
 * does not count. An image whose texts hold only something like it ("doghouse" for "dog") is neither one that
 * shows the word nor one to compare with.
 */

import { holds } from "#viewer/search-matcher";
import { compilePattern } from "#viewer/pattern";
import { singular, stem } from "#viewer/stems";
import { normalise } from "#viewer/words";

/**
 * @typedef {object} Described
 * @property {string | null} caption by the data set
 * @property {{words: string[], attributes: string[]}[]} regions
 *
 * @typedef {"shows" | "unclear" | "without" | "undescribed"} Shown
 * @typedef {{text: string, by: import("#viewer/find").By}} Wanted a search that can be read
 * @typedef {(text: string) => "shows" | "unclear" | "without"} Test of a normalised text
 */

const WORDS = /[\p{L}\p{N}\p{M}]+(?:['’][\p{L}\p{N}\p{M}]+)*/gu;

/** Scripts that set no spaces between words: a word stands anywhere. */
const UNSPACED =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;

/** Shorter beginnings say nothing: "a" begins far too many words. */
const LEAST_BEGINNING = 3;

/** Words that a match of a pattern may go over. */
const LONGEST_RUN = 4;

/**
 * What each image shows; "undescribed" where it has neither caption nor annotations.
 * @param {Described[]} images @param {Wanted} find @returns {Shown[]}
 */
export function imagesShowing(images, find) {
  const test = testOf(find);
  return images.map((image) => {
    const found = textsOf(image).map(test);
    if (found.length === 0) return "undescribed";
    return found.find((one) => one === "shows") ?? found.find((one) => one === "unclear") ?? "without";
  });
}

/** @param {Described} image */
function textsOf({ caption, regions }) {
  const named = regions.flatMap(({ words, attributes }) => [...words, ...attributes]);
  return [caption ?? "", ...named].filter((text) => text.trim() !== "").map(normalise);
}

/** @param {string} text @returns {string[]} */
const wordsOf = (text) => text.match(WORDS) ?? [];

/** @param {Wanted} find @returns {Test} */
function testOf({ text, by }) {
  if (by === "regex") return patternTest(text);
  const spaced = text.replaceAll("␣", " ");
  const wanted = normalise(spaced);
  if (wanted === "") return () => "without";
  if (by === "prefix") return prefixTest(wanted);
  // A token without a space before it may stand anywhere in a word.
  const anywhere = by === "exact" && spaced.trimStart() === spaced;
  const word = wordTest(wanted);
  return (held) => {
    const found = word(held);
    return found === "without" && anywhere && held.includes(wanted) ? "unclear" : found;
  };
}

/** @param {string} wanted normalised @returns {Test} */
function wordTest(wanted) {
  const stems = wordsOf(wanted).map(stem);
  const beginning = stems.at(-1) ?? "";
  const same = (/** @type {string} */ one, /** @type {number} */ at) => one === stems[at];
  const like = (/** @type {string} */ one, /** @type {number} */ at) =>
    at + 1 < stems.length ? one === stems[at] : one.startsWith(beginning);
  return (held) => {
    if (holds(held, wanted, true) || (UNSPACED.test(wanted) && held.includes(wanted))) return "shows";
    if (stems.length === 0) return "without";
    const here = wordsOf(held).map(stem);
    if (holdsRun(here, stems.length, same)) return "shows";
    return beginning.length >= LEAST_BEGINNING && holdsRun(here, stems.length, like) ? "unclear" : "without";
  };
}

/** @param {string} wanted normalised @returns {Test} */
function prefixTest(wanted) {
  const form = wordTest(wanted);
  return (held) => {
    if (holds(held, wanted, false)) return "shows";
    return form(held) === "without" ? "without" : "unclear";
  };
}

/**
 * Whether some run of words passes, each word by its place in the run.
 * @param {string[]} words @param {number} length @param {(word: string, at: number) => boolean} passes
 */
function holdsRun(words, length, passes) {
  return words.some(
    (_, start) => start + length <= words.length && words.slice(start, start + length).every(passes),
  );
}

/**
 * A pattern is held against each word, and each run of as many words as it has spaces, with and without the space
 * that tokens often begin with; case never counts. What only another form of a word or a whole text matches is
 * unclear: "s.*t" is found in most sentences.
 * @param {string} pattern @returns {Test}
 */
function patternTest(pattern) {
  const test = compilePattern(pattern, { ignoreCase: true });
  const found = (/** @type {string} */ text) => test(text) || test(` ${text}`);
  const longest = Math.min(LONGEST_RUN, (pattern.match(/ |\\s/g) ?? []).length + 1);
  return (held) => {
    const words = wordsOf(held);
    if (runs(words, longest).some(found)) return "shows";
    return found(held) || words.flatMap(formsOf).some(found) ? "unclear" : "without";
  };
}

/** Neighbouring words, up to so many. @param {string[]} words @param {number} longest */
function runs(words, longest) {
  return words.flatMap((_, start) =>
    Array.from({ length: Math.min(longest, words.length - start) }, (_, more) =>
      words.slice(start, start + more + 1).join(" "),
    ),
  );
}

/** Other forms of a word, of which not all need to exist. @param {string} word */
function formsOf(word) {
  const root = stem(word);
  return [singular(word), root, `${root}e`, `${root}s`, `${word}s`];
}
