/**
 * What a word shares with its other forms, by the same light rules for English as the judge's
 * (`data_pipeline/judges/words.py`; a test holds the two against each other). Stems are only compared with stems.
 */

const IRREGULAR = new Map([
  ["children", "child"],
  ["feet", "foot"],
  ["geese", "goose"],
  ["knives", "knife"],
  ["leaves", "leaf"],
  ["men", "man"],
  ["mice", "mouse"],
  ["people", "person"],
  ["shelves", "shelf"],
  ["teeth", "tooth"],
  ["women", "woman"],
]);

/**
 * Small letters, no plural, possessive, -ing, -ed or final e.
 * @param {string} word @returns {string}
 */
export function stem(word) {
  const rest = withoutVerbEnding(singular(word));
  return rest.length > 3 && rest.endsWith("e") ? rest.slice(0, -1) : rest;
}

/** @param {string} word @returns {string} */
export function singular(word) {
  const plain = word.toLowerCase().replaceAll("’", "'").replace(/'s$/, "").replace(/'$/, "");
  return withoutPlural(IRREGULAR.get(plain) ?? plain);
}

/** @param {string} word */
function withoutPlural(word) {
  if (word.length < 4 || !word.endsWith("s") || /(?:ss|us|is)$/.test(word)) return word;
  if (word.endsWith("ies")) return word.length > 4 ? `${word.slice(0, -3)}y` : word.slice(0, -1);
  return word.slice(0, /(?:ses|xes|zes|ches|shes)$/.test(word) ? -2 : -1);
}

/** @param {string} word */
function withoutVerbEnding(word) {
  if (word.endsWith("eed")) return word;
  const rest = word.replace(/(?:ing|ed)$/, "");
  return rest !== word && rest.length > 2 && /[aeiouy]/.test(rest) ? undoubled(rest) : word;
}

/** Sitting → sitt → sit, but falling → fall. @param {string} word */
const undoubled = (word) => word.replace(/([^aeioulsz])\1$/u, "$1");
