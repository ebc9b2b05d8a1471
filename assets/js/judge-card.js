/** One judged item as a card: the patch, the words with their relations, the verdict and its reasons. */

import { make, property, visible } from "#viewer/dom";
import { RELATION_TITLES } from "#viewer/verdicts";
import { itemHref, otherWords, relationOfWord, saidBy, verdictOf } from "#viewer/judge-items";
import { visibleSentence } from "#viewer/tokens";

/**
 * @typedef {import("#viewer/judge-items").Item} Item
 * @typedef {import("#viewer/judge-items").Said} Said
 *
 * @typedef {object} Facts of the page
 * @property {{id: string, title: string}[]} judges
 * @property {{id: string, title: string, href: string | null}[]} models
 * @property {{id: string, title: string}[]} lenses
 */

const VERDICTS = {
  yes: "interpretable",
  no: "not interpretable",
  failed: "failed",
  skipped: "skipped",
  unjudged: "not judged",
};

/**
 * @param {Item} item @param {Facts} page @param {number} judge whose verdict comes first
 * @param {(crop: number) => Promise<string>} pictureOf URL of a picture
 */
export function itemCard(item, page, judge, pictureOf) {
  const said = saidBy(item, judge);
  const others = item.verdicts.filter((one) => one.judge !== judge);
  return make(
    "li",
    { class: "item" },
    crop(item, pictureOf),
    make(
      "div",
      { class: "item-text" },
      heading(item, page, judge),
      make("ol", { class: "item-words", "aria-label": "words" }, ...words(item, said)),
      verdictLine(said),
      said?.reasoning ? reasons(said.reasoning, "quote") : null,
      said?.failure ? reasons(said.failure, "failure") : null,
      others.length > 0 && make("ul", { class: "item-others" }, ...others.map((one) => otherLine(one, page))),
    ),
  );
}

/** @param {Item} item @param {(crop: number) => Promise<string>} pictureOf */
function crop(item, pictureOf) {
  if (item.crop === undefined || !item.place) return make("div", { class: "crop", "data-empty": true }, "no picture");
  const picture = make("img", { alt: `patch at row ${item.row}, column ${item.col} with its neighbourhood` });
  const frame = make("span", { class: "crop-frame", "aria-hidden": "true" });
  item.place.forEach((share, index) => property(frame, ["--x", "--y", "--w", "--h"][index], share));
  pictureOf(item.crop).then(
    (src) => {
      picture.src = src;
    },
    () => picture.replaceWith("The picture cannot be read."),
  );
  return make("div", { class: "crop" }, make("div", { class: "crop-box" }, picture, frame));
}

/** @param {Item} item @param {Facts} page @param {number} judge */
function heading(item, page, judge) {
  const model = page.models[item.model];
  const href = itemHref(item, model, page.judges[judge].id);
  const place = item.row === undefined ? `cell ${item.cell}` : `row ${item.row}, column ${item.col}`;
  const title = visible(item.caption || item.image, "", { spaces: false });
  return make(
    "header",
    {},
    make("h3", {}, href === null ? title : make("a", { href, title: "open this patch in the viewer" }, title)),
    make(
      "p",
      { class: "item-place" },
      visible(model.title, "", { spaces: false }),
      " · ",
      make("span", { "data-lens": item.lens }, page.lenses.find(({ id }) => id === item.lens)?.title ?? item.lens),
      ` · layer ${item.layer} · ${place}`,
    ),
  );
}

/** @param {Item} item @param {Said | undefined} said */
function words(item, said) {
  const named = (/** @type {string} */ word, /** @type {boolean} */ added) => {
    const relation = relationOfWord(said, word);
    const title = [relation && RELATION_TITLES[relation], added && "named by the judge, not among the candidates"];
    return make(
      "li",
      { "data-relation": relation, "data-added": added, title: title.filter(Boolean).join("; ") || null },
      visible(word, "", { spaces: false }),
      relation && make("span", { class: "visually-hidden" }, ` (${RELATION_TITLES[relation]})`),
    );
  };
  return [...item.words.map((word) => named(word, false)), ...otherWords(said, item.words).map((word) => named(word, true))];
}

/** @param {Said | undefined} said */
function verdictLine(said) {
  const verdict = verdictOf(said);
  return make("p", { class: "item-verdict", "data-verdict": verdict }, VERDICTS[verdict]);
}

/** @param {string} text @param {string} kind */
const reasons = (text, kind) =>
  make("p", { class: "item-reason", "data-kind": kind, title: visibleSentence(text) }, visible(text, "", { spaces: false }));

/** @param {Said} said @param {Facts} page */
function otherLine(said, page) {
  const verdict = verdictOf(said);
  const details = [said.reasoning, said.failure].filter(Boolean).join(" ");
  return make(
    "li",
    { "data-verdict": verdict, title: details ? visibleSentence(details) : null },
    visible(page.judges[said.judge].title, "", { spaces: false }),
    `: ${VERDICTS[verdict]}`,
  );
}
