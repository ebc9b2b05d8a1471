/** Whether an image shows a word: whether its caption or its annotations hold it. The model's caption does not count. */

import { holds } from "#viewer/search-matcher";
import { compilePattern } from "#viewer/pattern";
import { normalise } from "#viewer/words";

/**
 * @typedef {object} Described
 * @property {string | null} caption by the data set
 * @property {{words: string[], attributes: string[]}[]} regions
 */

const WORDS = /[\p{L}\p{N}\p{M}'’-]+/gu;

/**
 * For each image: true, false, or null where it has neither caption nor annotations.
 * @param {Described[]} images @param {{text: string, by: import("#viewer/find").By}} find a search that can be read
 * @returns {(boolean | null)[]}
 */
export function imagesShowing(images, find) {
  const test = testOf(find);
  return images.map((image) => {
    const texts = textsOf(image);
    return texts.length === 0 ? null : texts.some(test);
  });
}

/** @param {Described} image */
function textsOf({ caption, regions }) {
  const named = regions.flatMap(({ words, attributes }) => [...words, ...attributes]);
  return [caption ?? "", ...named].filter((text) => text.trim() !== "").map(normalise);
}

/**
 * A pattern is held against each word, with and without the space that tokens often begin with; case never counts.
 * @param {{text: string, by: import("#viewer/find").By}} find @returns {(text: string) => boolean}
 */
function testOf({ text, by }) {
  if (by !== "regex") {
    const wanted = normalise(text.replaceAll("␣", " "));
    return (held) => wanted !== "" && holds(held, wanted, by !== "prefix");
  }
  const test = compilePattern(text, { ignoreCase: true });
  return (held) => (held.match(WORDS) ?? []).some((word) => test(word) || test(` ${word}`));
}
