/**
 * Making elements. Data enters pages through text nodes and attributes only: there is no way here to turn a
 * string into markup.
 */

import { visiblePieces } from "#viewer/tokens";

/** @typedef {Node | string | null | false | undefined} Child */

/**
 * An element with attributes and children; attributes that are null, undefined or false are left out.
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag @param {Record<string, string | number | boolean | null | undefined>} attributes
 * @param {...Child} children
 * @returns {HTMLElementTagNameMap[T]}
 */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined && value !== false) element.setAttribute(name, String(value));
  }
  return fill(element, ...children);
}

/**
 * Replace an element's children.
 * @template {Element} E @param {E} element @param {...Child} children @returns {E}
 */
export function fill(element, ...children) {
  const nodes = children.filter((child) => child !== null && child !== undefined && child !== false);
  element.replaceChildren(.../** @type {(Node | string)[]} */ (nodes));
  return element;
}

/**
 * The element with an id, which the template promises.
 * @param {string} id @returns {HTMLElement}
 */
export function byId(id) {
  const element = document.getElementById(id);
  if (!element) throw new Error(`the page has no element #${id}`);
  return element;
}

/**
 * Text whose invisible characters show as glyphs, kept apart from the direction of what surrounds it.
 * @param {string} text @param {string} className @param {{spaces?: boolean}} [options] `spaces: false` leaves
 *   ordinary spaces as they are, for sentences
 */
export function visible(text, className, { spaces = true } = {}) {
  const pieces = visiblePieces(text, spaces).map((piece) =>
    piece.glyph ? make("span", { class: "glyph" }, piece.text) : piece.text,
  );
  return make("bdi", { class: className, dir: "auto" }, ...pieces);
}

/** @type {(token: string) => HTMLElement} */
export const tokenNode = (token) => visible(token, "token");

/**
 * Set a custom property that CSS turns into a length or colour; the CSP forbids style attributes.
 * @template {HTMLElement} E @param {E} element @param {string} name @param {string | number} value @returns {E}
 */
export function property(element, name, value) {
  element.style.setProperty(name, String(value));
  return element;
}
