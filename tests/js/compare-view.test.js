import assert from "node:assert/strict";
import { test } from "node:test";
import { chanceTeller } from "#viewer/compare-ahead";
import { comparePage } from "#viewer/compare-files";
import { compareViews } from "#viewer/compare-view";

const GEOMETRY = { width: 10, height: 10, rows: 1, cols: 1, cellWidth: 10, cellHeight: 10, gridX: 0, gridY: 0, affine: [] };
const model = (numLayers, visionLayers) => ({
  numLayers,
  visionLayers,
  lenses: ["logit"],
  files: [0, 1].map((image) => ({ image, geometry: 0, src: "", key: "", canvas: null })),
  absentImages: [],
  absences: [],
});
const page = comparePage({
  models: [model(4, [0, 2, 4]), model(2, [0, 2])],
  images: [
    { width: 10, height: 10 },
    { width: 10, height: 10 },
  ],
  geometries: [GEOMETRY],
  frequentWords: ["dog", "sky"],
});
const palette = { word: { lightness: ["0.7"], chroma: ["0.1"] }, quiet: "grey", ramp: ["black", "white"] };

/** One cell that says another word in each layer, and how often it was asked. */
function reads(...words) {
  const asked = [];
  const data = {
    top: (_, layer) => {
      asked.push(layer);
      return { token: words[layer] };
    },
    entries: (_, layer) => ({ entries: Int32Array.of(layer), ranks: 1, contextual: false }),
    tables: { tokens: words.map((token) => ({ token })), contexts: [] },
  };
  return { asked, found: { loaded: { data, src: "" }, problem: "" } };
}
const state = { models: [0, 1], image: 0, depth: 0, lens: "logit", map: "words", first: 1 };

test("a step of depth reads only the models that it moves, and a step back reads nothing", () => {
  const [first, second] = [reads("!", "?", "."), reads("!", ".")];
  const views = compareViews(page, palette);
  const at = (depth) => views.view({ ...state, depth }, [first.found, second.found]);
  const [start, on, back] = [at(0), at(0.5), at(0)];
  assert.deepEqual(on.columns.map(({ layer }) => layer), [1, 0]);
  assert.notEqual(on.columns[0].map, start.columns[0].map);
  assert.equal(on.columns[1].map, start.columns[1].map);
  assert.equal(back.columns[0].map, start.columns[0].map);
  assert.deepEqual([first.asked, second.asked], [[0, 1], [0]]);
});

test("agreement is that of the layers shown, also when they come back", () => {
  const [first, second] = [reads("dog", "sky", "sky"), reads("dog", "sea")];
  const views = compareViews(page, palette);
  const share = (depth) =>
    views.view({ ...state, map: "agreement", depth }, [first.found, second.found]).columns[0].agreement.total;
  assert.deepEqual(share(0), { agreeing: 1, compared: 1 });
  assert.deepEqual(share(0.5), { agreeing: 0, compared: 1 });
  assert.deepEqual(share(0), { agreeing: 1, compared: 1 });
});

test("chance is worked out once, and not for a view that is gone", async () => {
  const views = compareViews(page, palette);
  const found = [reads("dog", "dog", "dog").found, reads("dog", "dog").found];
  const view = views.view({ ...state, map: "none" }, found);
  let [loads, shown] = [0, view];
  const said = [];
  const tell = chanceTeller(
    views,
    async (index) => ((loads += 1), found[index]),
    (one) => one === shown,
    (count) => said.push(count),
  );
  await tell(view);
  assert.deepEqual(said, [null, { agreeing: 2, compared: 2 }]);
  await tell({ ...view });
  assert.deepEqual([said.length, loads], [3, 2]);
  const gone = { ...view, state: { ...view.state, first: 5 } };
  shown = view;
  await tell(gone);
  assert.deepEqual(said.slice(3), [null]);
});
