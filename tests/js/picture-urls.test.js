import assert from "node:assert/strict";
import { test } from "node:test";
import { PictureUrls } from "#viewer/picture-urls";

/** Asks for pictures one after the other and waits until what is let go is let go. */
async function ask(urls, ...keys) {
  for (const key of keys) await urls.get(key, async () => `blob:${key}`);
  await new Promise((resolve) => setTimeout(resolve));
}

/** What is revoked from now on. */
function revoked(context) {
  const gone = [];
  context.mock.method(URL, "revokeObjectURL", (url) => gone.push(url));
  return gone;
}

test("a picture on screen is not revoked, however many are asked for after it", async (context) => {
  const gone = revoked(context);
  const urls = new PictureUrls(2);
  await ask(urls, "a", "b");
  urls.onScreen(["blob:a", "blob:b"]);
  await ask(urls, "c", "d", "e", "f");
  assert.deepEqual(gone, ["blob:c", "blob:d"]);
  urls.onScreen(["blob:b", "blob:f"]);
  assert.deepEqual(gone, ["blob:c", "blob:d", "blob:a"]);
  urls.onScreen(["blob:f"]);
  urls.onScreen(["blob:f"]);
  assert.deepEqual(gone, ["blob:c", "blob:d", "blob:a", "blob:b"]);
});

test("a picture that was let go is made anew, and one that fails is asked for again", async (context) => {
  const gone = revoked(context);
  const urls = new PictureUrls(1);
  let made = 0;
  const make = async () => `blob:${(made += 1)}`;
  assert.equal(await urls.get("a", make), "blob:1");
  assert.equal(await urls.get("a", make), "blob:1");
  await ask(urls, "b");
  assert.deepEqual(gone, ["blob:1"]);
  assert.equal(await urls.get("a", make), "blob:2");
  await assert.rejects(urls.get("c", () => Promise.reject(new Error("no file"))));
  assert.equal(await urls.get("c", make), "blob:3");
});
