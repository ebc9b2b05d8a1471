// Random pages to search, and the same search done by hand: text by text, list by list.

import { wholeWord } from "#viewer/sentences";

export function randomNumbers(seed) {
  let state = seed;
  return (below) => (state = (state * 48271) % 2147483647) % below;
}

const TOKENS = [" dog", "Dog", "dogs", "do", "g", "cat", " cat", "…", "\n", "hot dog", "ＤＯＧ", "犬", "🐶", "", "a.b", "DOG "];
const SENTENCES = ["A dog sits.", "Hotdogs, hot dogs", "the underdog won", "🐶 dog 🐶 dogs", "no pet", "dog-eared DOG", "x"];
const LENSES = [{ id: "embedding" }, { id: "logit" }, { id: "contextual" }];

/** A page of images with lists that end early and lenses that lack layers; `shared` tells whether tables are one. */
export function randomPage(seed, shared) {
  const random = randomNumbers(seed);
  const pick = (list) => list[random(list.length)];
  const visionLayers = [0, 2, 5, 9].slice(0, 2 + random(3));
  const tables = () => {
    const tokens = TOKENS.map((token, index) => ({ token, tokenId: index % 3 ? index : null }));
    const contexts = Array.from({ length: 40 }, () => {
      const text = pick(SENTENCES);
      const start = random(3) === 0 ? null : random([...text].length);
      const context = random(6) === 0 ? null : { text, start, end: start === null ? null : start + 1 + random(3) };
      return { token: random(tokens.length), context };
    });
    return { tokens, contexts };
  };
  const one = tables();
  const ranks = 3;
  const images = Array.from({ length: 4 }, () => ({ canvas: { rows: 2 + random(2), cols: 3 }, tables: shared ? one : tables() }));
  const data = images.map(({ canvas: { rows, cols }, tables: { tokens, contexts } }) => {
    const lists = LENSES.map(({ id }) =>
      visionLayers.map(() =>
        random(8) === 0
          ? null
          : Int32Array.from({ length: rows * cols * ranks }, () =>
              random(9) === 0 ? -1 : random(id === "contextual" ? contexts.length : tokens.length),
            ),
      ),
    );
    return {
      entries(lens, layer) {
        const entries = lists[LENSES.findIndex(({ id }) => id === lens)][layer];
        return entries && { entries, ranks, contextual: lens === "contextual" };
      },
      tables: { tokens, contexts },
    };
  });
  return { lenses: LENSES, visionLayers, topK: ranks, images, data, image: async (index) => data[index] };
}

const plain = (text) => text.normalize("NFKC").trim().toLowerCase();
const letters = /[\p{L}\p{N}\p{M}]/u;

/** Whether a token is named, stated without the viewer's own code. */
function names(find, token, context) {
  const whole = plain((context && wholeWord(context)) ?? token);
  if (find.by === "word") return whole === plain(find.text);
  if (find.by === "prefix") return whole.startsWith(plain(find.text));
  return find.by === "exact" ? token === find.text : new RegExp(find.text, /p{L[ul]}/.test(find.text) ? "u" : "iu").test(token);
}

/** Whether a sentence names it, character by character. */
function says(find, text) {
  if (find.by === "exact") return text.includes(find.text);
  if (find.by === "regex") return new RegExp(find.text, /p{L[ul]}/.test(find.text) ? "u" : "iu").test(text);
  const [characters, wanted] = [[...plain(text)], [...plain(find.text)]];
  return characters.some((_, at) => {
    if (!wanted.every((character, index) => characters[at + index] === character)) return false;
    const [before, after] = [characters[at - 1] ?? "", characters[at + wanted.length] ?? ""];
    if (letters.test(wanted[0]) && letters.test(before)) return false;
    return find.by === "prefix" || !letters.test(wanted.at(-1)) || !letters.test(after);
  });
}

/** Every hit of a search as [image, lens index, layer index, cell, rank]. */
export function bruteForce(page, find) {
  const hits = [];
  page.data.forEach(({ entries, tables }, image) => {
    const { rows, cols } = page.images[image].canvas;
    page.lenses.forEach(({ id }, lens) => {
      page.visionLayers.forEach((_, layer) => {
        const found = entries(id, layer);
        for (let place = 0; found && place < rows * cols * found.ranks; place += 1) {
          const [entry, rank] = [found.entries[place], (place % found.ranks) + 1];
          if (entry < 0 || rank > find.rank) continue;
          const { token, context } = found.contextual ? tables.contexts[entry] : { token: entry, context: null };
          const named = names(find, tables.tokens[token].token, context);
          if (named || (find.where === "sentences" && context && says(find, context.text))) {
            hits.push([image, lens, layer, Math.floor(place / found.ranks), rank]);
          }
        }
      });
    });
  });
  return hits;
}
