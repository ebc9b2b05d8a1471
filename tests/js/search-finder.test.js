import assert from "node:assert/strict";
import { test } from "node:test";

import { Finder } from "#viewer/finder";
import { bruteForce, randomPage } from "./search-fixture.js";

const FIND = { text: "dog", by: "word", where: "tokens", rank: 3, from: 0, to: 1, lens: null };
const total = ({ hits }) => hits.reduce((sum, found) => sum + (found ? found.counts.reduce((a, b) => a + b, 0) : 0), 0);
const settled = async (finder, find = FIND) => {
  while (!finder.find(find, 0).settled) await new Promise((resolve) => setTimeout(resolve, 1));
  return finder.find(find, 0);
};

test("results grow image by image, the one on display first, and settle", async () => {
  const page = randomPage(11, false);
  const asked = [];
  page.image = async (index) => (asked.push(index), page.data[index]);
  const finder = new Finder(page);
  let told = 0;
  finder.grown = () => (told += 1);
  const first = finder.find(FIND, 2);
  assert.deepEqual([first.read, first.settled, total(first)], [0, false, 0]);
  const last = await settled(finder);
  assert.deepEqual(asked, [2, 0, 1, 3]);
  assert.equal(last.read, 4);
  assert.equal(total(last), bruteForce(page, FIND).length);
  assert.ok(told >= 1);
  assert.equal(finder.find(FIND, 0), last, "the same answer while nothing changes");
});

test("another search answers at once from what is read", async () => {
  const page = randomPage(12, true);
  const finder = new Finder(page);
  await settled(finder);
  const find = { ...FIND, text: "d", by: "prefix", where: "sentences", rank: 2 };
  assert.equal(total(finder.find(find, 0)), bruteForce(page, find).length);
});

test("a bad pattern says so, and the next search is none the worse", async () => {
  const page = randomPage(13, true);
  const finder = new Finder(page);
  await settled(finder);
  assert.match(finder.find({ ...FIND, by: "regex", text: "(" }, 0).problem, /unterminated|group/i);
  const good = finder.find({ ...FIND, by: "regex", text: "^d" }, 0);
  assert.deepEqual([good.problem, total(good)], ["", bruteForce(page, { ...FIND, by: "regex", text: "^d" }).length]);
});

test("an image that cannot be read is counted as such", async () => {
  const page = randomPage(14, true);
  page.image = async (index) => (index === 1 ? Promise.reject(new Error("gone")) : page.data[index]);
  const { failed, read } = await settled(new Finder(page));
  assert.deepEqual([failed, read], [1, 3]);
});

test("a long search goes on in slices", async () => {
  const page = randomPage(15, true);
  let time = 0;
  const finder = new Finder(page, { now: () => (time += 20), later: (work) => setTimeout(work, 0) });
  await settled(finder);
  const find = { ...FIND, text: "cat" };
  const first = finder.find(find, 0);
  assert.ok(!first.settled && first.hits.filter(Boolean).length < 4);
  assert.equal(total(await settled(finder, find)), bruteForce(page, find).length);
});
