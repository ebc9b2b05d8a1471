import assert from "node:assert/strict";
import { test } from "node:test";

import { TABLES } from "#viewer/export-tables";
import { fileName } from "#viewer/file-names";
import { shownTokens } from "#viewer/shown-tokens";

const neighbour = (token) => ({
  rank: 1,
  token,
  tokenId: 7,
  score: 0.12345,
  probability: null,
  textLayer: 4,
  context: { text: "a dog", start: 2, end: 5 },
});
const view = (cell, pins) => ({
  page: {
    study: { id: "toy" },
    model: { id: "olmo" },
    visionLayers: [0, 8],
    lenses: [{ id: "contextual", scoreName: "cosine" }],
  },
  image: { id: "scene", canvas: { rows: 2, cols: 3 } },
  state: { layer: 1, cell, pins },
  shown: { list: (lens, layer, at) => [neighbour(`${lens} ${layer} ${at}`)], without: [] },
});
const [lists, layers, region, search, onset] = TABLES;
const tokenOf = (row) => row[8].text;

test("the lists are those of the patch that is read, then of the other pins", () => {
  const { columns, rows } = lists.table(view(4, [1, null, 4]));
  assert.deepEqual(rows.map(tokenOf), ["contextual 1 4", "contextual 1 1"]);
  const row = Object.fromEntries(columns.map((name, at) => [name, rows[0][at]]));
  assert.deepEqual(row, {
    study: "toy",
    model: "olmo",
    image: "scene",
    vision_layer: 8,
    row: 1,
    column: 1,
    lens: "contextual",
    rank: 1,
    token_json: { text: "contextual 1 4" },
    token_id: 7,
    score: 0.123,
    score_is: "cosine",
    probability: null,
    text_layer: 4,
    sentence_json: { text: "a dog" },
    token_start: 2,
    token_end: 5,
    left_out: "",
  });
});

test("the layer table has every stored layer of the patch that is read", () => {
  assert.deepEqual(layers.table(view(4, [4])).rows.map(tokenOf), ["contextual 0 4", "contextual 1 4"]);
});

test("tokens that the page leaves out are not saved, the others keep their ranks", () => {
  const stored = ["the", " dog", "...", " cat"].map((token, at) => ({ ...neighbour(token), rank: at + 1 }));
  const at = view(4, [4]);
  const page = {
    ...at.page,
    model: { id: "olmo", numLayers: 9 },
    defaultTokens: [{ lens: "contextual", layer: 1, token: "the", images: 9, of: 9, share: 1, kind: "default" }],
  };
  const data = { neighbors: () => stored };
  const saved = (choice, table) => {
    const { columns, rows } = table.table({ ...at, page, shown: shownTokens(page, choice, data) });
    return rows.map((row) => `${row[3]}: ${row[7]} ${tokenOf(row).trim()}, without ${row[columns.indexOf("left_out")]}`);
  };
  const hidden = "without default tokens, non-words";
  assert.deepEqual(saved({ defaults: "hide", wordsOnly: true }, lists), [`8: 2 dog, ${hidden}`, `8: 4 cat, ${hidden}`]);
  assert.deepEqual(saved({ defaults: "hide", wordsOnly: true }, layers), [
    `0: 1 the, ${hidden}`,
    `0: 2 dog, ${hidden}`,
    `0: 4 cat, ${hidden}`,
    `8: 2 dog, ${hidden}`,
    `8: 4 cat, ${hidden}`,
  ]);
  assert.equal(saved({ defaults: "dim", wordsOnly: false }, lists).length, 4);
});

test("what is not shown is not offered", () => {
  assert.equal(region.title({ ...view(4, [4]), findings: null }), null);
  assert.equal(search.title({ ...view(4, [4]), findings: null }), null);
  assert.equal(lists.title(view(null, [])), null);
  assert.equal(layers.title(view(null, [])), null);
  assert.equal(lists.title(view(4, [4])), "This patch");
  assert.equal(lists.title(view(4, [4, 1])), "These 2 patches");
});

test("files are named after ids and nothing else", () => {
  assert.equal(fileName(["toy", "olmo+clip", 3], "png"), "toy-olmo+clip-3.png");
  assert.equal(fileName(["../../x", "a/b\\c:\u202egnp.exe"], "csv"), ".._.._x-a_b_c__gnp.exe.csv");
  assert.ok(fileName(["x".repeat(500)], "svg").length <= 204);
});

test("a region's words are counted per lens, spellings and all", () => {
  const first = (lens, layer, cell) => ({ token: [" dog", "Dog", " cat", " dog"][cell] ?? " sky", score: 0.5, rank: 1 });
  const at = { ...view(null, []), shown: { first, without: ["non-words"] } };
  at.state = { ...at.state, region: { from: 4, to: 0 } };
  assert.equal(region.title(at), "The region");
  const { columns, rows } = region.table(at);
  const read = rows.map((row) => Object.fromEntries(columns.map((name, place) => [name, row[place]])));
  assert.deepEqual(
    read.map(({ token_json, spellings_json, patches, share }) => [token_json.text, spellings_json.text, patches, share]),
    [
      [" dog", [" dog", "Dog"], 3, 0.75],
      [" sky", [" sky"], 1, 0.25],
    ],
  );
  assert.equal(read[0].left_out, "non-words");
  assert.deepEqual([read[0].first_row, read[0].last_row, read[0].last_column], [0, 1, 1]);
});

test("a search's table has a row for each patch with a hit", () => {
  const hits = { cells: 6, counts: new Uint8Array(12) };
  hits.counts[2] = 1;
  hits.counts[6 + 4] = 3;
  const find = { text: "=dog", by: "word", where: "tokens", rank: 5, lens: null, from: 0, to: 1 };
  const at = { ...view(null, []), findings: { find, found: { hits: [hits] }, counted: { total: 4 } } };
  at.page = { ...at.page, images: [at.image] };
  assert.equal(search.title(at), "The search");
  assert.deepEqual(
    search.table(at).rows.map((row) => row.slice(6)),
    [
      ["scene", "contextual", 0, 0, 2, 1],
      ["scene", "contextual", 8, 1, 1, 3],
    ],
  );
  find.from = 1;
  assert.equal(search.table(at).rows.length, 1);
});

test("the onset's table has the counts of each group of images, by lens and layer", () => {
  const group = (images, counts) => ({ images, cells: 6 * images, counts });
  const none = group(0, [0, 0]);
  const groups = { shows: group(1, [2, 0]), without: group(2, [0, 1]), unclear: none, undescribed: none };
  const find = { text: "dog", by: "word", rank: 5, lens: null };
  const findings = { find, hasOnset: true, counted: { total: 4 }, countedOnsets: () => [groups] };
  const at = { ...view(null, []), findings };
  assert.equal(onset.title(at), "Its onset");
  assert.deepEqual(
    onset.table(at).rows.map((row) => row.slice(5)),
    [
      ["contextual", "show it", 1, 6, 0, 2],
      ["contextual", "show it", 1, 6, 8, 0],
      ["contextual", "do not show it", 2, 12, 0, 0],
      ["contextual", "do not show it", 2, 12, 8, 1],
    ],
  );
  assert.equal(onset.title({ ...at, findings: { ...findings, hasOnset: false } }), null);
  find.lens = "logit";
  assert.equal(onset.table(at).rows.length, 0);
});
