/** Copying the link to the present view, and the page's short notices. */

import { byId } from "#viewer/dom";

/** How long a notice stays, milliseconds. */
const NOTICE_TIME = 2000;

/** Copy the page's address. Some browsers have no clipboard for file: pages; the notice then says so. */
export async function copyAddress() {
  try {
    await navigator.clipboard.writeText(location.href);
    notify("Link copied");
  } catch {
    notify("Copy the link from the address bar");
  }
}

/** Say something until something else is said; "" says no more. @param {string} text */
export function say(text) {
  byId("notice").textContent = text;
}

/** @param {string} text */
function notify(text) {
  const notice = byId("notice");
  say(text);
  setTimeout(() => {
    if (notice.textContent === text) notice.textContent = "";
  }, NOTICE_TIME);
}
