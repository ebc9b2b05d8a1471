/**
 * A drawing context that writes SVG: the part of CanvasRenderingContext2D that the page's drawing uses. What
 * is drawn on the screen thus becomes rectangles, lines and text, and the two cannot differ.
 *
 * Colours are written as old editors know them, text is placed on its alphabetic baseline and the picture is
 * linked as SVG 1.1 does: Inkscape and printers' tools read no newer.
 */

import { plainColour } from "#viewer/plain-colours";

/** @typedef {{width: number}} Measured @typedef {(text: string, font: string) => Measured} Measure */

/** From the middle of a line of text down to its baseline, in font sizes. */
const MIDDLE = 0.35;

const ANCHORS = { left: "start", start: "start", center: "middle", right: "end", end: "end" };

/** Characters that XML 1.0 cannot hold, even escaped. */
const FORBIDDEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|\p{Cs}/gu;

/** @type {Record<string, string>} */
const ENTITIES = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\t": "&#9;", "\n": "&#10;", "\r": "&#13;" };

/**
 * A text as XML, for content and for attributes in double quotes.
 * @param {string} text @returns {string}
 */
export const escapeXml = (text) =>
  text.replace(FORBIDDEN, "\ufffd").replace(/[&<>"\t\n\r]/g, (character) => ENTITIES[character]);

/** @type {(value: number) => string} */
const short = (value) => String(Math.round(value * 100) / 100);

/** @param {Record<string, string | number | null>} attributes */
const written = (attributes) =>
  Object.entries(attributes)
    .filter(([, value]) => value !== null)
    .map(([name, value]) => ` ${name}="${typeof value === "number" ? short(value) : escapeXml(String(value))}"`)
    .join("");

export class SvgContext {
  fillStyle = "#000000";
  strokeStyle = "#000000";
  lineWidth = 1;
  lineJoin = "miter";
  lineCap = "butt";
  globalAlpha = 1;
  font = "10px sans-serif";
  textAlign = "start";
  textBaseline = "alphabetic";
  #size;
  #measure;
  /** @type {string[]} */
  #elements = [];
  #path = "";
  /** A text's outline waits for its filling, and then they are one element. @type {Record<string, any> | null} */
  #outline = null;
  /** @type {Map<string, {id: string, x: number, y: number, width: number, height: number}>} */
  #pictures = new Map();
  #transform = { a: 1, b: 0, c: 0, d: 1, e: 0, f: 0 };

  /** @param {{width: number, height: number}} size in user units @param {Measure} measure */
  constructor(size, measure) {
    this.#size = size;
    this.#measure = measure;
  }

  /**
   * Scale and move; no page drawing turns or shears.
   * @param {number} a @param {number} b @param {number} c @param {number} d @param {number} e @param {number} f
   */
  setTransform(a, b, c, d, e, f) {
    this.#transform = { a, b, c, d, e, f };
  }

  getTransform() {
    return { ...this.#transform };
  }

  /** @param {number} x @param {number} y */
  #at(x, y) {
    const { a, d, e, f } = this.#transform;
    return { x: x * a + e, y: y * d + f };
  }

  /** @param {number} x @param {number} y @param {number} width @param {number} height */
  #box(x, y, width, height) {
    const { a, d } = this.#transform;
    return { ...this.#at(x, y), width: width * a, height: height * d };
  }

  /** @param {string} tag @param {Record<string, string | number | null>} attributes @param {string} [text] */
  #add(tag, attributes, text) {
    const end = text === undefined ? "/>" : `>${escapeXml(text)}</${tag}>`;
    this.#elements.push(`<${tag}${written(attributes)}${end}`);
  }

  /** @param {string} colour @param {string} name fill or stroke */
  #paint(colour, name) {
    const { hex, opacity } = plainColour(colour);
    const seen = opacity * this.globalAlpha;
    return { [name]: hex, [`${name}-opacity`]: seen < 1 ? seen : null };
  }

  #stroke() {
    const width = this.lineWidth * this.#transform.a;
    const join = this.lineJoin === "miter" ? null : this.lineJoin;
    const cap = this.lineCap === "butt" ? null : this.lineCap;
    const line = { "stroke-width": width, "stroke-linejoin": join, "stroke-linecap": cap };
    return { ...this.#paint(this.strokeStyle, "stroke"), ...line };
  }

  /** @param {number} x @param {number} y @param {number} width @param {number} height */
  fillRect(x, y, width, height) {
    this.#add("rect", { ...this.#box(x, y, width, height), ...this.#paint(this.fillStyle, "fill") });
  }

  /** @param {number} x @param {number} y @param {number} width @param {number} height */
  strokeRect(x, y, width, height) {
    this.#add("rect", { ...this.#box(x, y, width, height), fill: "none", ...this.#stroke() });
  }

  beginPath() {
    this.#path = "";
  }

  /** @param {number} x @param {number} y */
  moveTo(x, y) {
    const at = this.#at(x, y);
    this.#path += `M${short(at.x)} ${short(at.y)}`;
  }

  /** @param {number} x @param {number} y */
  lineTo(x, y) {
    const at = this.#at(x, y);
    this.#path += `L${short(at.x)} ${short(at.y)}`;
  }

  /** @param {number} x @param {number} y @param {number} width @param {number} height */
  rect(x, y, width, height) {
    const box = this.#box(x, y, width, height);
    this.#path += `M${short(box.x)} ${short(box.y)}h${short(box.width)}v${short(box.height)}h${short(-box.width)}Z`;
  }

  stroke() {
    if (this.#path !== "") this.#add("path", { d: this.#path, fill: "none", ...this.#stroke() });
  }

  fill() {
    if (this.#path !== "") this.#add("path", { d: this.#path, ...this.#paint(this.fillStyle, "fill") });
  }

  /** @param {string} text */
  measureText(text) {
    return this.#measure(text, this.font);
  }

  /** @param {string} text @param {number} x @param {number} y */
  strokeText(text, x, y) {
    this.#outline = { text, x, y, ...this.#stroke() };
  }

  /** @param {string} text @param {number} x @param {number} y */
  fillText(text, x, y) {
    const outline = this.#outline;
    this.#outline = null;
    const [, weight, size, family] = this.font.match(/^(?:(\S+) )?([\d.]+)px (.*)$/s) ?? ["", "", "10", "sans-serif"];
    const pixels = Number(size) * this.#transform.d;
    const at = this.#at(x, y);
    const under = outline?.text === text && outline.x === x && outline.y === y ? outline : null;
    this.#add(
      "text",
      {
        x: at.x,
        y: at.y + (this.textBaseline === "middle" ? MIDDLE * pixels : 0),
        "font-family": family,
        "font-size": pixels,
        "font-weight": weight || null,
        "text-anchor": ANCHORS[/** @type {keyof typeof ANCHORS} */ (this.textAlign)],
        ...this.#paint(this.fillStyle, "fill"),
        stroke: under && under.stroke,
        "stroke-opacity": under && under["stroke-opacity"],
        "stroke-width": under && under["stroke-width"],
        "stroke-linejoin": under && under["stroke-linejoin"],
        "paint-order": under && "stroke",
      },
      text,
    );
  }

  /** @param {{src: string}} picture whose bytes are in its address @param {number} x @param {number} y
   *  @param {number} width @param {number} height */
  drawImage({ src }, x, y, width, height) {
    const box = this.#box(x, y, width, height);
    const first = this.#pictures.get(src);
    // The same picture again is the first one, moved: its bytes are most of the file.
    if (first && first.width === box.width && first.height === box.height) {
      this.#add("use", { "xlink:href": `#${first.id}`, x: box.x - first.x, y: box.y - first.y });
      return;
    }
    const id = `picture-${this.#pictures.size + 1}`;
    this.#pictures.set(src, { id, ...box });
    this.#add("image", { id, ...box, preserveAspectRatio: "none", "xlink:href": src });
  }

  /**
   * The whole drawing as a file.
   * @param {string} title @param {string} description @returns {string}
   */
  toFile(title, description) {
    const { width, height } = this.#size;
    return [
      '<?xml version="1.0" encoding="UTF-8"?>',
      `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"${written({
        width,
        height,
        viewBox: `0 0 ${short(width)} ${short(height)}`,
      })} xml:space="preserve">`,
      `<title>${escapeXml(title)}</title>`,
      `<desc>${escapeXml(description)}</desc>`,
      ...this.#elements,
      "</svg>",
      "",
    ].join("\n");
  }
}
