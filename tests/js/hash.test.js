import assert from "node:assert/strict";
import { test } from "node:test";

import { formatHash, parseHash, whatIsMissing } from "#viewer/hash";
import { MAP_IDS } from "#viewer/maps";

const grid = (rows, cols) => ({
  width: 10,
  height: 10,
  rows,
  cols,
  cellWidth: 1,
  cellHeight: 1,
  gridX: 0,
  gridY: 0,
});
const page = {
  images: [
    { id: "scene-0", canvas: grid(3, 4) },
    { id: "a&b=c #1%,+ü/🦊", canvas: grid(2, 9) },
  ],
  visionLayers: [0, 2, 7],
  lenses: [{ id: "embedding" }, { id: "logit" }, { id: "contextual" }],
};
const START = {
  image: 0,
  layer: 1,
  cell: null,
  pins: [],
  cursor: null,
  region: null,
  map: "none",
  lens: "contextual",
  ranking: "cosine",
  judge: null,
  only: null,
  grid: true,
  multiples: false,
  defaults: "show",
  wordsOnly: false,
  find: null,
};

test("every state comes back from its own hash", () => {
  for (const image of [0, 1]) {
    for (const layer of [0, 1, 2]) {
      for (const map of MAP_IDS) {
        for (const cell of [null, 0, 11]) {
          for (const only of [null, "dog", "a&b=#", ""]) {
            const pins = cell === null ? [] : [cell];
            const state = { ...START, image, layer, cell, pins, map, lens: "logit", only, grid: cell !== 0 };
            assert.deepEqual(parseHash(`#${formatHash(state, page)}`, page, START), state);
          }
        }
      }
    }
  }
});

test("a judge other than the first is in the link; the first and strangers are not", () => {
  const judged = { ...page, judges: ["ada", "vlm"], judge: "vlm" };
  const state = { ...START, judge: "ada" };
  assert.match(formatHash(state, judged), /&judge=ada/);
  assert.deepEqual(parseHash(formatHash(state, judged), judged, START), state);
  assert.doesNotMatch(formatHash(START, judged), /judge/);
  assert.equal(parseHash("#judge=vlm", judged, START).judge, null);
  assert.equal(parseHash("#judge=bob", judged, START).judge, null);
  assert.match(whatIsMissing("#judge=bob", judged, START), /judge bob/);
  assert.equal(whatIsMissing("#judge=vlm", judged, START), "");
});

for (const [name, change] of [
  ["four pins, one slot empty", { cell: 11, pins: [3, null, 11, 0] }],
  ["a patch that is read beside the pin", { cell: 11, pins: [11], cursor: 2 }],
  ["a patch that is read without a pin", { cursor: 7 }],
  ["a region", { region: { from: 11, to: 0 } }],
  ["all layers at once", { multiples: true }],
  ["dimmed default tokens", { defaults: "dim" }],
  ["words only", { wordsOnly: true }],
  ["a search", { find: { text: "a&b; ü", by: "regex", where: "sentences", rank: 2, from: 1, to: 2, lens: "logit" } }],
  ["a search for nothing yet", { find: { text: "", by: "word", where: "tokens", rank: 5, from: 0, to: 2, lens: null } }],
]) {
  test(`${name} comes back from its own hash`, () => {
    const state = { ...START, ...change };
    assert.deepEqual(parseHash(formatHash(state, page), page, START), state);
  });
}

test("what a link says of pins twice or beside the grid is left out", () => {
  const { cell, pins } = parseHash("patch=1,2&pins=0,0;0,0;9,9;2,3;1,1", page, START);
  assert.deepEqual({ cell, pins }, { cell: 6, pins: [0, 6, null, 11] });
  assert.deepEqual(parseHash("pins=;;;", page, START).pins, []);
  assert.equal(parseHash("region=0,0;9,9", page, START).region, null);
});

test("a link speaks of ids, depths, rows and columns", () => {
  const state = { ...START, cell: 6, layer: 2, map: "words" };
  assert.equal(formatHash(state, page), "image=scene-0&layer=7&patch=1,2&map=words&lens=contextual");
});

for (const [name, hash] of [
  ["nothing", ""],
  ["an unknown image", "image=nowhere"],
  ["a patch outside the grid", "patch=3,0"],
  ["a patch that is no place", "patch=1.5,x"],
  ["an unknown map and lens", "map=constructor&lens=__proto__"],
  ["a layer that is no number", "layer=NaN"],
  ["broken escapes", "image=%E0%A4%A&%"],
]) {
  test(`${name} leaves the state as it was`, () => assert.deepEqual(parseHash(hash, page, START), START));
}

test("a layer that is not stored leads to the nearest one", () => {
  assert.equal(parseHash("layer=6", page, START).layer, 2);
});

test("a patch counts in the grid of its own image", () => {
  assert.equal(parseHash("image=a%26b%3Dc%20%231%25,%2B%C3%BC/%F0%9F%A6%8A&patch=1,8", page, START).cell, 17);
  assert.equal(parseHash("image=scene-0&patch=1,8", page, START).cell, null);
});

const missing = (hash) => whatIsMissing(hash, page, parseHash(hash, page, START));
const sentence = (what) => `This link asks for ${what}, which this page does not have.`;

for (const [hash, what] of [
  ["#image=report-9999", "image report-9999"],
  ["layer=6", "vision layer 6"],
  ["layer=NaN", "vision layer NaN"],
  ["layer=", "vision layer ∅"],
  ["patch=3,0", "patch 3,0"],
  ["patch=0,0&read=3,0", "patch 3,0"],
  ["image=scene-0&patch=1,8", "patch 1,8"],
  ["map=bogus", "map bogus"],
  ["map=constructor&lens=zzz", "map constructor, lens zzz"],
  ["region=9,9;0,0", "region 9,9;0,0"],
  ["region=0,0", "region 0,0"],
  ["pins=0,0;;9,9;1,8", "pin 9,9, pin 1,8"],
  ["image=%00&layer=99&patch=x", "image ⟨U+0000⟩, vision layer 99, patch x"],
]) {
  test(`what ${hash} asks for in vain is said`, () => assert.equal(missing(hash), sentence(what)));
}

test("nothing is said of a link that the page can show, however little it asks for", () => {
  for (const hash of ["", "#", "image=scene-0", "layer=0", "layer=7&patch=2,3&map=words", "region=0,0;2,3&pins=;0,0"]) {
    assert.equal(missing(hash), "", hash);
  }
});

test("a map that the page has nothing for is named, and another one shown", () => {
  const bare = { ...page, judges: [], textLayers: [] };
  for (const map of ["verdict", "text-layer"]) {
    const state = parseHash(`#map=${map}`, bare, START);
    assert.equal(state.map, START.map);
    assert.match(whatIsMissing(`#map=${map}`, bare, state), new RegExp(`map ${map}, which`));
    assert.equal(parseHash(`#map=${map}`, { ...page, judges: ["j"], textLayers: [1] }, START).map, map);
  }
});

test("the ranking is in the link where the page has both, and told where it has not", () => {
  const both = { ...page, byPercentile: {} };
  const state = { ...START, ranking: "percentile" };
  assert.match(formatHash(state, both), /&ranking=percentile/);
  assert.deepEqual(parseHash(formatHash(state, both), both, START), state);
  assert.doesNotMatch(formatHash(START, both), /ranking/);
  assert.equal(parseHash("#ranking=percentile", page, START).ranking, "cosine");
  assert.equal(parseHash("#ranking=constructor", both, state).ranking, "cosine");
  assert.match(whatIsMissing("#ranking=percentile", page, START), /ranking of LN-Lens percentile/);
  assert.match(whatIsMissing("#ranking=__proto__", both, START), /ranking of LN-Lens __proto__/);
  assert.equal(whatIsMissing("#ranking=percentile", both, state), "");
});
