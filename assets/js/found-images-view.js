/** The images with hits as small pictures, their hit patches marked. A click leads to the image and its first hit. */

import { amount } from "#viewer/amounts";
import { byId, fill, make, property } from "#viewer/dom";
import { gridBox } from "#viewer/grid";
import { maskPainter } from "#viewer/hit-drawing";

/**
 * Sets up the list; the returned function shows findings in it.
 * @param {import("#viewer/view").Page} page @param {import("#viewer/palette").DrawingPalette} palette
 * @param {(place: import("#viewer/hits").Place | null) => void} goTo
 */
export function createFoundImages(page, palette, goTo) {
  const list = byId("search-images");
  const paint = maskPainter(palette);
  /** @type {Map<number, ReturnType<typeof smallPicture>>} */
  const pictures = new Map();
  /** @type {import("#viewer/view").View | null} */
  let shown = null;
  /** @type {import("#viewer/findings").Findings | null} */
  let last = null;

  list.addEventListener("click", (event) => {
    const button = event.target instanceof Element ? event.target.closest("button") : null;
    if (!button || !shown?.findings) return;
    goTo(shown.findings.walk.firstOf(Number(button.dataset.image), shown.state.layer));
  });

  /** @param {number} image */
  function pictureOf(image) {
    const known = pictures.get(image) ?? smallPicture(page.images[image], image);
    pictures.set(image, known);
    return known;
  }

  /** @param {import("#viewer/view").View} view @param {import("#viewer/findings").Findings} findings */
  return function show(view, findings) {
    shown = view;
    if (findings !== last) {
      const { images } = findings.counted;
      const most = images.reduce((so, { cells }) => cells.reduce((a, b) => Math.max(a, b), so), 1);
      for (const { image, total, cells } of images) pictureOf(image).mark(total, cells, most, paint);
      const wanted = images.map(({ image }) => pictureOf(image).item);
      if (wanted.some((item, at) => item !== list.children[at]) || wanted.length !== list.children.length) {
        fill(list, ...wanted);
      }
      last = findings;
    }
    for (const [image, { button }] of pictures) {
      if (image === view.state.image) button.setAttribute("aria-current", "true");
      else button.removeAttribute("aria-current");
    }
  };
}

/** @param {import("#viewer/view").PageImage} image @param {number} index */
function smallPicture({ canvas, thumbnail, caption, id }, index) {
  const picture = make("img", {
    src: thumbnail ?? canvas.src,
    alt: "",
    width: canvas.width,
    height: canvas.height,
    loading: "lazy",
    draggable: "false",
  });
  const mask = make("canvas", { class: "hit-mask", "aria-hidden": "true" });
  const count = make("span", { class: "count" });
  const frame = make("span", { class: "found-picture" }, picture, mask);
  const box = gridBox(canvas);
  property(frame, "--grid-left", box.x / canvas.width);
  property(frame, "--grid-top", box.y / canvas.height);
  property(frame, "--grid-width", box.width / canvas.width);
  property(frame, "--grid-height", box.height / canvas.height);
  const button = make("button", { type: "button", "data-image": index, title: caption ?? id }, frame, count);
  const item = make("li", {}, button);

  /**
   * @param {number} total @param {ArrayLike<number>} cells @param {number} most hits of a patch in any image
   * @param {import("#viewer/hit-drawing").PaintMask} paint
   */
  function mark(total, cells, most, paint) {
    count.textContent = total.toLocaleString("en");
    button.setAttribute("aria-label", `image ${index + 1}, ${amount(total, "hit")}: ${caption ?? id}`);
    paint(mask, canvas, cells, most);
  }

  return { item, button, mark };
}
