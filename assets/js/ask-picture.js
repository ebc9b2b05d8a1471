/** The two pictures of a question: the canvas with both frames, and the surroundings enlarged. */

import { ownBox, shareOf, surroundings } from "#viewer/ask-frames";
import { byId, fill, make, property } from "#viewer/dom";
import { colOf, rowOf } from "#viewer/grid";

/**
 * @typedef {import("#viewer/grid").Canvas & {src: string}} Canvas
 * @typedef {import("#viewer/grid").Box} Box
 */

/** @param {Canvas} canvas @param {number} cell */
export function showPictures(canvas, cell) {
  const whole = { x: 0, y: 0, width: canvas.width, height: canvas.height };
  const around = surroundings(canvas, cell);
  const own = ownBox(canvas, cell);
  const place = `row ${rowOf(canvas, cell)}, column ${colOf(canvas, cell)} of ${canvas.rows} × ${canvas.cols}`;
  draw("whole", canvas, whole, [
    ["around", around],
    ["own", own],
  ]);
  byId("whole").ariaLabel = `The image; the red frame marks the patch in ${place}, counted from 0`;
  draw("crop", canvas, around, [["own", own]]);
  byId("crop").ariaLabel = "The patch in its red frame and its surroundings, enlarged";
}

/** @param {string} id @param {Canvas} canvas @param {Box} shown @param {[string, Box][]} frames */
function draw(id, canvas, shown, frames) {
  const picture = property(byId(id), "--aspect", shown.width / shown.height);
  const image = make("img", { src: canvas.src, alt: "", draggable: "false" });
  const whole = { x: 0, y: 0, width: canvas.width, height: canvas.height };
  fill(
    picture,
    make("div", { class: "clip" }, placed(image, shareOf(whole, shown))),
    ...frames.map(([name, box]) => placed(make("div", { class: "mark", "data-mark": name }), shareOf(box, shown))),
  );
}

/** @template {HTMLElement} E @param {E} element @param {Box} share @returns {E} */
function placed(element, { x, y, width, height }) {
  for (const [name, value] of Object.entries({ x, y, width, height })) property(element, `--${name}`, value);
  return element;
}
