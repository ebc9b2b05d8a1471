/** The judge page's entry: which judge is shown, which items; both are kept in the address. */

import { sayUnreadable } from "#viewer/copy";
import { byId } from "#viewer/dom";
import { createGallery } from "#viewer/judge-gallery";
import { FILTERS } from "#viewer/judge-items";
import { saveTable } from "#viewer/judge-tables";
import { browserLink } from "#viewer/link";

/** @param {Document} document */
export async function start(document) {
  const page = JSON.parse(byId("page").textContent ?? "");
  const link = browserLink();
  const radios = /** @type {HTMLInputElement[]} */ ([...document.querySelectorAll("[name=judge]")]);
  let judge = judgeOf(page, location.hash) ?? 0;
  showJudge(document, page.judges[judge].id, radios);
  listen(document, page, () => page.judges[judge].id);

  const gallery = await createGallery(page, write);
  follow();
  for (const radio of radios) {
    radio.addEventListener("change", () => {
      judge = page.judges.findIndex((/** @type {{id: string}} */ { id }) => id === radio.value);
      showJudge(document, radio.value, radios);
      gallery.show(judge);
      write();
    });
  }
  window.addEventListener("hashchange", () => {
    if (location.hash.includes("=")) follow();
  });
  document.documentElement.dataset.ready = "true";

  function follow() {
    const asked = new URLSearchParams(location.hash.slice(1));
    judge = judgeOf(page, location.hash) ?? judge;
    showJudge(document, page.judges[judge].id, radios);
    gallery.choose(/** @type {any} */ (Object.fromEntries(FILTERS.map((name) => [name, asked.get(name) ?? ""]))));
    gallery.show(judge);
  }

  function write() {
    const filters = gallery.filters();
    const pairs = [["judge", page.judges[judge].id], ...FILTERS.map((name) => [name, filters[name]])];
    const chosen = pairs.filter(([, value]) => value !== "");
    link.replace(chosen.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join("&"));
  }
}

/** @param {{judges: {id: string}[]}} page @param {string} hash @returns {number | null} */
function judgeOf(page, hash) {
  const asked = new URLSearchParams(hash.slice(1)).get("judge");
  const place = page.judges.findIndex(({ id }) => id === asked);
  return place < 0 ? null : place;
}

/** @param {Document} document @param {string} judge id @param {HTMLInputElement[]} radios */
function showJudge(document, judge, radios) {
  for (const radio of radios) radio.checked = radio.value === judge;
  for (const part of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-judge]"))) {
    part.hidden = part.dataset.judge !== judge;
  }
}

/** @param {Document} document @param {any} page @param {() => string} judge id of the one shown */
function listen(document, page, judge) {
  document.addEventListener("click", (event) => {
    const button = event.target instanceof Element ? event.target.closest(".save-csv") : null;
    if (button) saveTable(button, page.study.id, judge());
  });
  const toggles = /** @type {NodeListOf<HTMLInputElement>} */ (document.querySelectorAll(".published-toggle"));
  for (const toggle of toggles) {
    toggle.addEventListener("change", () => {
      for (const other of toggles) other.checked = toggle.checked;
      document.documentElement.toggleAttribute("data-no-published", !toggle.checked);
    });
  }
}

if (globalThis.document) start(document).catch(sayUnreadable);
