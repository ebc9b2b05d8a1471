/**
 * Links to the previous and next model, and to the comparison: they keep image, layer, patch and map, so that
 * models can be compared.
 */

/**
 * Sets up the links; the returned function shows a view in them.
 * @param {Document} document @param {{hash: () => string}} reader
 */
export function createSiblings(document, reader) {
  const links = /** @type {HTMLAnchorElement[]} */ ([
    ...document.querySelectorAll("a[rel=prev], a[rel=next]"),
  ]);
  const compare = /** @type {HTMLAnchorElement | null} */ (document.querySelector("a[data-compare]"));
  const models = compare?.hash;
  return function show() {
    for (const link of links) link.hash = reader.hash();
    if (compare) compare.hash = `${models}&${reader.hash()}`;
  };
}
