/** The file that answers are saved in, and what is kept in the browser: the same form, checked when it is read. */

/**
 * @typedef {import("#viewer/ask-answers").Answer} Answer
 * @typedef {{study: string, plan: string, relations: string[], questions: import("#viewer/ask-answers").Question[]}} Asked
 * @typedef {{annotator: string, answers: Answer[]}} Said one answer for each question of the page
 */

import { blank, isAnswered } from "#viewer/ask-answers";

const FORMAT = "vlens-answers";
const VERSION = 1;
const VERDICTS = ["related", "none", "unsure"];

/**
 * The file's text; questions without an answer are left out.
 * @param {Asked} asked @param {Said} said @returns {string}
 */
export function fileOf(asked, said) {
  const answers = asked.questions.flatMap(({ id, words }, place) => {
    const { verdict, relations } = said.answers[place];
    return isAnswered(said.answers[place]) ? [{ question: id, words, verdict, relations }] : [];
  });
  const { study, plan } = asked;
  const content = { format: FORMAT, version: VERSION, study, plan, annotator: said.annotator, answers };
  return `${JSON.stringify(content, null, 1)}\n`;
}

/**
 * What a file says to the page's questions. Answers to questions that the page does not ask are passed over: a
 * page of fewer patches or lenses may go on with a file of more.
 * @param {Asked} asked @param {string} text @returns {Said & {others: number}}
 * @throws {Error} with a sentence for the person, if the file is not one of answers to this plan
 */
export function readFile(asked, text) {
  const content = parsed(text);
  if (content?.format !== FORMAT) throw new Error("This is no file of answers.");
  if (content.version !== VERSION) throw new Error("This file is of another version of V-Lens.");
  if (content.study !== asked.study || content.plan !== asked.plan) {
    throw new Error("These answers are of another study or plan.");
  }
  if (!Array.isArray(content.answers)) throw new Error("This file has no list of answers.");
  const places = new Map(asked.questions.map(({ id }, place) => [id, place]));
  const answers = asked.questions.map(({ words }) => blank(words));
  let others = 0;
  for (const entry of content.answers) {
    const place = places.get(entry?.question);
    if (place === undefined) others += 1;
    else answers[place] = answerOf(entry, asked.questions[place].words, asked.relations);
  }
  return { annotator: typeof content.annotator === "string" ? content.annotator.slice(0, 80) : "", answers, others };
}

/** @param {string} text */
function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error("This file is not JSON.");
  }
}

/** @param {any} entry @param {string[]} words @param {string[]} known @returns {Answer} */
function answerOf({ words: shown, verdict, relations }, words, known) {
  const whole =
    Array.isArray(relations) &&
    relations.length === words.length &&
    relations.every((relation) => relation === null || known.includes(relation)) &&
    VERDICTS.includes(verdict) &&
    (verdict === "related") === relations.some(Boolean) &&
    JSON.stringify(shown) === JSON.stringify(words);
  if (!whole) throw new Error("This file has an answer that this page cannot have saved.");
  return { verdict, relations: [...relations] };
}

/**
 * A name for the file, from letters and digits of the person's.
 * @param {string} annotator
 */
export function fileName(annotator) {
  const plain = annotator
    .normalize("NFKD")
    .replace(/\p{M}+/gu, "")
    .replace(/[^\p{L}\p{N}]+/gu, "-")
    .replace(/^-+|-+$/g, "")
    .toLowerCase();
  return `answers${plain && `-${plain}`}.json`;
}
