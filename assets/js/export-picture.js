/** The shown picture as a file: PNG fine enough for print or twice as fine, SVG with real text. */

import { drawSheet, planSheet } from "#viewer/sheet";
import { fineness } from "#viewer/sheet-plan";
import { captionOf, sheetText } from "#viewer/sheet-text";
import { SvgContext } from "#viewer/svg-context";

/**
 * @typedef {import("#viewer/view").View} View
 * @typedef {import("#viewer/palette").DrawingPalette} Palette
 *
 * @typedef {object} Shown what a file is made from
 * @property {View} view
 * @property {Palette} palette
 * @property {HTMLImageElement} picture the canvas of the view
 * @property {string} source study and version
 */

/** @param {Shown} shown @param {number} times 2 for twice as fine @returns {Promise<Blob>} */
export async function pngOf({ view, palette, picture, source }, times) {
  await picture.decode();
  const sheet = sheetText(view, palette, { source });
  const plan = planSheet(sheet, view.image.canvas, measure, palette.mapFont);
  const fine = fineness(sheet.panels, view.image.canvas, times);
  const canvas = canvasOf(Math.round(plan.width * fine), Math.round(plan.height * fine));
  drawSheet(contextOf(canvas), plan, view, palette, picture, fine);
  return new Promise((resolve, reject) =>
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("the browser made no PNG"))), "image/png"),
  );
}

/** @param {Shown} shown @returns {Promise<Blob>} */
export async function svgOf({ view, palette, picture, source }) {
  await picture.decode();
  const sheet = sheetText(view, palette, { source });
  const plan = planSheet(sheet, view.image.canvas, measure, palette.mapFont);
  const context = new SvgContext(plan, measure);
  const embedded = /** @type {any} */ ({ src: embeddedPicture(picture) });
  drawSheet(/** @type {any} */ (context), plan, view, palette, embedded);
  const text = context.toFile(`${sheet.title} · ${captionOf(view)}`, source);
  return new Blob([text], { type: "image/svg+xml" });
}

/**
 * The picture's pixels as an address of their own. The stored bytes cannot be read back: pages make no
 * request, not even of what they hold.
 * @param {HTMLImageElement} picture @returns {string}
 */
function embeddedPicture(picture) {
  const canvas = canvasOf(picture.naturalWidth, picture.naturalHeight);
  contextOf(canvas).drawImage(picture, 0, 0);
  return canvas.toDataURL("image/png");
}

/** @param {number} width @param {number} height */
const canvasOf = (width, height) => Object.assign(document.createElement("canvas"), { width, height });

/** @param {HTMLCanvasElement} canvas */
const contextOf = (canvas) => /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));

/** @param {string} text @param {string} font */
function measure(text, font) {
  const context = contextOf(canvasOf(1, 1));
  context.font = font;
  return context.measureText(text);
}
