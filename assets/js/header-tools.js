/** The buttons that every page with a script has in its header: copy the link, help with its list of keys. */

import { copyAddress } from "#viewer/copy";
import { byId } from "#viewer/dom";
import { listKeys } from "#viewer/keys-view";

/**
 * @param {{flush: () => void}} link what may still have to be written into the address
 * @param {import("#viewer/keys").Row[]} rows the keys that the page knows
 */
export function createHeaderTools(link, rows) {
  const help = /** @type {HTMLDialogElement} */ (byId("help"));
  const copy = () => {
    link.flush();
    return copyAddress();
  };
  listKeys(rows);
  byId("copy-button").addEventListener("click", copy);
  byId("help-button").addEventListener("click", () => help.showModal());
  help.addEventListener("click", (event) => {
    if (event.target === help) help.close();
  });
  return { copy, help };
}
