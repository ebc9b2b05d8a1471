/**
 * Data files: one script per image, for pages that do not hold their images' data themselves.
 *
 * A script is the only thing that a page opened from `file://` may still read from beside it. Each file calls
 * `vlensImage(KEY, BLOCKS)` once (`generator/image_files.py` writes it). The key tells builds apart, so that
 * a file left over from an earlier site is never shown as part of this one.
 */

import { shortText } from "#viewer/tokens";

/** @typedef {Record<string, string>} Blocks coded text by name, as in the script elements of a page */

/**
 * Where data files lie, as `generator/image_files.py` and `canvas_files.py` name them: from a model's page and from
 * the comparison. A page's facts can have nothing else run: no address, no way to another folder.
 */
const PLACE =
  /^(?:(?:models|compare)\/)?[A-Za-z0-9](?:[\w+-]|\.(?!\.))*\/\d{5,}\.js$|^(?:\.\.\/)?canvases\/[0-9a-f]{16}\.js$/;

/** Files under way, by key. @type {Map<string, {blocks: Blocks | null, loading: Promise<Blocks>}>} */
const underway = new Map();

Object.assign(globalThis, {
  /** @param {string} key @param {Blocks} blocks */
  vlensImage(key, blocks) {
    const file = underway.get(key);
    if (file) file.blocks = blocks;
  },
});

/**
 * The blocks of a data file. Nothing is kept: what is decoded is the caller's to keep or to drop.
 * @param {string} src relative to the page @param {string} key @returns {Promise<Blocks>}
 */
export function loadImageFile(src, key) {
  if (!PLACE.test(src)) return Promise.reject(new Error(`${shortText(src)} cannot be a data file`));
  const known = underway.get(key);
  if (known) return known.loading;
  const file = { blocks: /** @type {Blocks | null} */ (null), loading: load(src, key) };
  underway.set(key, file);
  return file.loading;
}

/** @param {string} src @param {string} key @returns {Promise<Blocks>} */
async function load(src, key) {
  try {
    await run(src);
    const blocks = underway.get(key)?.blocks;
    if (!blocks) throw new Error(`${nameOf(src)} is of another build than this page; copy the whole site.`);
    return blocks;
  } finally {
    underway.delete(key);
  }
}

/**
 * Run the script at `src`. It gets the nonce of the page's own scripts, without which the policy refuses it.
 * @param {string} src @returns {Promise<any>}
 */
function run(src) {
  const script = document.createElement("script");
  const nonce = /** @type {HTMLScriptElement | null} */ (document.querySelector("script[nonce]"))?.nonce;
  if (nonce) script.nonce = nonce;
  script.charset = "utf-8";
  script.src = src;
  return new Promise((resolve, reject) => {
    script.addEventListener("load", resolve);
    script.addEventListener("error", () =>
      reject(new Error(`${nameOf(src)} cannot be read; was the page copied without its folder?`)),
    );
    document.head.append(script);
  }).finally(() => script.remove());
}

/** "Image 12's data file models/x/00012.js", "The picture's data file canvases/….js" @param {string} src */
function nameOf(src) {
  const parts = new URL(src, document.baseURI).pathname.split("/").slice(-3).map(decodeURIComponent);
  if (parts.at(-2) === "canvases") return `The picture's data file ${parts.slice(-2).join("/")}`;
  return `Image ${Number.parseInt(parts.at(-1) ?? "", 10)}'s data file ${parts.join("/")}`;
}
