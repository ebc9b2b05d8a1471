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

/** Words need this much room, however small the canvas. */
const LEAST_WIDTH = 320;

/**
 * Where everything goes.
 * @param {import("#viewer/sheet-text").Sheet} sheet @param {import("#viewer/grid").Canvas} canvas
 * @param {number} scale @param {import("#viewer/sheet-plan").Measure} measure @param {string} family of fonts
 * @returns {Plan}
 */
export function planSheet(sheet, canvas, scale, measure, family) {
  const widthOf = (/** @type {string} */ text, /** @type {import("#viewer/sheet-plan").Tone} */ tone) =>
    measure(text, fontOf(tone, family)).width;
  const pictures = planPanels(sheet.panels, canvas, scale, widthOf);
  const room = Math.max(pictures.width, LEAST_WIDTH);
  const { items, bottom } = planWords(sheet, { room, top: MARGIN + pictures.height }, widthOf);
  return {
    width: room + 2 * MARGIN,
    height: Math.ceil(bottom + MARGIN),
    scale,
    panels: pictures.panels,
    items: [...pictures.items, ...items],
  };
}

/**
 * @param {CanvasRenderingContext2D} context @param {Plan} plan @param {View} view @param {Palette} palette
 * @param {CanvasImageSource} picture the canvas of the view
 */
export function drawSheet(context, plan, view, palette, picture) {
  const { width, height } = view.image.canvas;
  context.fillStyle = palette.sheet.paper;
  context.fillRect(0, 0, plan.width, plan.height);
  for (const { layer, x, y } of plan.panels) {
    context.setTransform(plan.scale, 0, 0, plan.scale, x, y);
    context.drawImage(picture, 0, 0, width, height);
    // The pointer is on a button, so nothing is hovered.
    const shown = { ...view, hover: null, state: { ...view.state, layer }, map: view.mapAt(layer) };
    drawMapAndGrid(context, shown, palette, 1 / plan.scale);
    drawMarks(context, shown, palette, 1 / plan.scale);
  }
  context.setTransform(1, 0, 0, 1, 0, 0);
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
  if (piece.close) return;
  context.strokeStyle = palette.mapEdge;
  context.lineWidth = 1;
  context.strokeRect(x + 0.5, y - piece.height / 2 + 0.5, width - 1, piece.height - 1);
}
