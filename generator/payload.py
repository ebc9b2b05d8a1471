"""Everything that one model's page shows of its cells, as small blocks of text inside the page.

A page holds one block `payload-shared` (tokens, sentences, words, score levels) and, per image, one block
`payload-image-I` and the canvas `payload-canvas-I`. Only the shared block and the image on display are
decoded. `assets/js/payload.js` reads it back.

What is kept: every text, every id, every badge; scores, cosines and nats to three decimals; norms to four
significant digits. LN-Lens's lists by percentile hold percentiles, to two decimals of a percent, and no
cosines. A probability is kept as the logarithm of its softmax's denominator, which all tokens of a cell have
in common.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from data_pipeline.schema import PERCENTILE_LENS, STORED_LENSES
from generator.columns import Block, Ints
from generator.lists import NONE, Vocabulary
from generator.payload_cells import add_judgments, add_statistics
from generator.printable import printable
from generator.readings import Frame, Part, Texts, numbered, pairs, real, split_token_key, token_keys, whole
from generator.residuals import residuals

_SCALE = 1000
_PERCENTILE_SCALE = 10_000
_SMALLEST_PROBABILITY = 1e-30


@dataclass(frozen=True)
class ModelTables:
    """The answers of the queries on one model's cells."""

    neighbors: Callable[[str], pa.Table]
    """All neighbours of one lens."""
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
    return Payload(tuple(blocks), neighbors.top_k, judgments.judges, neighbors.text_layers)


class _Neighbors:
    """The neighbours of one model: their lists in the images' blocks, their entries in the shared one."""

    def __init__(self, frame: Frame, tables: ModelTables) -> None:
        self._frame, self._tables = frame, tables
        self._texts = Texts()
        self._tokens, self._sentences = Vocabulary(), Vocabulary()
        self._entry_context: Ints = np.empty(0, np.int64)
        self._entry_token: Ints = np.empty(0, np.int64)
        self.top_k = 1
        self.text_layers = frame.text_layers

    def add(self, images: list[Block], shared: Block) -> list[tuple[Vocabulary, int, str, int]]:
        """Add scores and layers to the blocks; returns the coded lists, which are to be written last.

        One lens is read and forgotten before the next: a third of the rows at a time.
        """
        lists = []
        for lens in STORED_LENSES:
            table = self._tables.neighbors(lens)
            if table.num_rows:
                lists += self._add_lens(lens, table, images, shared)
        self._tokens.settle()
        self._sentences.settle()
        return lists

    def _add_lens(
        self, lens: str, table: pa.Table, images: list[Block], shared: Block
    ) -> list[tuple[Vocabulary, int, str, int]]:
        place, ranks = self._frame.place(table), whole(table["rank"]) - 1
        text = self._texts.numbers(table["token"])
        self.top_k = max(self.top_k, int(ranks.max()) + 1)
        vocabulary, entries = self._tokens, token_keys(text, whole(table["token_id"]))
        contextual = lens in ("contextual", PERCENTILE_LENS)
        if contextual:
            vocabulary, entries = self._sentences, self._entries(self._context_rows(table), entries)
        columns = _LensColumns(lens, table, ranks, self._add_levels(shared, lens, table))
        if contextual:
            self.text_layers = columns.number_text_layers(self.text_layers)
        lists = []
        for image, rows in enumerate(place.rows_by_image(len(images))):
            if part := place.part(self._frame, image, rows):
                images[image].header[lens] = {"layers": part.stored}
                added = vocabulary.add(part.dense(entries, ranks))
                lists.append((vocabulary, image, f"{lens}.list", added))
                columns.write(images[image], part)
        return lists

    def _entries(self, contexts: Ints, tokens: Ints) -> Ints:
        """The entry of each row, a token in its context; entries that are known keep their numbers."""
        rows, contexts, tokens = pairs(contexts, tokens)
        before = len(self._entry_context)
        all_contexts = np.concatenate([self._entry_context, contexts])
        all_tokens = np.concatenate([self._entry_token, tokens])
        same, _, _ = pairs(all_contexts, all_tokens)
        known = np.full(same.max(initial=-1) + 1, NONE)
        known[same[:before]] = np.arange(before)
        numbers = known[same[before:]]
        new = numbers == NONE
        numbers[new] = before + np.arange(int(new.sum()))
        self._entry_context = np.concatenate([self._entry_context, contexts[new]])
        self._entry_token = np.concatenate([self._entry_token, tokens[new]])
        return numbers[rows]

    def _context_rows(self, table: pa.Table) -> Ints:
        """The context of each row; `NONE` also where a run that ended early left its sentence out."""
        known = self._tables.contexts["context_id"].combine_chunks()
        return whole(pc.index_in(table["context_id"], value_set=known))

    def _add_levels(self, shared: Block, lens: str, table: pa.Table) -> Ints:
        """Scores as numbers of the levels that occur: half-precision logits are far from dense."""
        if lens == PERCENTILE_LENS:
            figures, scale = np.clip(np.nan_to_num(real(table["percentile"])), 0, 1), _PERCENTILE_SCALE
        else:
            figures, scale = real(table["score"]), _SCALE
        scores = np.rint(figures * scale).astype(np.int64)
        levels, numbers = np.unique(scores, return_inverse=True)
        shared.header[f"{lens}.levels"] = {"first": int(levels[0]), "scale": scale}
        shared.add(f"{lens}.levels", np.diff(levels))
        return numbers.astype(np.int64)

    def add_tables(self, shared: Block) -> None:
        """Add tokens and sentences, in the order of their first appearance."""
        tokens = self._tokens.order.tolist()
        places = {entry: place for place, entry in enumerate(tokens)}
        entries = self._sentences.order
        contexts, entry_tokens = self._entry_context[entries], self._entry_token[entries]
        table = self._tables.contexts
        starts, ends = whole(table["char_start"]), whole(table["char_end"])
        numbers, sentences = numbered(table["text"])
        forms = []
        for context, token in zip(contexts.tolist(), entry_tokens.tolist(), strict=True):
            form = 0
            text, token_id = split_token_key(token)
            if context != NONE and starts[context] != NONE and token_id == NONE:
                cut = sentences[numbers[context]][starts[context] : ends[context]]
                form = _form(self._texts.text(text), cut)
            if form == 0 and token not in places:
                places[token] = len(tokens)
                tokens.append(token)
            forms.append(form or places[token] + 3)
        keys = [split_token_key(token) for token in tokens]
        shared.add_texts("tokens", (self._texts.text(text) for text, _ in keys))
        shared.add("tokens.ids", np.array([token_id + 1 for _, token_id in keys], np.int64))
        shared.add("contexts.tokens", np.array(forms, np.int64))
        sentence = np.where(contexts == NONE, NONE, numbers[contexts] if len(numbers) else NONE)
        known, order, repeats = _by_appearance(sentence)
        shared.add_texts("sentences", (sentences[number] for number in known[order]))
        shared.add("contexts.sentences", repeats)
        start = np.where(contexts == NONE, NONE, starts[contexts] if len(starts) else NONE)
        length = np.where(start == NONE, 0, (ends - starts)[contexts] if len(starts) else 0)
        shared.add("contexts.starts", start + 1)
        shared.add("contexts.lengths", length)


class _LensColumns:
    """Columns of one lens beside its lists: scores, text layers, denominators of probabilities."""

    def __init__(self, lens: str, table: pa.Table, ranks: Ints, levels: Ints) -> None:
        self._lens, self._ranks, self._levels = lens, ranks, levels
        self._layers = whole(table["text_layer"])
        self._text_layer: Ints | None = None
        probability = real(table["probability"])
        self._has_probability = ~np.isnan(probability)
        self._denominator = _denominators(real(table["score"]), probability)

    def number_text_layers(self, declared: tuple[int, ...]) -> tuple[int, ...]:
        """Number the rows' text layers among those known so far and found, which are returned."""
        found = np.unique(self._layers[self._layers != NONE]).tolist()
        known = (*declared, *sorted(set(found) - set(declared)))
        if found:
            order = np.argsort(known)
            numbers = order[np.searchsorted(known, self._layers, sorter=order).clip(max=len(known) - 1)]
            self._text_layer = np.where(self._layers == NONE, NONE, numbers)
        return known

    def write(self, block: Block, part: Part) -> None:
        """Add one image's columns to its block."""
        levels = _filled_down(part.dense(self._levels, self._ranks))
        block.add(f"{self._lens}.top", residuals(levels[..., 0]))
        block.add(f"{self._lens}.steps", np.moveaxis(levels[..., :-1] - levels[..., 1:], -1, 0))
        if self._text_layer is not None:
            block.add(f"{self._lens}.text_layers", part.dense(self._text_layer, self._ranks) + 1)
        if self._has_probability[part.rows].all():
            self._write_denominators(block, part)

    def _write_denominators(self, block: Block, part: Part) -> None:
        """The log of the softmax's denominator, for images in which every row has its probability."""
        offset = int(self._denominator[part.rows].min())
        values = _filled_down(part.dense(self._denominator - offset, self._ranks))
        block.header[f"{self._lens}.denominators"] = {"offset": offset}
        block.add(f"{self._lens}.denominators", residuals(values[..., 0]))
        block.add(f"{self._lens}.corrections", np.moveaxis(values[..., 1:] - values[..., :1], -1, 0))


def _denominators(scores: npt.NDArray[np.float64], probability: npt.NDArray[np.float64]) -> Ints:
    """The log of each row's softmax denominator, scaled; 0 where the row has no probability."""
    logs = (scores - np.log(np.maximum(probability, _SMALLEST_PROBABILITY))) * _SCALE
    return np.rint(np.where(np.isnan(logs), 0, logs)).astype(np.int64)


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
