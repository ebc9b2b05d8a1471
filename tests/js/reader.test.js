import assert from "node:assert/strict";
import { test } from "node:test";

import { Reader } from "#viewer/reader";

const canvas = (rows, cols) => ({
  width: cols * 10,
  height: rows * 10,
  rows,
  cols,
  cellWidth: 10,
  cellHeight: 10,
  gridX: 0,
  gridY: 0,
});
const data = { neighbors: () => [], judgment: () => null, statistics: () => null };
const palette = { word: { lightness: ["0.8"], chroma: ["0.1"] }, quiet: "grey", ramp: ["a"], verdict: {} };

/** A reader over a page of two images with different grids; logs what it writes and shows. */
async function openReader(hash = "#image=wide&layer=2&patch=1,3", image = async () => data) {
  const page = {
    model: { id: "m", title: "M", numLayers: 4 },
    visionLayers: [0, 2, 4],
    textLayers: [],
    lenses: [{ id: "logit", title: "LogitLens", scoreName: "logit" }],
    images: [
      { id: "wide", caption: null, generatedCaption: null, canvas: canvas(2, 4), regions: [] },
      { id: "tall", caption: null, generatedCaption: null, canvas: canvas(8, 2), regions: [] },
    ],
    image,
    picture: async () => {},
    absence: () => null,
  };
  const log = { replaced: [], pushed: [], views: [], hovers: [], said: [] };
  const link = { replace: (to) => log.replaced.push(to), push: (to) => log.pushed.push(to) };
  const reader = new Reader(page, palette, link);
  await reader.open(hash, {
    state: (view) => log.views.push(view),
    hover: (view) => log.hovers.push(view),
    say: (sentence) => log.said.push(sentence),
  });
  return { reader, log };
}

test("a link opens as it says and is written back", async () => {
  const { log } = await openReader();
  assert.equal(log.views.at(-1).cell, 7);
  assert.deepEqual(log.replaced, ["image=wide&layer=2&patch=1,3&map=none&lens=logit"]);
});

test("a link reads its own image only; without a link the first is read", async () => {
  for (const [hash, expected] of [["#image=tall&layer=2", [1]], ["#layer=2", [0]], ["", [0]], ["#image=gone", [0]]]) {
    const asked = new Set();
    const { log } = await openReader(hash, async (image) => (asked.add(image), data));
    assert.deepEqual([...asked], expected);
    assert.equal(log.views.at(-1).state.image, expected[0]);
  }
});

const failing = (/** @type {number[]} */ images) => async (/** @type {number} */ image) => {
  if (images.includes(image)) throw new Error(`no file ${image}`);
  return data;
};

test("a link to an image that cannot be read opens the first one and says why", async () => {
  const { log } = await openReader("#image=tall&layer=2", failing([1]));
  assert.equal(log.views.at(-1).state.image, 0);
  assert.equal(log.said.at(-1), "no file 1");
  assert.match(log.replaced.at(-1), /^image=wide&/);
});

test("where no image can be read, opening fails once and for all", async () => {
  await assert.rejects(openReader("#image=tall&layer=2", failing([0, 1])), /no file 0/);
  await assert.rejects(openReader("#layer=2", failing([0])), /no file 0/);
  await assert.rejects(openReader("", failing([0])), /no file 0/);
});

test("hovering is shown and not written; leaving shows the pinned patch", async () => {
  const { reader, log } = await openReader();
  reader.hover(2);
  reader.hover(2);
  reader.hover(null);
  assert.deepEqual(
    log.hovers.map(({ cell }) => cell),
    [2, 7],
  );
  assert.equal(log.replaced.length, 1);
});

test("choosing the pinned patch again lets go of it; others stay", async () => {
  const { reader, log } = await openReader();
  await reader.pin(7);
  assert.equal(log.views.at(-1).state.cell, null);
  await reader.pin(3);
  await reader.pin(5);
  assert.deepEqual(log.views.at(-1).state.pins, [3, 5]);
  assert.match(log.replaced.at(-1), /patch=1,1&pins=0,3;1,1/);
  await reader.unpin(3);
  assert.equal(log.views.at(-1).state.cell, 5);
  assert.deepEqual(log.views.at(-1).state.pins, [null, 5]);
});

test("the page's own choice makes room for the reader's first pin", async () => {
  const { reader, log } = await openReader("");
  const chosen = log.views.at(-1).state.cell;
  await reader.pin(chosen + 1);
  assert.deepEqual(log.views.at(-1).state.pins, [chosen + 1]);
  await reader.pin(chosen);
  assert.deepEqual(log.views.at(-1).state.pins, [chosen + 1, chosen]);
});

test("layers and images stop at their ends, and only images become entries of the history", async () => {
  const { reader, log } = await openReader();
  for (const step of [1, 1, 1]) await reader.stepLayer(step);
  assert.equal(log.views.at(-1).state.layer, 2);
  assert.deepEqual(log.pushed, []);
  await reader.stepImage(1);
  assert.deepEqual(log.pushed, ["image=tall&layer=4&patch=6,1&map=none&lens=logit"]);
});

test("the pin goes to the same place of another grid", async () => {
  const { reader, log } = await openReader();
  await reader.goToImage(1);
  assert.equal(log.views.at(-1).cell, 6 * 2 + 1);
});

test("walking moves the cursor and leaves pins alone; without a pin it starts at the focus, else in the middle", async () => {
  const { reader, log } = await openReader();
  assert.equal(reader.walk("ArrowLeft"), 6);
  assert.equal(reader.walk("ArrowUp"), 2);
  const { state, cell } = log.views.at(-1);
  assert.deepEqual([cell, state.cursor, state.cell, state.pins], [2, 2, 7, [7]]);
  assert.match(log.replaced.at(-1), /&patch=1,3&read=0,2&/);
  await reader.clear();
  assert.equal(log.views.at(-1).cell, null);
  assert.equal(reader.walk("ArrowUp", 4), 0);
  await reader.clear();
  assert.equal(reader.walk("ArrowUp"), 1);
});

test("the cursor is gone once it is back at the pin that is read", async () => {
  const { reader, log } = await openReader();
  reader.walk("ArrowLeft");
  assert.equal(reader.walk("ArrowRight"), 7);
  assert.equal(log.views.at(-1).state.cursor, null);
  assert.doesNotMatch(log.replaced.at(-1), /read=/);
});

test("what is under the cursor is pinned and unpinned, and stays the patch that is read", async () => {
  const { reader, log } = await openReader();
  await reader.pinHere(reader.walk("ArrowLeft"));
  assert.deepEqual(log.views.at(-1).state.pins, [7, 6]);
  assert.equal(log.views.at(-1).cell, 6);
  await reader.pinHere(6);
  assert.deepEqual(log.views.at(-1).state.pins, [7]);
  assert.equal(log.views.at(-1).cell, 6);
  assert.equal(reader.walk("ArrowLeft"), 5);
  reader.hover(2);
  await reader.readPin(7);
  reader.hover(null);
  assert.equal(log.views.at(-1).state.cursor, null);
});

test("a hit of a search is read and moves no pin, and a link keeps it", async () => {
  const { reader, log } = await openReader();
  await reader.goTo({ image: 0, layer: 2, cell: 1 });
  const { state, cell } = log.views.at(-1);
  assert.deepEqual([cell, state.layer, state.cell, state.pins], [1, 2, 7, [7]]);
  const again = await openReader(`#${log.replaced.at(-1)}`);
  assert.equal(again.log.views.at(-1).cell, 1);
  assert.deepEqual(again.log.views.at(-1).state.pins, [7]);
});

test("an image that comes late does not replace the one asked for after it", async () => {
  const waiting = [];
  let slow = false;
  const { reader, log } = await openReader("#image=wide", (index) =>
    slow && index === 1 ? new Promise((resolve) => waiting.push(() => resolve(data))) : Promise.resolve(data),
  );
  slow = true;
  const late = reader.goToImage(1);
  await reader.goToImage(0);
  for (const arrive of waiting) arrive();
  await late;
  assert.equal(log.views.at(-1).image.id, "wide");
});

test("a stale link is named, when opened and when followed, until the reader goes on", async () => {
  const { reader, log } = await openReader("#image=gone");
  assert.match(log.said.at(-1), /image gone/);
  await reader.stepLayer(1);
  assert.equal(log.said.at(-1), "");
  await reader.follow("#layer=3");
  assert.match(log.said.at(-1), /vision layer 3/);
  assert.match(log.replaced.at(-1), /layer=2/);
  await reader.follow("#layer=4");
  assert.equal(log.said.at(-1), "");
});

test("that a fifth pin is a moved one is said once", async () => {
  const { reader, log } = await openReader("#image=wide&layer=2&patch=0,0&pins=0,0;0,1;0,2;0,3");
  await reader.pin(7);
  assert.deepEqual(log.views.at(-1).state.pins, [7, 1, 2, 3]);
  assert.match(log.said.at(-1), /four pins/);
  await reader.pin(6);
  assert.equal(log.said.at(-1), "");
});

test("a region grows from the pin, keeps what is counted, and goes along to another grid", async () => {
  const { reader, log } = await openReader("#image=wide&layer=2&patch=0,1&region=0,0;0,0&region-ranks=all");
  assert.equal(reader.extend("ArrowDown"), 5);
  assert.deepEqual(log.views.at(-1).state.region, { from: 1, to: 5, lists: true });
  assert.equal(reader.extend("End"), 7);
  assert.match(log.replaced.at(-1), /&region=0,1;1,3&region-ranks=all&/);
  await reader.goToImage(1);
  assert.deepEqual(log.views.at(-1).state.region, { from: 2 * 2, to: 6 * 2 + 1, lists: true });
  await reader.select({ from: 0, to: 3 });
  assert.deepEqual(log.views.at(-1).state.region, { from: 0, to: 3, lists: true });
  await reader.clear();
  assert.equal(log.views.at(-1).state.region, null);
});
