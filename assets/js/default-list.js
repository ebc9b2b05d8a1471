/** The list of default tokens by layer and lens, opened from the control of tokens. */

import { byId, fill, make, tokenNode } from "#viewer/dom";

/**
 * @typedef {import("#viewer/view").Page} Page
 * @typedef {import("#viewer/shown-tokens").DefaultToken} DefaultToken
 */

/** Fill the list; it never changes. @param {Page} page */
export function listDefaults(page) {
  const tokens = page.defaultTokens ?? [];
  fill(
    byId("default-table-head"),
    make(
      "tr",
      {},
      make("th", { scope: "col" }, "vision layer"),
      ...page.lenses.map(({ id, title }) => make("th", { scope: "col", "data-lens": id }, title)),
    ),
  );
  fill(
    byId("default-table-body"),
    ...page.visionLayers.map((layer, index) =>
      make(
        "tr",
        {},
        make("th", { scope: "row" }, String(layer)),
        ...page.lenses.map(({ id }) =>
          make(
            "td",
            {},
            ...tokens.filter((token) => token.lens === id && token.layer === index).map(defaultNode),
          ),
        ),
      ),
    ),
  );
}

/** @param {DefaultToken} found */
function defaultNode({ token, images, of, share, kind }) {
  const title = `first on a tenth of the patches in ${images} of ${of} images; on ${percent(share)} of all patches`;
  return make(
    "span",
    { class: "default-token", "data-kind": kind, title },
    tokenNode(token),
    make("span", { class: "share" }, ` ${images}/${of}`),
  );
}

/** @param {number} share */
const percent = (share) => `${(100 * share).toFixed(share < 0.1 ? 1 : 0)}\u202f%`;
