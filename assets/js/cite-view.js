/** The dialog with the BibTeX of this page. */

import { bibtex } from "#viewer/cite";
import { copyText } from "#viewer/copy";
import { byId } from "#viewer/dom";

/**
 * Sets up the dialog.
 * @param {any} page what openPage gives @param {{flush: () => void}} link
 */
export function createCite(page, link) {
  const dialog = /** @type {HTMLDialogElement} */ (byId("cite"));
  const text = byId("cite-text");
  const notice = byId("cite-notice");
  byId("cite-button").addEventListener("click", () => {
    link.flush();
    text.textContent = bibtex({ ...page, address: publicAddress(), view: location.hash.slice(1) });
    notice.textContent = "";
    dialog.showModal();
  });
  byId("cite-copy").addEventListener("click", async () => {
    const copied = await copyText(text.textContent ?? "");
    notice.textContent = copied ? "Copied" : "The text is selected: copy it with Ctrl C or ⌘ C";
    if (!copied) getSelection()?.selectAllChildren(text);
  });
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
}

/** A page on somebody's disk has no address that means anything to others. */
const publicAddress = () => (location.protocol.startsWith("http") ? location.href : "");
