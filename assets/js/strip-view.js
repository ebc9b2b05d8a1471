/**
 * The image strip: one thumbnail link per image; each keeps layer, patch and map. The strip is one stop of the Tab
 * key, and arrow keys go along it: there may be hundreds of images.
 */

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
  fillWhenSeen(page, links);
  byId("image-count").textContent = page.images.length === 1 ? "1 image" : `${page.images.length} images`;
  list.addEventListener("click", (event) => {
    const link = event.target instanceof Element ? event.target.closest("a") : null;
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    reader.goToImage(Number(link.dataset.image));
  });
  list.addEventListener("keydown", (event) => walk(event, links));
  // A link says where it leads when somebody is about to use it: hundreds on each change would take too long.
  for (const about of ["pointerover", "focusin", "touchstart"]) {
    list.addEventListener(about, ({ target }) => point(target, reader), { passive: true });
  }
  let shown = -1;

  /** @param {import("#viewer/view").View} view */
  return function show({ state }) {
    if (state.image === shown) return;
    links[shown]?.removeAttribute("aria-current");
    links[state.image].setAttribute("aria-current", "true");
    for (const link of links) link.tabIndex = -1;
    links[state.image].tabIndex = 0;
    reveal(list, links[state.image]);
    shown = state.image;
  };
}

/**
 * Pictures are decoded from the page's text when they come into view, and not before there is something to read.
 * @param {Page} page @param {HTMLAnchorElement[]} links
 */
function fillWhenSeen(page, links) {
  const seen = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) {
      if (!isIntersecting) continue;
      seen.unobserve(target);
      const { canvas, thumbnail } = page.images[links.indexOf(/** @type {HTMLAnchorElement} */ (target))];
      /** @type {HTMLImageElement} */ (target.firstElementChild).src = thumbnail ?? canvas.src;
    }
  });
  for (const link of links) seen.observe(link);
}

/**
 * Let the link under an event lead to the present view of its image.
 * @param {EventTarget | null} target @param {{hash: (image: number) => string}} reader
 */
function point(target, reader) {
  const link = target instanceof Element ? target.closest("a") : null;
  if (link) link.href = `#${reader.hash(Number(link.dataset.image))}`;
}

/** Move the focus along the strip. @param {KeyboardEvent} event @param {HTMLAnchorElement[]} links */
function walk(event, links) {
  const from = links.indexOf(/** @type {any} */ (event.target));
  const last = links.length - 1;
  const to = { ArrowLeft: from - 1, ArrowRight: from + 1, Home: 0, End: last }[event.key];
  if (from < 0 || to === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  event.stopPropagation();
  const link = links[Math.min(Math.max(to, 0), last)];
  for (const other of links) other.tabIndex = other === link ? 0 : -1;
  link.focus();
}

/** @param {import("#viewer/view").PageImage} image @param {number} index */
function thumbnail(image, index) {
  const { canvas, caption, id } = image;
  const { width, height } = canvas;
  // Until it is seen, nothing of the same shape.
  const src = `data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' width='${width}' height='${height}'/%3E`;
  const picture = make("img", { src, alt: "", width, height, draggable: "false" });
  const title = visibleSentence(caption ?? id);
  const label = `image ${index + 1}: ${title}`;
  return make("a", { href: `#image=${encodeURIComponent(id)}`, "data-image": index, title, "aria-label": label }, picture);
}

/** Scroll the strip, and nothing but the strip. @param {HTMLElement} list @param {HTMLElement} link */
function reveal(list, link) {
  const outside = link.offsetLeft - list.offsetLeft;
  list.scrollTo({ left: outside - (list.clientWidth - link.offsetWidth) / 2 });
}
