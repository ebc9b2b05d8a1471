/** Saving a file that the page itself made: no request is made, the bytes are here. */

/** Milliseconds until the bytes are let go of; a browser may ask the reader first where to save them. */
const KEPT = 60_000;

/** @param {Blob} blob @param {string} name */
export function download(blob, name) {
  const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), KEPT);
}
