/** The list of default tokens by layer and lens, opened from the control of tokens. */

import { byId, fill, make, tokenNode } from "#viewer/dom";

/**
 * @typedef {import("#viewer/view").Page} Page
 * @typedef {import("#viewer/shown-tokens").DefaultToken} DefaultToken
 */

/** Fill the list; it never changes. @param {Page} page */
export function listDefaults(page) {
  byId("default-few").hidden = page.images.length >= ENOUGH;
  byId("default-few").textContent = tooFew(page.images.length);
  fill(
    byId("default-table-head"),
    make(
      "tr",
      {},
      make("th", { scope: "col" }, "vision layer"),
      ...page.lenses.map(({ id, title }) => make("th", { scope: "col", "data-lens": id }, title)),
    ),
  );
  byId("default-table").append(...GROUPS.map((group) => groupNode(page, group)));
  const dialog = /** @type {HTMLDialogElement} */ (byId("default-list"));
  byId("default-list-button").addEventListener("click", () => dialog.showModal());
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
}

/** @typedef {{kind: DefaultToken["kind"], title: string, meaning: string}} Group @type {Group[]} */
const GROUPS = [
  { kind: "default", title: "Default", meaning: "in at least 90\u202f% of the images; Dim and Hide act on these" },
  { kind: "common", title: "Common", meaning: "in 50 to 90\u202f%; listed only" },
];

/** The layers at which a kind was found. @param {Page} page @param {Group} group */
function groupNode({ defaultTokens = [], visionLayers, lenses }, { kind, title, meaning }) {
  const tokens = defaultTokens.filter((token) => token.kind === kind);
  const layers = visionLayers.map((_, index) => index).filter((index) => tokens.some(({ layer }) => layer === index));
  const heading = make("th", { scope: "rowgroup", colspan: lenses.length + 1 }, make("strong", {}, title), ` ${meaning}`);
  const cells = (/** @type {number} */ index) =>
    lenses.map(({ id }) =>
      make("td", {}, ...tokens.filter(({ lens, layer }) => lens === id && layer === index).map(defaultNode)),
    );
  const none = make("tr", {}, make("td", { class: "quiet", colspan: lenses.length + 1 }, "none found"));
  return make(
    "tbody",
    { "data-kind": kind },
    make("tr", { class: "group" }, heading),
    ...layers.map((index) => make("tr", {}, make("th", { scope: "row" }, String(visionLayers[index])), ...cells(index))),
    layers.length === 0 && none,
  );
}

/** Images below which what they all happen to show is likely to be among the tokens. */
const ENOUGH = 30;

/** @param {number} images */
const tooFew = (images) =>
  `These results have ${images} images, too few to tell a default token from what the images share.`;

/** @param {DefaultToken} found */
function defaultNode({ token, images, of, share }) {
  const title = `first on a tenth of the patches in ${images} of ${of} images; on ${percent(share)} of all patches`;
  return make(
    "span",
    { class: "default-token", title },
    tokenNode(token),
    make("span", { class: "share" }, ` ${images}/${of}`),
  );
}

/** @param {number} share */
const percent = (share) => `${(100 * share).toFixed(share < 0.1 ? 1 : 0)}\u202f%`;
