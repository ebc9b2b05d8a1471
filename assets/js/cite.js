/** BibTeX of a page, with the provenance of what it shows. */

import { visibleSentence } from "#viewer/tokens";

/**
 * @typedef {object} Citation what the build knows; see `generator/citation.py`
 * @property {string} version of V-Lens; "" where unknown
 * @property {number} schema version of the results
 * @property {string} studyConfiguration hash; "" where unknown
 * @property {string} configuration hash of the model's part
 * @property {string | null} corpus of the contextual lens
 * @property {string | null} run day on which the model's results were made, YYYY-MM-DD
 *
 * @typedef {object} Cited
 * @property {{id: string, title: string}} study
 * @property {{id: string, title: string}} model
 * @property {Citation} citation
 * @property {string} address of the view, "" for a page that is on nobody's network
 * @property {string} view what is shown, as the link says it
 */

/**
 * What TeX would read as a command, and how it is written instead. Braces stay in pairs: BibTeX counts them.
 * @type {Record<string, string>}
 */
const TEX = {
  "\\": "\\textbackslash{}",
  "{": "\\textbraceleft{}",
  "}": "\\textbraceright{}",
  "~": "\\textasciitilde{}",
  "^": "\\textasciicircum{}",
  "<": "\\textless{}",
  ">": "\\textgreater{}",
  "|": "\\textbar{}",
  $: "\\$",
  "&": "\\&",
  "#": "\\#",
  _: "\\_",
  "%": "\\%",
};

/**
 * A text for a BibTeX field in braces. Characters that cannot be seen become visible, so that none can turn
 * the text around or end the line.
 * @param {string} text @returns {string}
 */
export function texText(text) {
  const line = text.replace(/[ \t\r\n]+/g, " ").replace(/^ | $/g, "");
  return visibleSentence(line).replace(/[\\{}~^<>|$&#_%]/g, (character) => TEX[character]);
}

/**
 * An address for `\url`: percent-encoded, so that no brace or backslash is left in it.
 * @param {string} address @returns {string}
 */
const texAddress = (address) =>
  address.replace(/[\\{}^|"<>`\s]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`);

/** @param {Cited} cited @returns {string} */
export function bibtex({ study, model, citation, address, view }) {
  const [year, month] = citation.run?.split("-") ?? [];
  const studyHash = citation.studyConfiguration && `, configuration ${citation.studyConfiguration}`;
  const facts = [
    `Study ${study.id}${studyHash}`,
    `model ${model.id}, configuration ${citation.configuration}`,
    citation.corpus && `corpus: ${citation.corpus}`,
    citation.run && `results of ${citation.run}`,
    `results schema ${citation.schema}`,
    `view: ${view}`,
  ];
  /** @type {[string, string | null | undefined][]} */
  const fields = [
    ["title", `{${texText(`${model.title}: what its vision tokens mean. ${study.title}`)}}`],
    ["year", year],
    ["month", month && MONTHS[Number(month) - 1]],
    ["howpublished", texText(`Page made with V-Lens ${citation.version}`.trim())],
    ["url", address && texAddress(address)],
    ["note", texText(facts.filter(Boolean).join("; "))],
  ];
  const lines = fields
    .filter(([, value]) => value)
    .map(([name, value]) => `  ${name.padEnd(12)} = ${name === "month" ? value : `{${value}}`},\n`);
  return `@misc{${keyOf(study.id, model.id)},\n${lines.join("")}}\n`;
}

const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/**
 * The same for every view and every run of a model, so that papers that are written meanwhile keep their reference.
 * @param {string} study @param {string} model
 */
const keyOf = (study, model) =>
  ["vlens", study, model].join("-").replace(/[^A-Za-z0-9._+-]/g, "_");
