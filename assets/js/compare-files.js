/** The facts of the comparison page, and the data files behind them: read when looked at, the last ones kept. */

import { loadImageFile } from "#viewer/image-files";
import { objectUrl, readImageFile } from "#viewer/payload";

/**
 * @typedef {import("#viewer/compare-place").LinkedCanvas & {mediaType: string}} Geometry
 * @typedef {{src: string, key: string}} FileName
 * @typedef {FileName & {image: number, geometry: number, canvas: FileName | null}} SeenImage
 *
 * @typedef {object} CompareModel
 * @property {string} id
 * @property {string} title
 * @property {string} group
 * @property {string} href its own page
 * @property {string} partner id of the model that it is first put beside
 * @property {number} numLayers
 * @property {number[]} visionLayers
 * @property {string[]} lenses
 * @property {number} topK words in its longest list
 * @property {SeenImage[]} files
 * @property {{reason: string, images: string[]}[]} absentImages ids of images that it has nothing of
 * @property {{lens: string, layer?: number, image?: number, reason: string}[]} absences `layer` and `image` by
 *   index in `visionLayers` and `files`
 *
 * @typedef {object} CompareFacts
 * @property {CompareModel[]} models
 * @property {{id: string, title: string}[]} groups
 * @property {{id: string, caption: string | null, width: number, height: number, thumbnail: string | null}[]} images
 * @property {Geometry[]} geometries
 * @property {{id: string, title: string, short: string}[]} lenses
 * @property {number} most models side by side
 * @property {string[]} first ids of the models that a fresh page shows
 * @property {string[]} frequentWords
 *
 * @typedef {CompareFacts & {
 *   canvasOf: (model: number, image: number) => Geometry | null,
 *   fileOf: (model: number, image: number) => SeenImage | null,
 *   whyNoImage: (model: number, image: number) => string | null,
 *   absence: (model: number, lens: string, layer: number, image: number) => string | null}} ComparePage
 *
 * @typedef {{src: string, data: Awaited<ReturnType<typeof readImageFile>>}} Loaded `src` of the picture
 */

/** Decoded images that are kept: those of four models, with the images that chance is told by. */
const KEPT = 24;

/** Where data files lie; a page's facts can name nothing else. */
const FILE = /^(?:compare|models)\/[A-Za-z0-9][\w.+-]*\/[0-9a-f]+\.js$/;

/** @param {CompareFacts} facts @returns {ComparePage} */
export function comparePage(facts) {
  const fileOf = (/** @type {number} */ model, /** @type {number} */ image) =>
    facts.models[model].files.find((file) => file.image === image) ?? null;
  return {
    ...facts,
    fileOf,
    canvasOf(model, image) {
      const file = fileOf(model, image);
      return file && facts.geometries[file.geometry];
    },
    whyNoImage(model, image) {
      const { id } = facts.images[image];
      return facts.models[model].absentImages.find(({ images }) => images.includes(id))?.reason ?? null;
    },
    absence(model, lens, layer, image) {
      const { files, absences } = facts.models[model];
      const place = files.findIndex((file) => file.image === image);
      const found = absences.find(
        (gap) => gap.lens === lens && (gap.layer ?? layer) === layer && (gap.image ?? place) === place,
      );
      return found?.reason ?? null;
    },
  };
}

/**
 * A function that loads what a model saw and read of an image.
 * @param {ComparePage} page
 */
export function imageLoader(page) {
  /** @type {Map<string, Promise<Loaded>>} */
  const kept = new Map();
  /** Pictures stay: models share them. @type {Map<string, Promise<string>>} */
  const pictures = new Map();

  /** @param {SeenImage} file @param {Record<string, string>} blocks */
  async function picture({ canvas, key, geometry }, blocks) {
    const name = canvas?.key ?? key;
    const text = async () => (canvas ? await load(canvas) : blocks)["payload-canvas"];
    const known = pictures.get(name) ?? text().then((coded) => objectUrl(coded, page.geometries[geometry].mediaType));
    pictures.set(name, known);
    return known;
  }

  /** @param {number} model @param {SeenImage} file @returns {Promise<Loaded>} */
  async function read(model, file) {
    const { lenses, topK } = page.models[model];
    const blocks = await load(file);
    const facts = { lenses: lenses.map((id) => ({ id })), topK, textLayers: [], judges: [] };
    const [src, data] = await Promise.all([
      picture(file, blocks),
      readImageFile(facts, page.geometries[file.geometry], blocks),
    ]);
    return { src, data };
  }

  /** @param {number} model @param {number} image */
  return function loaded(model, image) {
    const file = page.fileOf(model, image);
    if (!file) return Promise.resolve(null);
    const known = kept.get(file.key) ?? read(model, file);
    kept.delete(file.key);
    kept.set(file.key, known);
    known.catch(() => kept.delete(file.key));
    for (const key of [...kept.keys()].slice(0, -KEPT)) kept.delete(key);
    return known;
  };
}

/** @param {FileName} file */
function load({ src, key }) {
  if (!FILE.test(src) || src.includes("..")) throw new Error(`${src} cannot be a data file`);
  return loadImageFile(src, key);
}
