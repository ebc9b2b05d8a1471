import assert from "node:assert/strict";
import { test } from "node:test";

import { cellsAt, countHits, placesOf } from "#viewer/hits";
import { Search, SearchIndex } from "#viewer/search";
import { matcherOf, namesRow } from "#viewer/search-matcher";
import { bruteForce, randomPage } from "./search-fixture.js";

function hitsOf(page, find) {
  const index = new SearchIndex(page);
  const readings = page.data.map((data, image) => {
    const { rows, cols } = page.images[image].canvas;
    const reading = index.read(data, rows * cols);
    for (let step = reading.next(); ; step = reading.next()) if (step.done) return step.value;
  });
  const search = new Search(index, matcherOf(find), find.where === "sentences");
  return readings.map((reading) => search.hits(reading, find.rank));
}

const TEXTS = {
  word: ["dog", " DOG ", "hot dog", "dogs", "犬", "🐶", "…", "hotdogs", "nothing"],
  prefix: ["d", "dog", "hot d", "🐶", "."],
  exact: [" dog", "Dog", "\n", ".", "dogs"],
  regex: ["dog", "^ ?dog$", "D", "\\p{Lu}", "[aeiou]g?$", "^$", "(dog|cat)s?", "\\.", "🐶+"],
};

for (const shared of [true, false]) {
  test(`hits equal brute force for every way, place and filter, tables ${shared ? "shared" : "apart"}`, () => {
    let compared = 0;
    let found = 0;
    for (const seed of [3, 14, 15]) {
      const page = randomPage(seed, shared);
      const layers = page.visionLayers.length;
      for (const [by, texts] of Object.entries(TEXTS)) {
        for (const text of texts) {
          for (const where of ["tokens", "sentences"]) {
            for (const rank of [1, 3]) {
              const find = { text, by, where, rank };
              const hits = hitsOf(page, find);
              const expected = bruteForce(page, find);
              for (const filter of filters(layers)) {
                compared += 1;
                found += expected.length;
                compare(countHits(hits, 3, layers, filter), expected, filter, JSON.stringify({ ...find, ...filter }));
              }
            }
          }
        }
      }
    }
    assert.ok(compared > 1000 && found > 10_000);
  });
}

function* filters(layers) {
  for (const lens of [null, 0, 1, 2]) {
    yield { lens, from: 0, to: layers - 1 };
    yield { lens, from: 1, to: 1 };
  }
}

function compare(counted, all, { lens, from, to }, what) {
  const inLayers = all.filter(([, , layer]) => layer >= from && layer <= to);
  const hits = inLayers.filter(([, of]) => lens === null || of === lens);
  const places = new Set(hits.map(([image, , layer, cell]) => `${image} ${layer} ${cell}`));
  assert.equal(counted.total, hits.length, what);
  assert.equal(counted.places, places.size, what);
  assert.deepEqual(counted.byLens, [0, 1, 2].map((one) => inLayers.filter(([, of]) => of === one).length), what);
  counted.byLayer.forEach((totals, of) =>
    totals.forEach((count, layer) =>
      assert.equal(count, all.filter((hit) => hit[1] === of && hit[2] === layer).length, what),
    ),
  );
  assert.deepEqual(counted.images.map(({ image }) => image), [...new Set(hits.map(([image]) => image))], what);
  for (const { image, total, cells } of counted.images) {
    assert.equal(total, hits.filter(([of]) => of === image).length, what);
    cells.forEach((count, cell) => assert.equal(count, hits.filter((hit) => hit[0] === image && hit[3] === cell).length));
  }
}

test("a walk visits every place once, in both directions, and comes back to the first", () => {
  for (const seed of [5, 6]) {
    const page = randomPage(seed, true);
    const find = { text: "d", by: "prefix", where: "sentences", rank: 3 };
    const [hits, layers] = [hitsOf(page, find), page.visionLayers.length];
    for (const filter of filters(layers)) {
      const walk = placesOf(hits, 3, layers, filter);
      const wanted = bruteForce(page, find)
        .filter(([, lens, layer]) => layer >= filter.from && layer <= filter.to && (filter.lens ?? lens) === lens)
        .map(([image, , layer, cell]) => ({ image, layer, cell }))
        .sort((a, b) => a.image - b.image || a.layer - b.layer || a.cell - b.cell)
        .filter((place, index, all) => JSON.stringify(place) !== JSON.stringify(all[index - 1]));
      assert.ok(wanted.length > 3);
      for (const step of [1, -1]) {
        const order = step === 1 ? wanted : [...wanted].reverse();
        let place = order.at(-1);
        for (const next of order) assert.deepEqual((place = walk.next(place, step)), next);
      }
      wanted.forEach((place) => {
        const earlier = wanted.filter((one) => one.image === place.image);
        assert.equal(walk.before(place), earlier.indexOf(earlier.find((one) => one === place)));
      });
      assert.deepEqual(walk.next({ image: 0, layer: -5, cell: 0 }, 1), wanted.find(({ image }) => image === 0) ?? wanted[0]);
    }
  }
});

test("a walk without hits leads nowhere", () => {
  const page = randomPage(8, true);
  const hits = hitsOf(page, { text: "nothing", by: "word", where: "sentences", rank: 3 });
  const walk = placesOf(hits, 3, page.visionLayers.length, { lens: null, from: 0, to: 1 });
  assert.equal(walk.next({ image: 0, layer: 0, cell: 0 }, 1), null);
  assert.equal(walk.firstOf(0, 0), null);
  assert.equal(walk.before({ image: 0, layer: 0, cell: 0 }), null);
  assert.equal(placesOf([], 3, 2, { lens: null, from: 0, to: 1 }).next({ image: 0, layer: 0, cell: 0 }, -1), null);
});

test("a click on an image stays at the layer if it can", () => {
  const counts = new Uint8Array(1 * 3 * 4);
  counts[1 * 4 + 2] = counts[2 * 4 + 3] = 1;
  const hits = [{ cells: 4, stored: [[true, true, true]], counts }];
  const walk = placesOf(hits, 1, 3, { lens: null, from: 0, to: 2 });
  assert.deepEqual(walk.firstOf(0, 2), { image: 0, layer: 2, cell: 3 });
  assert.deepEqual(walk.firstOf(0, 0), { image: 0, layer: 1, cell: 2 });
  assert.deepEqual([...cellsAt(hits[0], 1, 3, 1, null)], [0, 0, 1, 0]);
});

test("a search for nothing has no matcher, a space alone is something only if exact", () => {
  for (const by of ["word", "prefix", "exact", "regex"]) assert.equal(matcherOf({ text: "", by }), null);
  assert.equal(matcherOf({ text: "  ", by: "word" }), null);
  assert.equal(matcherOf({ text: " ", by: "exact" })?.token(" ", ""), true);
});

test("what is exact may be typed as the page writes it", () => {
  const test = matcherOf({ text: "␣dog↵", by: "exact" });
  assert.deepEqual([" dog\n", " dog", "dog\n"].map((token) => test?.token(token, "")), [true, false, false]);
});

test("case does not matter in a pattern, unless it asks for capitals or small letters as such", () => {
  const finds = (text, token) => matcherOf({ text, by: "regex" })?.token(token, "");
  assert.deepEqual([finds("dog", "Dog"), finds("Dog", "dog"), finds("D[OP]G", "dog")], [true, true, true]);
  assert.deepEqual([finds("^\\p{Lu}og", "Dog"), finds("^\\p{Lu}og", "dog"), finds("\\p{Ll}og", "DOG")], [true, false, false]);
});

test("a row shown in a list is marked if and only if the search counts it", () => {
  const page = randomPage(21, true);
  const { entries, tables } = page.data[0];
  for (const [by, texts] of Object.entries(TEXTS)) {
    for (const text of texts) {
      for (const where of ["tokens", "sentences"]) {
        const find = { text, by, where, rank: 3 };
        const expected = bruteForce(page, find).filter(([image]) => image === 0).length;
        let named = 0;
        for (const { id } of page.lenses) {
          page.visionLayers.forEach((_, layer) => {
            const found = entries(id, layer);
            for (const entry of found?.entries ?? []) {
              if (entry < 0) continue;
              const { token, context } = found.contextual ? tables.contexts[entry] : { token: entry, context: null };
              if (namesRow(find, { token: tables.tokens[token].token, context })) named += 1;
            }
          });
        }
        assert.equal(named, expected, JSON.stringify(find));
      }
    }
  }
});
