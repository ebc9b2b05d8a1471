/** The image strip: one thumbnail link per image; each keeps layer, patch and map. */

import { byId, make } from "#viewer/dom";
import { visibleSentence } from "#viewer/tokens";

/** @typedef {import("#viewer/view").Page} Page */

/**
 * Sets up the strip; the returned function shows a view in it.
 * @param {Page} page
 * @param {{goToImage: (image: number) => void, hash: (image: number) => string}} reader
 */
export function createStrip(page, reader) {
  const list = byId("strip");
  const links = page.images.map((image, index) => thumbnail(image, index));
  list.replaceChildren(...links.map((link) => make("li", {}, link)));
  byId("image-count").textContent = page.images.length === 1 ? "1 image" : `${page.images.length} images`;
  list.addEventListener("click", (event) => {
    const link = event.target instanceof Element ? event.target.closest("a") : null;
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    reader.goToImage(Number(link.dataset.image));
  });

  /** @param {import("#viewer/view").View} view */
  return function show({ state }) {
    links.forEach((link, image) => {
      link.href = `#${reader.hash(image)}`;
      const chosen = image === state.image;
      if (chosen && link.getAttribute("aria-current") !== "true") reveal(list, link);
      if (chosen) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    });
  };
}

/** @param {import("#viewer/view").PageImage} image @param {number} index */
function thumbnail(image, index) {
  const { canvas, thumbnail: small, caption, id } = image;
  const picture = make("img", {
    src: small ?? canvas.src,
    alt: "",
    width: canvas.width,
    height: canvas.height,
    loading: "lazy",
    draggable: "false",
  });
  const title = visibleSentence(caption ?? id);
  const label = `image ${index + 1}: ${title}`;
  return make("a", { href: "#", "data-image": index, title, "aria-label": label }, picture);
}

/** Scroll the strip, and nothing but the strip. @param {HTMLElement} list @param {HTMLElement} link */
function reveal(list, link) {
  const outside = link.offsetLeft - list.offsetLeft;
  list.scrollTo({ left: outside - (list.clientWidth - link.offsetWidth) / 2 });
}
