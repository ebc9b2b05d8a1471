import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { loadImageFile } from "#viewer/image-files";

/** Scripts that the page was given, oldest first. */
let scripts = [];

/** The little of a document that loading needs; a script does nothing until a test says so. */
const document = {
  baseURI: "file:///sites/mine/models/m.html",
  head: { append: (script) => scripts.push(script) },
  querySelector: () => ({ nonce: "secret" }),
  createElement() {
    const listeners = {};
    return {
      addEventListener: (name, listener) => Object.assign(listeners, { [name]: listener }),
      fire: (name) => listeners[name](),
      remove() {
        this.removed = true;
      },
    };
  },
};

beforeEach(() => {
  scripts = [];
  globalThis.document = document;
});

/** Run the newest script as a browser would: `call` is what its text does. */
function run(call) {
  call?.();
  scripts.at(-1).fire("load");
}

test("a file's blocks arrive, by a script with the page's nonce that is removed again", async () => {
  const loading = loadImageFile("m/00012.js", "m/12 abc");
  assert.deepEqual([scripts[0].src, scripts[0].nonce], ["m/00012.js", "secret"]);
  assert.equal(scripts[0].charset, "utf-8"); // where a server says nothing, a page in a frame may be read otherwise
  run(() => globalThis.vlensImage("m/12 abc", { "payload-image": "text" }));
  assert.deepEqual(await loading, { "payload-image": "text" });
  assert.ok(scripts[0].removed);
});

test("a file is asked for once while it is under way, and again later", async () => {
  const both = [loadImageFile("m/00001.js", "m/1"), loadImageFile("m/00001.js", "m/1")];
  assert.equal(scripts.length, 1);
  run(() => globalThis.vlensImage("m/1", { a: "1" }));
  assert.deepEqual(await Promise.all(both), [{ a: "1" }, { a: "1" }]);
  const again = loadImageFile("m/00001.js", "m/1");
  assert.equal(scripts.length, 2);
  run(() => globalThis.vlensImage("m/1", { a: "2" }));
  assert.deepEqual(await again, { a: "2" });
});

test("two files under way do not mix", async () => {
  const [first, second] = [loadImageFile("m/00001.js", "m/1"), loadImageFile("m/00002.js", "m/2")];
  run(() => globalThis.vlensImage("m/2", { a: "2" }));
  globalThis.vlensImage("m/1", { a: "1" });
  scripts[0].fire("load");
  assert.deepEqual([(await first).a, (await second).a], ["1", "2"]);
});

test("a file that is missing is named", async () => {
  const loading = loadImageFile("m/00012.js", "m/12");
  scripts[0].fire("error");
  await assert.rejects(loading, {
    message: "Image 12's data file models/m/00012.js cannot be read; was the page copied without its folder?",
  });
  assert.equal(scripts.length, 1);
  const again = loadImageFile("m/00012.js", "m/12");
  run(() => globalThis.vlensImage("m/12", { a: "1" }));
  assert.deepEqual(await again, { a: "1" });
});

test("a file of another build is refused", async () => {
  const loading = loadImageFile("m/00012.js", "m/12 new");
  run(() => globalThis.vlensImage("m/12 old", { a: "1" }));
  await assert.rejects(loading, /Image 12's data file models\/m\/00012.js is of another build than this page/);
});

test("what the generator names is asked for", async () => {
  const names = ["m+b/00012.js", "models/a.b-c/00001.js", "compare/m_2/100000.js", "canvases/0123456789abcdef.js", "../canvases/0123456789abcdef.js"];
  for (const src of names) {
    const loading = loadImageFile(src, src);
    assert.equal(scripts.at(-1).src, src);
    run(() => globalThis.vlensImage(src, {}));
    await loading;
  }
});

test("nothing else is asked for, whatever a page's facts say", async () => {
  const others = [
    "http://127.0.0.1:9/evil.js",
    "//evil.example/00001.js",
    "/m/00001.js",
    "../m/00001.js",
    "m/../00001.js",
    "models/../00001.js",
    "a..b/00001.js",
    "m//00001.js",
    "m\\00001.js",
    "m/00001.js?x",
    "m/00001.js#x",
    "m/00001.js\n",
    " m/00001.js",
    "data:text/javascript,1/00001.js",
    "m/1.js",
    "m/evil.js",
    "m/n/00001.js",
    "models/canvases/0123456789abcdef.js",
    "compare/canvases/0123456789abcdef.js",
    "canvases/evil.js",
    "../../canvases/0123456789abcdef.js",
    "../models/0123456789abcdef.js",
    "m%2f..%2f/00001.js",
    "",
  ];
  for (const src of others) await assert.rejects(loadImageFile(src, src), /cannot be a data file/, src);
  assert.deepEqual(scripts, []);
});
