// Prints everything that a built model page tells of its cells, as JSON: read back by the page's own decoder.
//
//     node tests/generator/read_page.js PAGE.html
//
// {images: [{id, caption, rows, cols, canvas}], layers, lenses, lists: {lens: [image][layer][cell] → entries}}
// with an entry as [token, token id, score, text layer, sentence, start, end], places in code points, and the
// canvas in base64.

import { readFile } from "node:fs/promises";
import { argv, stdout } from "node:process";
import { openPage } from "#viewer/payload";

/** The little of a document that a decoder needs: its script elements by id. */
function documentOf(html) {
  const scripts = new Map();
  for (const [, attributes, text] of html.matchAll(/<script\b([^>]*)>([\s\S]*?)<\/script>/g)) {
    const id = attributes.match(/\bid="([^"]*)"/)?.[1];
    if (id !== undefined) scripts.set(id, { id, textContent: text });
  }
  return { getElementById: (id) => scripts.get(id) ?? null };
}

async function bytesOf(source) {
  const response = await fetch(source);
  return Buffer.from(await response.arrayBuffer()).toString("base64");
}

function entryOf({ token, tokenId, score, textLayer, context }) {
  return [token, tokenId, score, textLayer, context?.text ?? null, context?.start ?? null, context?.end ?? null];
}

const page = await openPage(documentOf(await readFile(argv[2], "utf8")));
const lists = Object.fromEntries(page.lenses.map((lens) => [lens.id, []]));
const images = [];
for (const [number, image] of page.images.entries()) {
  const { rows, cols, src } = image.canvas;
  images.push({ id: image.id, caption: image.caption, rows, cols, canvas: await bytesOf(src) });
  const data = await page.image(number);
  for (const lens of page.lenses) {
    lists[lens.id].push(
      page.visionLayers.map((_, layer) =>
        Array.from({ length: rows * cols }, (_, cell) => data.neighbors(lens.id, layer, cell).map(entryOf)),
      ),
    );
  }
}
stdout.write(JSON.stringify({ images, layers: page.visionLayers, lenses: page.lenses, lists }));
