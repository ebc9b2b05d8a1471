/** The gallery of judged items: its filters, its cards, and the pictures, which are read when they are shown. */

import { byId, fill, make } from "#viewer/dom";
import { loadImageFile } from "#viewer/image-files";
import { itemCard } from "#viewer/judge-card";
import { FILTERS, itemFilter, readItems } from "#viewer/judge-items";
import { objectUrl } from "#viewer/payload";

/**
 * @typedef {import("#viewer/judge-items").Filters} Filters
 *
 * @typedef {import("#viewer/judge-card").Facts & {file: {src: string, key: string},
 *   crops: {src: string, key: string}[], cropsInFile: number}} Facts
 */

/** Cards that are shown at first, and with each “more”. */
const AT_ONCE = 24;

/**
 * Sets the gallery up; `show` shows a judge's items, `filters` are those chosen, `choose` sets them.
 * @param {Facts} page @param {() => void} changed after the reader changed a filter
 */
export async function createGallery(page, changed) {
  const form = /** @type {HTMLFormElement} */ (byId("filters"));
  const list = byId("item-list");
  const more = byId("more-items");
  offer(form, "model", page.models);
  offer(form, "lens", page.lenses);
  const items = readItems((await loadImageFile(page.file.src, page.file.key)).items);
  const passing = itemFilter(items, page.models);
  const pictureOf = pictures(page);
  let judge = 0;
  /** @type {import("#viewer/judge-items").Item[]} */
  let found = [];
  let shown = AT_ONCE;

  form.addEventListener("input", () => {
    draw();
    changed();
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  more.addEventListener("click", () => {
    const before = list.children.length;
    shown += AT_ONCE;
    drawCards();
    /** @type {HTMLElement | null} */ (list.children[before]?.querySelector("a"))?.focus();
  });

  function draw() {
    found = passing(judge, filters());
    shown = AT_ONCE;
    byId("item-count").textContent = counted(found.length, items.length);
    drawCards();
  }

  function drawCards() {
    fill(list, ...found.slice(0, shown).map((item) => itemCard(item, page, judge, pictureOf)));
    more.hidden = found.length <= shown;
    more.textContent = `Show ${Math.min(AT_ONCE, found.length - shown)} more`;
  }

  /** @returns {Filters} */
  function filters() {
    const data = new FormData(form);
    return /** @type {Filters} */ (Object.fromEntries(FILTERS.map((name) => [name, String(data.get(name) ?? "")])));
  }

  return {
    filters,
    /** @param {number} place of the judge */
    show(place) {
      judge = place;
      draw();
    },
    /** @param {Filters} wanted */
    choose(wanted) {
      for (const name of FILTERS) setField(form, name, wanted[name]);
    },
  };
}

/** @param {number} found @param {number} all */
const counted = (found, all) => (found === 0 ? `None of the ${all} items shown here.` : `${found} of ${all}`);

/** @param {HTMLFormElement} form @param {string} name @param {{id: string, title: string}[]} choices */
function offer(form, name, choices) {
  const select = /** @type {HTMLSelectElement} */ (form.elements.namedItem(name));
  select.append(...choices.map(({ id, title }) => make("option", { value: id }, title)));
}

/** @param {HTMLFormElement} form @param {string} name @param {string} value */
function setField(form, name, value) {
  const field = form.elements.namedItem(name);
  if (field instanceof HTMLInputElement && field.type === "checkbox") field.checked = value !== "";
  else if (field instanceof HTMLSelectElement) field.value = [...field.options].some((one) => one.value === value) ? value : "";
  else if (field instanceof HTMLInputElement) field.value = value;
}

/** @param {Facts} page @returns {(crop: number) => Promise<string>} URL of a picture */
function pictures(page) {
  /** @type {Map<number, Promise<Record<string, string>>>} */
  const files = new Map();
  /** @type {Map<number, Promise<string>>} */
  const urls = new Map();
  const fileOf = (/** @type {number} */ number) => {
    const known = files.get(number) ?? loadImageFile(page.crops[number].src, page.crops[number].key);
    files.set(number, known);
    return known;
  };
  return (crop) => {
    const read = async () => objectUrl((await fileOf(Math.floor(crop / page.cropsInFile)))[`crop-${crop}`], "image/webp");
    const known = urls.get(crop) ?? read();
    urls.set(crop, known);
    return known;
  };
}
