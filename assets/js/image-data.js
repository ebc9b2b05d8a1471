/**
 * What the lenses read in one image, its verdicts and statistics, decoded from what `generator/payload.py` wrote:
 * a block of the image, and a block of the tables that it shares with the other images of its page.
 */

import { readBlock } from "#viewer/blocks";
import { readJudgments } from "#viewer/judgments";
import { readLists } from "#viewer/lists";
import { isOfContexts, PERCENTILE } from "#viewer/ranking";
import { restored } from "#viewer/residuals";

/**
 * @typedef {import("#viewer/blocks").Block} Block
 * @typedef {import("#viewer/readings").Neighbour} Neighbour
 * @typedef {{token: string, tokenId: number | null}} Token
 * @typedef {{text: string, start: number | null, end: number | null}} Context places in code points
 * @typedef {{tokens: Token[], contexts: {token: number, context: Context | null}[], words: string[],
 *   block: Block}} Shared
 *
 * @typedef {{lenses: {id: string}[], topK: number, textLayers: number[], judges: string[]}} Facts of the model
 */

/** The statistics of a cell: name in the page, name in the results. */
const STATISTICS = {
  norm: "norm",
  cosineToLayer0: "cosine_to_layer_0",
  meanCosine: "mean_cosine",
  entropy: "entropy",
  klToFinal: "kl_to_final",
};

/**
 * @param {Facts} facts @param {{rows: number, cols: number}} canvas
 * @param {string} text of the image's block @param {Shared} shared
 */
export async function readImage(facts, canvas, text, shared) {
  return imageData(facts, canvas, await readBlock(text), shared);
}

/** @param {string} text @returns {Promise<Shared>} */
export async function readShared(text) {
  const block = await readBlock(text);
  const ids = block.numbers("tokens.ids");
  const tokens = block
    .texts("tokens")
    .map((token, index) => ({ token, tokenId: ids[index] ? ids[index] - 1 : null }));
  return { tokens, contexts: readContexts(block, tokens), words: block.texts("words"), block };
}

/**
 * Entries of the contextual lens: a token and where it was read. Tokens that are told by their place in the
 * sentence only (1: the place itself, 2: with a space before it) join the list of tokens here.
 * @param {Block} block @param {Token[]} tokens
 */
function readContexts(block, tokens) {
  const [forms, sentenceOf, starts, lengths] = ["tokens", "sentences", "starts", "lengths"].map((name) =>
    block.numbers(`contexts.${name}`),
  );
  const sentences = block.texts("sentences");
  /** @type {Map<string, number>} */
  const known = new Map();
  tokens.forEach(({ token, tokenId }, index) => tokenId === null && known.set(token, index));
  const numberOf = (/** @type {string} */ token) => {
    const number = known.get(token) ?? tokens.push({ token, tokenId: null }) - 1;
    known.set(token, number);
    return number;
  };
  let seen = 0;
  return Array.from(forms, (form, entry) => {
    const repeat = sentenceOf[entry];
    const text = repeat === 0 ? null : sentences[repeat === 1 ? seen++ : seen - repeat + 1];
    const start = starts[entry] ? starts[entry] - 1 : null;
    const end = start === null ? null : start + lengths[entry];
    const token = form >= 3 ? form - 3 : numberOf((form === 2 ? " " : "") + slice(text ?? "", start ?? 0, end ?? 0));
    return { token, context: text === null ? null : { text, start, end } };
  });
}

const SURROGATE = /[\ud800-\udfff]/;

/** @param {string} text @param {number} start @param {number} end code points */
const slice = (text, start, end) =>
  SURROGATE.test(text) ? [...text].slice(start, end).join("") : text.slice(start, end);

/**
 * @param {Facts} page @param {{rows: number, cols: number}} canvas @param {Block} block @param {Shared} shared
 */
function imageData(page, { rows, cols }, block, shared) {
  const cells = rows * cols;
  /** @type {Map<string, ReturnType<typeof readLens>>} */
  const lenses = new Map();
  for (const id of [...page.lenses.map((lens) => lens.id), PERCENTILE]) {
    if (block.header[id]) lenses.set(id, readLens(block, shared, id, rows, cols));
  }
  const statistics = readStatistics(block, shared, rows, cols);
  const judgments = readJudgments(block, shared.words, page.judges, rows, cols);

  /** @param {string} lens @param {number} layer @param {number} cell @param {number} rank 0-based */
  const neighbor = (lens, layer, cell, rank) => {
    const read = lenses.get(lens);
    const place = read ? read.layers.indexOf(layer) * cells + cell : -1;
    if (!read || place < 0 || rank >= read.ranks) return null;
    const entry = read.entries[place * read.ranks + rank];
    return entry < 0 ? null : describe(read, shared, page.textLayers, entry, place * read.ranks + rank, rank);
  };

  return {
    /** @param {string} lens @param {number} layer @param {number} cell @returns {Neighbour[]} */
    neighbors(lens, layer, cell) {
      const list = [];
      for (let rank = 0; rank < page.topK; rank += 1) {
        const found = neighbor(lens, layer, cell, rank);
        if (found) list.push(found);
      }
      return list;
    },
    /** @param {string} lens @param {number} layer @param {number} cell */
    top: (lens, layer, cell) => neighbor(lens, layer, cell, 0),
    /**
     * The entries of a lens's lists at a layer, [cell * ranks + rank - 1], -1 where a list has ended: places in
     * `tables.contexts` if `contextual`, else in `tables.tokens`. Null where the lens is absent.
     * @param {string} lens @param {number} layer index
     */
    entries(lens, layer) {
      const read = lenses.get(lens);
      const stored = read ? read.layers.indexOf(layer) : -1;
      if (!read || stored < 0) return null;
      const size = cells * read.ranks;
      const entries = read.entries.subarray(stored * size, (stored + 1) * size);
      return { entries, ranks: read.ranks, contextual: read.isContextual };
    },
    /** What the entries stand for. */
    tables: { tokens: shared.tokens, contexts: shared.contexts },
    judgment: judgments,
    /** Whether a judge judged anything in the image. @param {string} judge */
    judged(judge) {
      const own = `judge${page.judges.indexOf(judge)}.`;
      return Object.keys(block.header).some((name) => name.startsWith(own));
    },
    statistics,
  };
}

/**
 * @param {Block} block @param {Shared} shared @param {string} lens @param {number} rows @param {number} cols
 */
function readLens(block, shared, lens, rows, cols) {
  /** @type {number[]} */
  const layers = block.header[lens].layers;
  const lists = readLists(block, `${lens}.list`, layers.length, rows, cols);
  const denominators = block.header[`${lens}.denominators`];
  return {
    ...lists,
    layers,
    isContextual: isOfContexts(lens),
    scores: readScores(block, shared.block, lens, { rows, cols }, lists.ranks),
    textLayers: block.has(`${lens}.text_layers`) ? block.numbers(`${lens}.text_layers`) : null,
    denominators: denominators
      ? readDenominators(block, lens, denominators.offset, { rows, cols }, lists.ranks)
      : null,
  };
}

/** @typedef {{rows: number, cols: number}} Grid */

/** @type {(block: Block, shared: Block, lens: string, grid: Grid, ranks: number) => Float64Array} */
function readScores(block, shared, lens, { rows, cols }, ranks) {
  const { first, scale } = shared.header[`${lens}.levels`];
  const steps = shared.numbers(`${lens}.levels`);
  const levels = new Int32Array(steps.length + 1).fill(first);
  for (let index = 0; index < steps.length; index += 1) levels[index + 1] = levels[index] + steps[index];
  const top = restored(block.numbers(`${lens}.top`), rows, cols);
  const total = top.length;
  const down = block.numbers(`${lens}.steps`);
  const scores = new Float64Array(total * ranks);
  for (let list = 0; list < total; list += 1) {
    for (let rank = 0, here = top[list]; rank < ranks; rank += 1) {
      if (rank > 0) here -= down[(rank - 1) * total + list];
      scores[list * ranks + rank] = levels[here] / scale;
    }
  }
  return scores;
}

/** @type {(block: Block, lens: string, offset: number, grid: Grid, ranks: number) => Float64Array} */
function readDenominators(block, lens, offset, { rows, cols }, ranks) {
  const top = restored(block.numbers(`${lens}.denominators`), rows, cols);
  const total = top.length;
  const corrections = block.numbers(`${lens}.corrections`);
  const values = new Float64Array(total * ranks);
  for (let list = 0; list < total; list += 1) {
    for (let rank = 0; rank < ranks; rank += 1) {
      const correction = rank > 0 ? corrections[(rank - 1) * total + list] : 0;
      values[list * ranks + rank] = (top[list] + correction + offset) / 1000;
    }
  }
  return values;
}

/**
 * @param {ReturnType<typeof readLens>} read @param {Shared} shared @param {number[]} textLayers
 * @param {number} entry @param {number} place @param {number} rank 0-based @returns {Neighbour}
 */
function describe(read, shared, textLayers, entry, place, rank) {
  const { token, context } = read.isContextual ? shared.contexts[entry] : { token: entry, context: null };
  const score = read.scores[place];
  return {
    rank: rank + 1,
    ...shared.tokens[token],
    score,
    probability: read.denominators ? Math.min(1, Math.exp(score - read.denominators[place])) : null,
    textLayer: read.textLayers && read.textLayers[place] ? textLayers[read.textLayers[place] - 1] : null,
    context,
  };
}

/**
 * @param {Block} block @param {Shared} shared @param {number} rows @param {number} cols
 * @returns {(layer: number, cell: number) => import("#viewer/readings").Statistics | null}
 */
function readStatistics(block, shared, rows, cols) {
  const facts = block.header.statistics;
  if (!facts) return () => null;
  const columns = Object.entries(STATISTICS).map(([name, column]) => ({
    name,
    values: restored(block.numbers(`statistics.${column}`), rows, cols),
    ...shared.block.header[`statistics.${column}`],
  }));
  return (layer, cell) => {
    const place = facts.layers.indexOf(layer) * rows * cols + cell;
    if (place < 0 || !columns[0].values[place]) return null;
    const entries = columns.map(({ name, values, offset, scale }) => [
      name,
      (values[place] - 1 + offset) / scale,
    ]);
    return Object.fromEntries(entries);
  };
}
