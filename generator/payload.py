"""Everything that one model's page shows of its cells, as small blocks of text inside the page.

A page holds one block `payload-shared` (tokens, sentences, words, score levels) and, per image, one block
`payload-image-I` and the canvas `payload-canvas-I`. Only the shared block and the image on display are
decoded. `assets/js/payload.js` reads it back.

What is kept: every text, every id, every badge; scores, cosines and nats to three decimals; norms to four
significant digits. A probability is kept as the logarithm of its softmax's denominator, which all tokens of
a cell have in common.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from data_pipeline.schema import LENSES
from generator.columns import Block, Ints, printable
from generator.lists import NONE, Vocabulary
from generator.payload_cells import add_judgments, add_statistics
from generator.readings import Frame, Part, Place, numbered, pairs, real, whole

_SCALE = 1000
_SMALLEST_PROBABILITY = 1e-30
_MOST_FREQUENT_WORDS = 64


@dataclass(frozen=True)
class ModelTables:
    """The answers of the queries on one model's cells."""

    neighbors: pa.Table
    contexts: pa.Table
    judgments: pa.Table
    statistics: pa.Table


@dataclass(frozen=True)
class Payload:
    """What a page gets: blocks of text by id, and facts that its script needs before decoding any."""

    blocks: tuple[tuple[str, str], ...]
    top_k: int
    judges: tuple[str, ...]
    text_layers: tuple[int, ...]
    frequent_words: tuple[str, ...]


def build_payload(frame: Frame, tables: ModelTables, canvases: list[bytes]) -> Payload:
    """Code one model's page; `canvases` holds the encoded canvas of each image of `frame`.

    Raises:
        InputError: rows contradict the model.
    """
    images = [Block() for _ in frame.images]
    shared = Block()
    neighbors = _Neighbors(frame, tables)
    lists = neighbors.add(images, shared)
    words = Vocabulary()
    judgments = add_judgments(frame, tables.judgments, images, words)
    add_statistics(frame, tables.statistics, images, shared)
    words.settle()
    for vocabulary, image, name, added in [*lists, *judgments.lists]:
        vocabulary.write(images[image], name, added)
    neighbors.add_tables(shared)
    shared.add_texts("words", (judgments.texts[number] for number in words.order))
    blocks = [("payload-shared", shared.text())]
    for image, block in enumerate(images):
        blocks.append((f"payload-canvas-{image}", printable(canvases[image])))
        blocks.append((f"payload-image-{image}", block.text()))
    return Payload(
        tuple(blocks), neighbors.top_k, judgments.judges, neighbors.text_layers, neighbors.frequent_words()
    )


class _Neighbors:
    """The neighbours of one model: their lists in the images' blocks, their entries in the shared one."""

    def __init__(self, frame: Frame, tables: ModelTables) -> None:
        table = tables.neighbors
        self._frame, self._table, self._contexts = frame, table, tables.contexts
        self._place: Place = frame.place(table)
        self._ranks = whole(table["rank"]) - 1
        self._text, self._texts = numbered(table["token"])
        self._token, self._token_text, self._token_id = pairs(self._text, whole(table["token_id"]))
        self._entry, self._entry_context, self._entry_token = pairs(self._context_rows(), self._token)
        self._tokens, self._sentences = Vocabulary(), Vocabulary()
        self.top_k = int(self._ranks.max(initial=0)) + 1
        found = pc.unique(table["text_layer"]).drop_null().to_pylist()
        self.text_layers: tuple[int, ...] = tuple(sorted({*frame.text_layers, *found}))
        self._text_layer = self._numbered_layers() if found else None
        self._has_probability = ~np.isnan(real(table["probability"]))
        self._denominator = self._denominators() if self._has_probability.any() else None

    def _denominators(self) -> Ints:
        """The log of each row's softmax denominator, scaled; 0 where the row has no probability."""
        probability = np.maximum(real(self._table["probability"]), _SMALLEST_PROBABILITY)
        logs = (real(self._table["score"]) - np.log(probability)) * _SCALE
        return np.rint(np.where(self._has_probability, logs, 0)).astype(np.int64)

    def _numbered_layers(self) -> Ints:
        layers = whole(self._table["text_layer"])
        return np.where(layers == NONE, NONE, np.searchsorted(self.text_layers, layers))

    def _context_rows(self) -> Ints:
        """The context of each row; `NONE` also where a run that ended early left its sentence out."""
        known = self._contexts["context_id"].combine_chunks()
        return whole(pc.index_in(self._table["context_id"], value_set=known))

    def add(self, images: list[Block], shared: Block) -> list[tuple[Vocabulary, int, str, int]]:
        """Add scores and layers to the blocks; returns the coded lists, which are to be written last."""
        lists = []
        lens_of_row, lenses = numbered(self._table["lens"])
        for lens in sorted(lenses, key=LENSES.index):
            rows = np.flatnonzero(lens_of_row == lenses.index(lens))
            is_contextual = lens == "contextual"
            entries = self._entry if is_contextual else self._token
            vocabulary = self._sentences if is_contextual else self._tokens
            level = self._add_levels(shared, lens, rows)
            for image, block in enumerate(images):
                if part := self._place.part(self._frame, image, rows):
                    block.header[lens] = {"layers": part.stored}
                    name = f"{lens}.list"
                    lists.append((vocabulary, image, name, vocabulary.add(part.dense(entries, self._ranks))))
                    self._add_scores(block, lens, part, level)
        self._tokens.settle()
        self._sentences.settle()
        return lists

    def _add_levels(self, shared: Block, lens: str, rows: Ints) -> Ints:
        """Scores as numbers of the levels that occur: half-precision logits are far from dense."""
        scores = np.rint(real(self._table["score"])[rows] * _SCALE).astype(np.int64)
        levels, numbers = np.unique(scores, return_inverse=True)
        shared.header[f"{lens}.levels"] = {"first": int(levels[0]), "scale": _SCALE}
        shared.add(f"{lens}.levels", np.diff(levels))
        level = np.full(self._table.num_rows, NONE, np.int64)
        level[rows] = numbers
        return level

    def _add_scores(self, block: Block, lens: str, part: Part, level: Ints) -> None:
        levels = _filled_down(part.dense(level, self._ranks))
        top = levels[..., 0].reshape(len(part.stored), -1)
        block.add(f"{lens}.top", np.diff(top, axis=1, prepend=0))
        block.add(f"{lens}.steps", np.moveaxis(levels[..., :-1] - levels[..., 1:], -1, 0))
        if lens == "contextual" and self._text_layer is not None:
            block.add(f"{lens}.text_layers", part.dense(self._text_layer, self._ranks) + 1)
        self._add_denominators(block, lens, part)

    def _add_denominators(self, block: Block, lens: str, part: Part) -> None:
        """The log of the softmax's denominator, for images in which every row has its probability."""
        if self._denominator is None or not self._has_probability[part.rows].all():
            return
        offset = int(self._denominator[part.rows].min())
        values = _filled_down(part.dense(self._denominator - offset, self._ranks))
        block.header[f"{lens}.denominators"] = {"offset": offset}
        top = values[..., 0].reshape(len(part.stored), -1)
        block.add(f"{lens}.denominators", np.diff(top, axis=1, prepend=0))
        block.add(f"{lens}.corrections", np.moveaxis(values[..., 1:] - values[..., :1], -1, 0))

    def add_tables(self, shared: Block) -> None:
        """Add tokens and sentences, in the order of their first appearance."""
        tokens = self._tokens.order.tolist()
        places = {entry: place for place, entry in enumerate(tokens)}
        entries = self._sentences.order
        contexts, entry_tokens = self._entry_context[entries], self._entry_token[entries]
        starts, ends = whole(self._contexts["char_start"]), whole(self._contexts["char_end"])
        numbers, sentences = numbered(self._contexts["text"])
        forms = []
        for context, token in zip(contexts.tolist(), entry_tokens.tolist(), strict=True):
            form = 0
            if context != NONE and starts[context] != NONE and self._token_id[token] == NONE:
                cut = sentences[numbers[context]][starts[context] : ends[context]]
                form = _form(self._texts[self._token_text[token]], cut)
            if form == 0 and token not in places:
                places[token] = len(tokens)
                tokens.append(token)
            forms.append(form or places[token] + 3)
        shared.add_texts("tokens", (self._texts[self._token_text[token]] for token in tokens))
        shared.add("tokens.ids", self._token_id[tokens] + 1)
        shared.add("contexts.tokens", np.array(forms, np.int64))
        text = np.where(contexts == NONE, NONE, numbers[contexts] if len(numbers) else NONE)
        known, order, repeats = _by_appearance(text)
        shared.add_texts("sentences", (sentences[number] for number in known[order]))
        shared.add("contexts.sentences", repeats)
        start = np.where(contexts == NONE, NONE, starts[contexts] if len(starts) else NONE)
        length = np.where(start == NONE, 0, (ends - starts)[contexts] if len(starts) else 0)
        shared.add("contexts.starts", start + 1)
        shared.add("contexts.lengths", length)

    def frequent_words(self) -> tuple[str, ...]:
        """The words that most often come first in a list, most frequent first."""
        counts = np.bincount(self._text[self._ranks == 0], minlength=len(self._texts))
        words: dict[str, int] = {}
        for number in np.flatnonzero(counts).tolist():
            word = unicodedata.normalize("NFKC", self._texts[number]).strip().lower()
            if any(character.isalnum() for character in word):
                words[word] = words.get(word, 0) + int(counts[number])
        return tuple(sorted(words, key=lambda word: (-words[word], word))[:_MOST_FREQUENT_WORDS])


def _form(token: str, cut: str) -> int:
    """1 if the token is what its sentence holds at its place, 2 if with a space before it, else 0."""
    return 1 if token == cut else 2 if token == " " + cut else 0


def _filled_down(values: Ints) -> Ints:
    """Replace `NONE` by the value one rank above (0 at the top), so that differences stay small."""
    filled = values.copy()
    filled[..., 0][filled[..., 0] == NONE] = 0
    for rank in range(1, filled.shape[-1]):
        missing = filled[..., rank] == NONE
        filled[..., rank][missing] = filled[..., rank - 1][missing]
    return filled


def _by_appearance(numbers: Ints) -> tuple[Ints, Ints, Ints]:
    """Known numbers, their order of first appearance, and how far back each row's number first appeared.

    The last is 0 for `NONE`, 1 for a first appearance and k + 1 for the number that was new k numbers ago.
    """
    known, first, inverse = np.unique(numbers, return_index=True, return_inverse=True)
    known_first = np.where(known == NONE, len(numbers), first)
    order = np.argsort(known_first, kind="stable")[: len(known) - int((known == NONE).sum())]
    rank = np.zeros(len(known), np.int64)
    rank[order] = np.arange(len(order))
    is_new = np.zeros(len(numbers), bool)
    is_new[first[order]] = True
    seen = np.cumsum(is_new) - is_new  # new numbers before this row
    back = np.where(is_new, 1, seen - rank[inverse] + 1)
    return known, order, np.where(numbers == NONE, 0, back)
