// The decoder against pages that Python built from the tiny study. The pages are made by
// tests/generator/test_payload.py, which names their folder in VLENS_PAYLOAD_FIXTURE and runs this file.

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { openPage } from "#viewer/payload";

const folder = process.env.VLENS_PAYLOAD_FIXTURE;
const skip = folder ? false : "tests/generator/test_payload.py makes the pages and runs this";
const models = folder
  ? readdirSync(folder)
      .filter((name) => name.endsWith(".json"))
      .map((name) => name.slice(0, -".json".length))
  : [];

/** The little of a document that the decoder needs. */
function documentOf(html) {
  const scripts = new Map();
  for (const [, id, text] of html.matchAll(/<script type="[^"]*" id="([^"]*)">([^<]*)<\/script>/g)) {
    scripts.set(id, { textContent: text });
  }
  return { getElementById: (id) => scripts.get(id) ?? null };
}

async function open(model) {
  const html = readFileSync(join(folder, "site", "models", `${model}.html`), "utf8");
  const expected = JSON.parse(readFileSync(join(folder, `${model}.json`), "utf8"));
  const page = await openPage(documentOf(html));
  const images = await Promise.all(page.images.map((_, index) => page.image(index)));
  return { page, images, expected };
}

/** Every place of a page: index of image and layer, cell, and the key of the expected answer. */
function* places(page, cells) {
  for (let image = 0; image < page.images.length; image += 1) {
    for (let layer = 0; layer < page.visionLayers.length; layer += 1) {
      for (let cell = 0; cell < cells; cell += 1) yield { image, layer, cell, key: `${image}/${layer}/${cell}` };
    }
  }
}

const near = (actual, expected, tolerance, what) =>
  assert.ok(Math.abs(actual - expected) <= tolerance, `${what}: ${actual}, expected ${expected}`);

test("the pages are there", { skip }, () => assert.ok(models.length > 0));

for (const model of models) {
  test(`${model}: every neighbour with its score and sentence`, async () => {
    const { page, images, expected } = await open(model);
    for (const lens of expected.lenses) {
      for (const { image, layer, cell, key } of places(page, expected.cells)) {
        const wanted = expected.neighbors[`${lens}/${key}`] ?? [];
        const found = images[image].neighbors(lens, layer, cell);
        assert.equal(found.length, wanted.length, `${lens}/${key}`);
        found.forEach((neighbor, place) => {
          const { score, probability, ...rest } = neighbor;
          const { score: wantedScore, probability: wantedProbability, ...wantedRest } = wanted[place];
          assert.deepEqual(rest, wantedRest, `${lens}/${key}`);
          near(score, wantedScore, 0.00051, `score at ${lens}/${key}`);
          if (wantedProbability === null) assert.equal(probability, null);
          else near(probability / wantedProbability, 1, 0.0011, `probability at ${lens}/${key}`);
        });
        assert.deepEqual(images[image].top(lens, layer, cell), found[0] ?? null);
      }
    }
  });

  test(`${model}: every judgment`, async () => {
    const { page, images, expected } = await open(model);
    for (const lens of expected.lenses) {
      for (const { image, layer, cell, key } of places(page, expected.cells)) {
        const found = images[image].judgment(lens, layer, cell);
        assert.deepEqual(found, expected.judgments[`${lens}/${key}`] ?? null, `${lens}/${key}`);
        if (found) assert.deepEqual(images[image].judgment(lens, layer, cell, found.judge), found);
      }
    }
    assert.equal(images[0].judgment("logit", 0, 0, "nobody"), null);
  });

  test(`${model}: every statistic`, async () => {
    const { page, images, expected } = await open(model);
    for (const { image, layer, cell, key } of places(page, expected.cells)) {
      const found = images[image].statistics(layer, cell);
      const wanted = expected.statistics[key] ?? null;
      if (!wanted) assert.equal(found, null);
      else for (const name of Object.keys(wanted)) near(found[name], wanted[name], 0.0051, `${name} at ${key}`);
    }
  });

  test(`${model}: gaps have a reason, and nothing else has`, async () => {
    const { page, expected } = await open(model);
    for (const lens of expected.lenses) {
      page.visionLayers.forEach((_, layer) => {
        const reason = page.absence(lens, layer, 0);
        assert.equal(reason !== null, expected.absent.includes(`${lens}/${layer}`), `${lens}/${layer}: ${reason}`);
      });
    }
  });

  test(`${model}: entries for search and maps name the tokens and places of the lists`, async () => {
    const { page, images, expected } = await open(model);
    const { tokens, contexts } = images[1].tables;
    for (const lens of expected.lenses) {
      const read = images[1].entries(lens, 2);
      for (let cell = 0; cell < expected.cells; cell += 1) {
        const list = images[1].neighbors(lens, 2, cell);
        const mine = read ? [...read.entries.subarray(cell * read.ranks, (cell + 1) * read.ranks)] : [];
        const named = mine
          .filter((entry) => entry >= 0)
          .map((entry) => (read.contextual ? contexts[entry] : { token: entry, context: null }))
          .map(({ token, context }) => ({ ...tokens[token], context }));
        assert.deepEqual(
          named,
          list.map(({ token, tokenId, context }) => ({ token, tokenId, context })),
        );
      }
    }
    assert.equal(images[1].entries("nothing", 2), null);
  });

  test(`${model}: canvases are whole pictures`, async () => {
    const { page } = await open(model);
    for (const { canvas } of page.images) {
      const picture = await (await fetch(canvas.src)).blob();
      assert.equal(picture.type, "image/png");
      const bytes = new Uint8Array(await picture.arrayBuffer());
      assert.deepEqual([...bytes.subarray(1, 4)], [..."PNG"].map((letter) => letter.charCodeAt(0)));
      assert.deepEqual([...bytes.subarray(-8, -4)], [..."IEND"].map((letter) => letter.charCodeAt(0)));
    }
  });
}

test("frequent words are words, most frequent first", { skip }, async () => {
  const { page } = await open(models[0]);
  assert.ok(page.frequentWords.length > 5);
  assert.equal(new Set(page.frequentWords).size, page.frequentWords.length);
  assert.ok(page.frequentWords.every((word) => /[\p{L}\p{N}]/u.test(word) && word === word.trim().toLowerCase()));
});

test("a block that is not there is named", async () => {
  await assert.rejects(openPage({ getElementById: () => null }), /no block page/);
});
