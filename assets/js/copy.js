/** Copying to the clipboard, and the page's short notices. */

import { byId } from "#viewer/dom";

/** How long a notice stays, milliseconds. */
const NOTICE_TIME = 2000;

/** Copy the page's address. Some browsers have no clipboard for file: pages; the notice then says so. */
export async function copyAddress() {
  notify((await copyText(location.href)) ? "Link copied" : "Copy the link from the address bar");
}

/** @param {string} text @returns {Promise<boolean>} whether the clipboard took it */
export async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

/** Say something until something else is said; "" says no more. @param {string} text */
export function say(text) {
  byId("notice").textContent = text;
}

/** Say that the page cannot be read, in place of an empty one. @param {unknown} error */
export function sayUnreadable(error) {
  say(`This page could not be read: ${error instanceof Error ? error.message : error}`);
  throw error;
}

/** Say something for a moment. @param {string} text */
export function notify(text) {
  const notice = byId("notice");
  say(text);
  setTimeout(() => {
    if (notice.textContent === text) notice.textContent = "";
  }, NOTICE_TIME);
}
