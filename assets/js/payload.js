/**
 * The data of a model's page. `openPage` reads the small JSON at once; an image is read when it is asked for, from
 * the page itself or from its data file, and the last few are kept.
 */

import { readImage, readShared } from "#viewer/image-data";
import { loadImageFile } from "#viewer/image-files";
import { bytesOf } from "#viewer/printable";
import { Recent } from "#viewer/recent";

/** @typedef {Awaited<ReturnType<typeof readImage>>} ImageData */

/** Decoded images that are kept, for going to and fro; each is some megabytes. */
const KEPT_IMAGES = 8;

/** Canvases that are kept ready to be shown, of images that have data files. */
const KEPT_CANVASES = 8;

/**
 * Open the page whose blocks lie in `document`.
 * @param {Document} document
 */
export async function openPage(document) {
  const textOf = (/** @type {string} */ id) => {
    const element = document.getElementById(id);
    if (!element) throw new Error(`this page has no block ${id}`);
    return element.textContent ?? "";
  };
  const page = JSON.parse(textOf("page"));
  const { read, picture } = imageReader(page, textOf);
  /** @type {Recent<number, Promise<ImageData>>} */
  const images = new Recent(KEPT_IMAGES);
  return {
    ...page,
    /** What the lenses read in image `index`. @param {number} index @returns {Promise<ImageData>} */
    image(index) {
      const data = images.get(index, () => read(index));
      data.catch(() => images.drop(index));
      return data;
    },
    /** When the exact canvas of image `index` can be shown. @type {(index: number) => Promise<void>} */
    picture,
    /** Why a lens has nothing at a layer of an image; null where it has. */
    absence(/** @type {string} */ lens, /** @type {number} */ layer, /** @type {number} */ image) {
      const found = page.absences.find(
        (/** @type {any} */ gap) =>
          gap.lens === lens && (gap.layer ?? layer) === layer && (gap.image ?? image) === image,
      );
      return found ? found.reason : null;
    },
  };
}

/**
 * What reads an image's data and gets its canvas; also gives each image of the page its pictures.
 * @param {any} page @param {(id: string) => string} textOf
 */
function imageReader(page, textOf) {
  /** @type {ReturnType<typeof readShared> | undefined} */
  let shared;
  const filed = filedPictures();
  page.images.forEach((/** @type {any} */ image, /** @type {number} */ index) => {
    const { canvas } = image;
    if (image.file) {
      lazily(image, "thumbnail", () => objectUrl(textOf(`thumbnail-${index}`), "image/webp"));
      Object.defineProperty(canvas, "src", { get: () => filed.src(canvas) ?? image.thumbnail });
    } else lazily(canvas, "src", () => objectUrl(textOf(`payload-canvas-${index}`), canvas.mediaType));
  });
  return {
    /** @param {number} index @returns {Promise<ImageData>} */
    async read(index) {
      const { canvas, file } = page.images[index];
      if (file) return readImageFile(page, canvas, await loadImageFile(file.src, file.key));
      shared ??= readShared(textOf("payload-shared"));
      return readImage(page, canvas, textOf(`payload-image-${index}`), await shared);
    },
    /** @param {number} index */
    async picture(index) {
      const { canvas, file } = page.images[index];
      if (file && !filed.has(canvas)) filed.add(canvas, await pictureText(file.canvas));
    },
  };
}

/**
 * A canvas, as its data file holds it.
 * @param {{src: string, key: string}} file @returns {Promise<string>}
 */
export const pictureText = async ({ src, key }) => (await loadImageFile(src, key))["payload-canvas"];

/**
 * The exact canvases of images with data files, read when they are to be shown: a search reads images that nobody
 * looks at. A picture is made of their bytes when it is shown, and the last ones shown stay.
 */
function filedPictures() {
  /** @type {Recent<object, string>} */
  const texts = new Recent(KEPT_CANVASES);
  /** @type {Recent<object, string>} */
  const urls = new Recent(KEPT_CANVASES, (url) => URL.revokeObjectURL(url));
  return {
    /** @param {object} canvas */
    has: (canvas) => urls.peek(canvas) !== undefined || texts.peek(canvas) !== undefined,
    /** @param {object} canvas @param {string} text */
    add: (canvas, text) => texts.get(canvas, () => text),
    /** @param {{mediaType: string}} canvas @returns {string | undefined} */
    src(canvas) {
      const text = texts.peek(canvas);
      if (urls.peek(canvas) === undefined && text === undefined) return undefined;
      return urls.get(canvas, () => objectUrl(text ?? "", canvas.mediaType));
    },
  };
}

/**
 * What the lenses read in one image, from the blocks of its data file.
 * @param {import("#viewer/image-data").Facts} facts @param {{rows: number, cols: number}} canvas
 * @param {Record<string, string>} blocks
 */
export async function readImageFile(facts, canvas, blocks) {
  return readImage(facts, canvas, blocks["payload-image"], await readShared(blocks["payload-shared"]));
}

/**
 * Give `object` a property that is computed at its first use.
 * @template T
 * @param {object} object @param {string} name @param {() => T} compute
 */
function lazily(object, name, compute) {
  /** @type {T | undefined} */
  let value;
  Object.defineProperty(object, name, { enumerable: true, get: () => (value ??= compute()) });
}

/** @param {string} text @param {string} mediaType */
export const objectUrl = (text, mediaType) => URL.createObjectURL(new Blob([bytesOf(text)], { type: mediaType }));
