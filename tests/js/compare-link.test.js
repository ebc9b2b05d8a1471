import assert from "node:assert/strict";
import { test } from "node:test";
import { chanceImages } from "#viewer/compare-chance";
import { comparePage, imageLoader } from "#viewer/compare-files";
import { depthStops, layerAt } from "#viewer/compare-depth";
import { formatCompare, formatModel, parseCompare, whatCompareMisses } from "#viewer/compare-link";
import { pictureText } from "#viewer/payload";
import { sharedLegend } from "#viewer/compare-maps";

const GEOMETRY = { mediaType: "image/png", width: 20, height: 20, rows: 2, cols: 2, affine: [] };
const files = (...images) => images.map((image) => ({ image, geometry: 0, src: "", key: "", canvas: null }));
const model = (id, partner, numLayers, visionLayers, seen) => ({
  id,
  partner,
  numLayers,
  visionLayers,
  lenses: ["logit"],
  topK: 5,
  files: seen,
  absentImages: [],
  absences: [],
});
const page = comparePage({
  models: [
    model("a+b", "c", 4, [0, 2, 4], files(0, 1, 2)),
    model("c", "a+b", 6, [0, 3, 6], files(0, 1, 2)),
    model("d", "c", 6, [0, 3, 6], files(0, 2)),
  ],
  images: [{ id: "one" }, { id: "two & more" }, { id: "three" }],
  geometries: [GEOMETRY],
  lenses: [{ id: "logit" }, { id: "contextual" }],
  most: 4,
});
const fresh = {
  models: [0, 1],
  image: 0,
  depth: 0.5,
  lens: "contextual",
  map: "words",
  first: 1,
  pin: null,
  only: null,
};

test("the whole state goes into the link and comes back", () => {
  const state = {
    models: [2, 0],
    image: 2,
    depth: 1 / 3,
    lens: "logit",
    map: "agreement",
    first: 5,
    pin: { model: 0, cell: 3 },
    only: "a&b",
  };
  const hash = formatCompare(state, page);
  assert.match(hash, /^models=d,a%2Bb&image=three&depth=0.3333333333333333&.*&in=a%2Bb&patch=1,1&only=a%26b$/);
  assert.deepEqual(parseCompare(`#${hash}`, page, fresh), state);
  assert.equal(whatCompareMisses(hash, page, state), "");
});

test("a copied link opens the very same layers, whatever pair of models is compared", () => {
  const every = (blocks, step) => Array.from({ length: Math.floor(blocks / step) + 1 }, (_, index) => index * step);
  const models = [3, 7, 12, 27, 28, 40, 96, 120].map((blocks, index) =>
    model(`m${index}`, "m0", blocks, every(blocks, (index % 3) + 1), files(0)),
  );
  const many = comparePage({ ...page, models, most: 2 });
  for (const [a, one] of models.entries()) {
    for (const [b, other] of models.entries()) {
      if (a === b) continue;
      for (const depth of depthStops([one, other])) {
        const state = { ...fresh, models: [a, b], lens: "logit", depth };
        const again = parseCompare(formatCompare(state, many), many, { ...fresh, depth: 0.123 });
        assert.equal(again.depth, depth);
        assert.equal(layerAt(one, again.depth), layerAt(one, depth));
        assert.equal(layerAt(other, again.depth), layerAt(other, depth));
      }
    }
  }
});

test("a link from a model's page brings its partner, its layer as a depth and its patch", () => {
  const hash = "models=a%2Bb&image=two%20%26%20more&layer=2&patch=0,1&map=none&lens=logit";
  const state = parseCompare(hash, page, fresh);
  const wanted = { models: [0, 1], image: 1, depth: 0.5, lens: "logit", pin: { model: 0, cell: 1 } };
  assert.deepEqual(state, { ...fresh, ...wanted });
  assert.equal(formatModel(state, page, 0, 1, 1), "image=two%20%26%20more&layer=2&patch=0,1&map=words&lens=logit");
});

test("a link's map holds whatever else it says; only the none of a model's page gives way to words", () => {
  for (const map of ["none", "words", "agreement"]) {
    for (const hash of [`map=${map}`, `map=${map}&depth=0.5`, `patch=0,1&map=${map}`, `layer=2&depth=0.5&map=${map}`]) {
      assert.equal(parseCompare(hash, page, fresh).map, map, hash);
    }
  }
  assert.equal(parseCompare("models=c&layer=3&map=agreement", page, fresh).map, "agreement");
  assert.equal(parseCompare("models=c&layer=3&map=none", page, { ...fresh, map: "agreement" }).map, "agreement");
});

test("what a link asks for in vain is named, and nothing else changes", () => {
  const hash = "models=nobody,c&image=no&depth=7&lens=x&map=x&first=3&in=d&patch=5,5";
  const state = parseCompare(hash, page, fresh);
  assert.deepEqual(state, { ...fresh, models: [1, 0] });
  const said = whatCompareMisses(hash, page, state);
  assert.equal(said, "This link asks for model nobody, image no, patch 5,5, which this page does not have.");
});

test("a model is never beside itself, and no more stand side by side than may", () => {
  assert.deepEqual(parseCompare("models=c,c,d,a%2Bb,c", page, fresh).models, [1, 2, 0]);
  assert.deepEqual(parseCompare("models=c,d,a%2Bb", { ...page, most: 2 }, fresh).models, [1, 2]);
});

test("chance is told by other images that all the models saw", () => {
  assert.deepEqual(chanceImages(page, [0, 1], 1), [2, 0]);
  assert.deepEqual(chanceImages(page, [0, 2], 0), [2]);
  assert.deepEqual(chanceImages({ ...page, images: [{}] }, [0, 1], 0), []);
});

test("a page's facts can name no file but a data file beside it", async () => {
  for (const src of ["https://example.org/a.js", "../a.js", "compare/../../a.js", "compare/a/b.html"]) {
    const canvas = { src, key: "c" };
    const one = { image: 0, geometry: 0, src, key: "k", canvas };
    const { load } = imageLoader(comparePage({ ...page, models: [{ ...page.models[0], files: [one] }] }));
    await assert.rejects(load(0, 0, { shown: false }), /cannot be a data file/, src);
    await assert.rejects(pictureText(canvas), /cannot be a data file/, src);
  }
});

test("a model without an image is not loaded", async () => {
  assert.equal(await imageLoader(page).load(2, 1), null);
});

test("the legend weighs pictures alike, however fine their grids", () => {
  const map = (groups) => ({ groups, fills: groups.map((word) => `colour of ${word}`) });
  const legend = sharedLegend([map(["dog", "sky"]), map(["sky", "sky", "sky", null])]);
  assert.deepEqual(
    legend.map(({ key, share, colour }) => [key, share, colour]),
    [
      ["sky", 0.625, "colour of sky"],
      ["dog", 0.25, "colour of dog"],
    ],
  );
});
