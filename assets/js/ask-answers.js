/**
 * What a person has said so far: pure, one immutable answer for each question.
 *
 * @typedef {"related" | "none" | "unsure"} Verdict some word has a relation, none has, or the person cannot say
 * @typedef {object} Answer
 * @property {Verdict | null} verdict null: not answered yet
 * @property {(string | null)[]} relations one for each word
 *
 * @typedef {object} Question
 * @property {string} id
 * @property {number} canvas its place in the page's canvases
 * @property {number} cell
 * @property {string[]} words
 */

/** An answer that says nothing yet. @param {string[]} words @returns {Answer} */
export const blank = (words) => ({ verdict: null, relations: words.map(() => null) });

/** @param {Answer} answer */
export const isAnswered = (answer) => answer.verdict !== null;

/**
 * The answer with a relation given to one word, or taken from it if it has just this one.
 * @param {Answer} answer @param {number} place of the word @param {string} relation @returns {Answer}
 */
export function withRelation(answer, place, relation) {
  if (place < 0 || place >= answer.relations.length) return answer;
  const relations = answer.relations.map((own, at) => (at !== place ? own : own === relation ? null : relation));
  return { verdict: relations.some(Boolean) ? "related" : null, relations };
}

/**
 * The answer that is about all words together, or none at all if it was this one.
 * @param {Answer} answer @param {"none" | "unsure"} verdict @returns {Answer}
 */
export function withVerdict(answer, verdict) {
  return {
    verdict: answer.verdict === verdict ? null : verdict,
    relations: answer.relations.map(() => null),
  };
}

/** @param {Answer[]} answers */
export const answeredCount = (answers) => answers.filter(isAnswered).length;

/**
 * The first question without an answer from `start` on, going round; -1 if all have one.
 * @param {Answer[]} answers @param {number} [start]
 */
export function nextOpen(answers, start = 0) {
  const order = answers.map((_, step) => (start + step) % answers.length);
  return order.find((place) => !isAnswered(answers[place])) ?? -1;
}
