/** The facts of the comparison page, and the data files behind them: read when looked at, the last ones kept. */

import { loadImageFile } from "#viewer/image-files";
import { objectUrl, pictureText, readImageFile } from "#viewer/payload";
import { PictureUrls } from "#viewer/picture-urls";
import { Recent } from "#viewer/recent";

/**
 * @typedef {import("#viewer/compare-place").LinkedCanvas & {mediaType: string}} Geometry
 * @typedef {{src: string, key: string}} FileName
 * @typedef {FileName & {image: number, geometry: number, canvas: FileName}} SeenImage
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
 * @typedef {Awaited<ReturnType<typeof readImageFile>>} ImageData
 * @typedef {{data: ImageData, src: string}} Loaded `src` of the picture, "" where none is to be shown
 */

/** Decoded images that are kept: those of four models, with the images that chance is told by. */
const KEPT = 24;

/** Pictures that are kept ready to be shown: those of four models, and of the images before and after. */
const KEPT_PICTURES = 12;

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
 * `load` gives what a model read of an image, and the picture that it saw where one is to be shown; `onScreen`
 * is to be told which pictures are shown.
 * @param {ComparePage} page
 */
export function imageLoader(page) {
  /** @type {Recent<string, Promise<ImageData>>} */
  const reads = new Recent(KEPT);
  /** By name of the canvas: models share them. */
  const pictures = new PictureUrls(KEPT_PICTURES);

  /** @param {SeenImage} file */
  const picture = ({ canvas, geometry }) =>
    pictures.get(canvas.key, async () => objectUrl(await pictureText(canvas), page.geometries[geometry].mediaType));

  /** @param {number} model @param {SeenImage} file @returns {Promise<ImageData>} */
  async function read(model, file) {
    const { lenses, topK } = page.models[model];
    const facts = { lenses: lenses.map((id) => ({ id })), topK, textLayers: [], judges: [] };
    return readImageFile(facts, page.geometries[file.geometry], await loadImageFile(file.src, file.key));
  }

  /**
   * @param {number} model @param {number} image @param {{shown?: boolean}} [options] whether it is to be seen
   * @returns {Promise<Loaded | null>}
   */
  async function load(model, image, { shown = true } = {}) {
    const file = page.fileOf(model, image);
    if (!file) return null;
    const reading = reads.get(file.key, () => read(model, file));
    reading.catch(() => reads.drop(file.key));
    const [data, src] = await Promise.all([reading, shown ? picture(file) : ""]);
    return { data, src };
  }

  return { load, onScreen: (/** @type {string[]} */ urls) => pictures.onScreen(urls) };
}
