/**
 * Where the words of a saved picture go: lines of text, then legend and marks, each wrapped to the width. Sizes are those
 * of a column of print, whatever the canvas has; a file has two of its pixels or more for one of these.
 */

import { fit } from "#viewer/map-drawing";
import { formatFigure } from "#viewer/scores";

/**
 * @typedef {"strong" | "plain" | "soft"} Tone
 * @typedef {(text: string, font: string) => {width: number}} Measure
 * @typedef {(text: string, tone: Tone) => number} Width
 *
 * @typedef {{text: string, tone: Tone} | {colour: string, width: number, height: number, step?: "close" | "last"}} Piece
 *   a text or a swatch; steps of a ramp have no edge, and `close` ones touch the next piece
 * @typedef {{piece: Piece, x: number, y: number, width: number}} Item `y`: the middle of its line
 * @typedef {import("#viewer/sheet-text").Sheet} Sheet
 */

export const MARGIN = 12;
const FONT = 14;
const LINE = 20;
/** Widths of an only picture, and of one among many: as wide as words of that size need in a column. */
const PICTURE = 480;
const PANEL = 240;
/** Pixels of the file for one of the sheet, at least. */
const FINE = 2;
/** Between the parts of the words, between entries of a legend, between the pieces of an entry. */
const SPACE = 5;
const GAP = 14;
const INNER = 5;
const SWATCH = 10;
const STEP = 16;

/** @type {(tone: Tone, family: string) => string} */
export const fontOf = (tone, family) => `${tone === "strong" ? 600 : 400} ${FONT}px ${family}`;

/**
 * @param {Sheet} sheet @param {{room: number, top: number}} place width there is, and where the picture ends
 * @param {Width} widthOf @returns {{items: Item[], bottom: number}}
 */
export function planWords(sheet, { room, top }, widthOf) {
  const [caption, source] = sheet.lines;
  const line = (/** @type {string} */ text, /** @type {Tone} */ tone) =>
    brokenLines(text, room, (part) => widthOf(part, tone)).map((part) => [{ text: part, tone }]);
  /** @type {Piece[][][]} */
  const parts = [
    [...line(sheet.title, "strong"), ...line(caption, "plain")],
    classEntries(sheet),
    sheet.ramp ? [rampEntry(sheet.ramp), ...line(sheet.ramp.title, "soft")] : [],
    ...sheet.marks.map(markEntries),
    line(source, "soft"),
  ];
  // Lines of text stand one below the other; entries of a legend and of a pin share lines.
  const shares = (/** @type {number} */ part) => part === 1 || (part > 2 && part < parts.length - 1);
  /** @type {Item[]} */
  const items = [];
  let bottom = top;
  parts.forEach((entries, index) => {
    if (entries.length === 0) return;
    const rows = wrapped(entries, shares(index) ? room : 0, widthOf);
    bottom += SPACE;
    for (const row of rows) {
      items.push(...placed(row, bottom + LINE / 2, room, widthOf));
      bottom += LINE;
    }
  });
  return { items, bottom };
}

/** @typedef {{layer: number, x: number, y: number}} Panel */

/**
 * The pictures in a square-ish grid, each with its label below.
 * @param {Sheet["panels"]} labelled @param {import("#viewer/grid").Canvas} canvas @param {Width} widthOf
 * @returns {{width: number, height: number, scale: number, panels: Panel[], items: Item[]}}
 */
export function planPanels(labelled, canvas, widthOf) {
  const { width, height, cols, scale } = panelsSize(labelled, canvas);
  const [w, h] = [Math.round(canvas.width * scale), Math.round(canvas.height * scale)];
  const below = labelled.length > 1 ? LINE + SPACE : 0;
  const panels = labelled.map(({ layer }, at) => ({
    layer,
    x: MARGIN + (at % cols) * (w + GAP),
    y: MARGIN + Math.floor(at / cols) * (h + below),
  }));
  const items = labelled.flatMap(({ label }, at) => {
    if (label === "") return [];
    const { x, y } = panels[at];
    const piece = { text: label, tone: /** @type {Tone} */ ("plain") };
    return [{ piece, x, y: y + h + LINE / 2 + 1, width: widthOf(label, "plain") }];
  });
  return { width, height, scale, panels, items };
}

/**
 * How much room the pictures take; `scale`: pixels of the sheet per canvas pixel.
 * @param {Sheet["panels"]} panels @param {import("#viewer/grid").Canvas} canvas
 */
export function panelsSize({ length }, canvas) {
  const scale = (length > 1 ? PANEL : PICTURE) / canvas.width;
  const cols = Math.ceil(Math.sqrt(length));
  const rows = Math.ceil(length / cols);
  const [w, h] = [Math.round(canvas.width * scale), Math.round(canvas.height * scale)];
  const below = length > 1 ? LINE + SPACE : 0;
  return { cols, scale, width: cols * (w + GAP) - GAP, height: rows * (h + below) };
}

/**
 * Pixels of the file for one of the sheet, such that each canvas pixel becomes a whole number of them; of a canvas that
 * has more than many small pictures need, fewer.
 * @param {Sheet["panels"]} panels @param {import("#viewer/grid").Canvas} canvas @param {number} times 1 or more
 */
export function fineness(panels, canvas, times) {
  const { scale } = panelsSize(panels, canvas);
  const wanted = FINE * scale;
  return ((panels.length > 1 && wanted < 1 ? wanted : Math.ceil(wanted)) * times) / scale;
}

/**
 * The file's width in pixels.
 * @param {Sheet["panels"]} panels @param {import("#viewer/grid").Canvas} canvas @param {number} times
 */
export const fileWidth = (panels, canvas, times) =>
  Math.round((panelsSize(panels, canvas).width + 2 * MARGIN) * fineness(panels, canvas, times));

/** @param {Sheet} sheet @returns {Piece[][]} */
const classEntries = ({ classes }) =>
  classes.map(({ label, count, colour }) => [
    ...(colour === "" ? [] : [swatch(colour)]),
    { text: label, tone: /** @type {Tone} */ (colour === "" ? "soft" : "plain") },
    ...(count === null ? [] : [{ text: String(count), tone: /** @type {Tone} */ ("soft") }]),
  ]);

/** @param {string} colour @returns {Piece} */
const swatch = (colour) => ({ colour, width: SWATCH, height: SWATCH });

/** A pin's place, then each lens with its token. @param {Sheet["marks"][number]} mark @returns {Piece[][]} */
const markEntries = ({ label, colour, words = [] }) => [
  [swatch(colour), { text: label, tone: "plain" }],
  ...words.map(([lens, token]) => [
    { text: lens, tone: /** @type {Tone} */ ("soft") },
    { text: token, tone: /** @type {Tone} */ ("strong") },
  ]),
];

/** @param {string} colour @param {"close" | "last"} step @returns {Piece} */
const rampStep = (colour, step) => ({ colour, width: STEP, height: SWATCH, step });

/** @param {NonNullable<Sheet["ramp"]>} ramp @returns {Piece[]} */
const rampEntry = ({ low, high, colours, title }) => [
  { text: formatFigure(low, title), tone: "plain" },
  ...colours.map((colour, index) => rampStep(colour, index < colours.length - 1 ? "close" : "last")),
  { text: formatFigure(high, title), tone: "plain" },
];

/**
 * A text in lines that are no wider than the room, broken at spaces.
 * @param {string} text @param {number} room @param {(part: string) => number} widthOf @returns {string[]}
 */
export function brokenLines(text, room, widthOf) {
  /** @type {string[]} */
  const lines = [];
  for (const word of text.split(" ")) {
    const longer = lines.length > 0 ? `${lines.at(-1)} ${word}` : word;
    if (lines.length > 0 && widthOf(longer) <= room) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}

/** @param {Piece} piece @param {Width} widthOf */
const pieceWidth = (piece, widthOf) => ("text" in piece ? widthOf(piece.text, piece.tone) : piece.width);

/** @param {Piece} piece */
const after = (piece) => ("step" in piece && piece.step === "close" ? 0 : INNER);

/** @param {Piece[]} entry @param {Width} widthOf */
const entryWidth = (entry, widthOf) =>
  entry.reduce((sum, piece) => sum + pieceWidth(piece, widthOf) + after(piece), -INNER);

/**
 * Entries in rows.
 * @param {Piece[][]} entries @param {number} room 0 gives each a row of its own @param {Width} widthOf
 * @returns {Piece[][][]}
 */
function wrapped(entries, room, widthOf) {
  /** @type {Piece[][][]} */
  const rows = [];
  let used = Infinity;
  for (const entry of entries) {
    const width = entryWidth(entry, widthOf);
    if (used + GAP + width > room) {
      rows.push([]);
      used = -GAP;
    }
    rows[rows.length - 1].push(entry);
    used += GAP + width;
  }
  return rows;
}

/**
 * A row's pieces at their places; text that reaches beyond the room is cut.
 * @param {Piece[][]} row @param {number} y @param {number} room @param {Width} widthOf @returns {Item[]}
 */
function placed(row, y, room, widthOf) {
  /** @type {Item[]} */
  const items = [];
  let x = 0;
  for (const entry of row) {
    for (const piece of entry) {
      const cut = "text" in piece ? { ...piece, text: fit(piece.text, (room - x) / widthOf(piece.text, piece.tone)) } : piece;
      const width = pieceWidth(cut, widthOf);
      items.push({ piece: cut, x: MARGIN + x, y, width });
      x += width + after(piece);
    }
    x += GAP - INNER;
  }
  return items;
}
