/**
 * Unpacks the page's styles and modules, which `generator/scripts.py` packed, and runs the module that is the
 * page's entry. Until the styles are there, `base.css` keeps the page from being shown without them.
 *
 * The modules become `data:` modules of an import map; the policy lets them be imported because what imports
 * them has the page's nonce. No module may run before an import map, so this runs as a classic script, with
 * what it imports put in the import's place.
 */

import { unpacked } from "#viewer/bzip2";
import { bytesOf, CHANGED } from "#viewer/printable";

/** @typedef {{entry: string, modules: Record<string, string>, styles: string}} Packed */

/** @param {string} type @param {string} text @param {string} nonce */
function addScript(type, text, nonce) {
  const script = document.createElement("script");
  Object.assign(script, { type, nonce });
  script.textContent = text;
  document.body.append(script);
}

/** @param {string} text `LENGTH:` and the packed bytes @param {string} nonce */
function startPage(text, nonce) {
  const packed = bytesOf(text.slice(text.indexOf(":") + 1));
  /** @type {Packed} */
  const { entry, modules, styles } = JSON.parse(new TextDecoder().decode(unpacked(packed, Number.parseInt(text, 10))));
  const style = document.createElement("style");
  style.textContent = styles;
  document.head.append(style);
  delete document.documentElement.dataset.styles;
  const urls = Object.entries(modules).map(([name, source]) => [
    name,
    `data:text/javascript;charset=utf-8,${encodeURIComponent(source)}`,
  ]);
  addScript("importmap", JSON.stringify({ imports: Object.fromEntries(urls) }), nonce);
  addScript("module", `import ${JSON.stringify(entry)};`, nonce);
}

try {
  startPage(document.getElementById("modules")?.textContent ?? "", document.currentScript?.nonce ?? "");
} catch (error) {
  delete document.documentElement.dataset.styles;
  const notice = document.getElementById("notice");
  const changed = error instanceof Error && error.message === CHANGED;
  if (notice) notice.textContent = changed ? CHANGED : `This browser cannot read the page's scripts: ${error}`;
  throw error;
}
