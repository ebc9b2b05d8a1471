/**
 * A saved picture: the canvas with everything that lies over it, and its words below. Drawn on any context:
 * a canvas's for PNG, `svg-context.js`'s for SVG.
 */

import { drawMapAndGrid, drawMarks } from "#viewer/picture-drawing";
import { MARGIN, fontOf, planPanels, planWords } from "#viewer/sheet-plan";

/**
 * @typedef {import("#viewer/view").View} View
 * @typedef {import("#viewer/palette").DrawingPalette} Palette
 * @typedef {import("#viewer/sheet-plan").Item} Item
 *
 * @typedef {import("#viewer/sheet-plan").Panel} Panel
 *
 * @typedef {{width: number, height: number, scale: number, panels: Panel[], items: Item[]}} Plan sizes in
 *   pixels of the sheet; `scale`: pixels of the sheet per canvas pixel
 */

/**
 * Where everything goes.
 * @param {import("#viewer/sheet-text").Sheet} sheet @param {import("#viewer/grid").Canvas} canvas
 * @param {import("#viewer/sheet-plan").Measure} measure @param {string} family of fonts @returns {Plan}
 */
export function planSheet(sheet, canvas, measure, family) {
  const widthOf = (/** @type {string} */ text, /** @type {import("#viewer/sheet-plan").Tone} */ tone) =>
    measure(text, fontOf(tone, family)).width;
  const pictures = planPanels(sheet.panels, canvas, widthOf);
  const room = pictures.width;
  const { items, bottom } = planWords(sheet, { room, top: MARGIN + pictures.height }, widthOf);
  return {
    width: room + 2 * MARGIN,
    height: Math.ceil(bottom + MARGIN),
    scale: pictures.scale,
    panels: pictures.panels,
    items: [...pictures.items, ...items],
  };
}

/**
 * @param {CanvasRenderingContext2D} context @param {Plan} plan @param {View} view @param {Palette} palette
 * @param {CanvasImageSource} picture the canvas of the view @param {number} [fine] pixels of the file for one of the sheet
 */
export function drawSheet(context, plan, view, palette, picture, fine = 1) {
  const { width, height } = view.image.canvas;
  const scale = plan.scale * fine;
  context.fillStyle = palette.sheet.paper;
  context.fillRect(0, 0, Math.ceil(plan.width * fine), Math.ceil(plan.height * fine));
  for (const { layer, x, y } of plan.panels) {
    // Whole pixels, so that those of the canvas stay sharp.
    context.setTransform(scale, 0, 0, scale, Math.round(x * fine), Math.round(y * fine));
    context.drawImage(picture, 0, 0, width, height);
    // The pointer is on a button, so nothing is hovered.
    const shown = { ...view, hover: null, state: { ...view.state, layer }, map: view.mapAt(layer) };
    drawMapAndGrid(context, shown, palette, 1 / plan.scale);
    drawMarks(context, shown, palette, 1 / plan.scale);
  }
  context.setTransform(fine, 0, 0, fine, 0, 0);
  for (const item of plan.items) drawItem(context, item, palette);
}

/** @param {CanvasRenderingContext2D} context @param {Item} item @param {Palette} palette */
function drawItem(context, { piece, x, y, width }, palette) {
  if ("text" in piece) {
    context.font = fontOf(piece.tone, palette.mapFont);
    context.textAlign = "left";
    context.textBaseline = "middle";
    context.fillStyle = piece.tone === "soft" ? palette.sheet.soft : palette.sheet.ink;
    context.fillText(piece.text, x, y);
    return;
  }
  context.fillStyle = piece.colour;
  context.fillRect(x, y - piece.height / 2, width, piece.height);
  if (piece.step) return;
  context.strokeStyle = palette.mapEdge;
  context.lineWidth = 1;
  context.strokeRect(x + 0.5, y - piece.height / 2 + 0.5, width - 1, piece.height - 1);
}
