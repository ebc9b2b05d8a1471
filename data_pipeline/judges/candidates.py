"""The words that a judge is asked about: one list for each cell of a lens, in the order of the ranks."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from data_pipeline.errors import InputError
from data_pipeline.judges.words import plain_token, whole_word

CELL_KEY = ("model_id", "image_id", "lens", "vision_layer", "cell")


@dataclass(frozen=True)
class CandidateLists:
    """n lists: `keys` has their cells (the columns of `CELL_KEY`), `numbers` (n, rank) their words.

    A number is a place in `words`, or -1 where a list is shorter than others.
    """

    keys: pa.Table
    words: tuple[str, ...]
    numbers: np.ndarray

    @classmethod
    def of(cls, neighbors: pa.Table, contexts: pa.Table, images: Collection[str]) -> CandidateLists:
        """The lists of `neighbors`, of those `images` only.

        Raises:
            InputError: a neighbour's context is missing.
        """
        wanted = pc.is_in(neighbors["image_id"], pa.array(list(images), pa.string()))
        rows = neighbors.filter(wanted).sort_by([(name, "ascending") for name in (*CELL_KEY, "rank")])
        if not len(rows):
            return cls(rows.select(CELL_KEY), (), np.empty((0, 0), dtype=np.int64))
        words, number_of_row = _words(rows, contexts)
        starts = _starts(rows)
        rank = np.arange(len(rows)) - starts.repeat(np.diff([*starts, len(rows)]))
        numbers = np.full((len(starts), rank.max() + 1), -1)
        numbers[np.arange(len(starts)).repeat(np.diff([*starts, len(rows)])), rank] = number_of_row
        return cls(rows.select(CELL_KEY).take(pa.array(starts)), words, numbers)

    def __len__(self) -> int:
        return len(self.keys)

    def column(self, chosen: np.ndarray | None = None) -> pa.ListArray:
        """The words by rank; with `chosen` (n, rank) only those, and none twice in a list."""
        taken = self.numbers >= 0 if chosen is None else chosen & self._first_mentions()
        offsets = np.cumsum([0, *taken.sum(axis=1)])
        values = pa.array(self.words, pa.string()).take(pa.array(self.numbers[taken]))
        return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), values)

    def _first_mentions(self) -> np.ndarray:
        first = self.numbers >= 0
        for rank in range(1, self.numbers.shape[1]):
            first[:, rank] &= (self.numbers[:, :rank] != self.numbers[:, rank : rank + 1]).all(axis=1)
        return first


def _words(rows: pa.Table, contexts: pa.Table) -> tuple[tuple[str, ...], np.ndarray]:
    """All different words, and the number of each row's word."""
    tokens = rows["token"].combine_chunks().dictionary_encode()
    numbers: dict[str, int] = {}
    of_tokens = _numbered(map(plain_token, tokens.dictionary.to_pylist()), numbers)[tokens.indices.to_numpy()]
    used = contexts.filter(pc.is_in(contexts["context_id"], rows["context_id"].combine_chunks()))
    place = pc.index_in(rows["context_id"], used["context_id"].combine_chunks()).combine_chunks()
    if lost := rows["context_id"].filter(pc.and_(rows["context_id"].is_valid(), place.is_null())):
        raise InputError(f"table contexts: context {lost[0]} of a neighbour is missing")
    of_contexts = _numbered(map(_context_word, used.to_pylist()), numbers)
    if not len(used):
        return tuple(numbers), of_tokens
    of_rows = of_contexts[pc.fill_null(place, 0).to_numpy(zero_copy_only=False)]
    known = place.is_valid().to_numpy(zero_copy_only=False) & (of_rows != numbers.get("", -1))
    return tuple(numbers), np.where(known, of_rows, of_tokens)


def _context_word(context: dict[str, object]) -> str:
    text, start, end = context["text"], context["char_start"], context["char_end"]
    if not (isinstance(text, str) and isinstance(start, int) and isinstance(end, int)):
        return ""  # an imported context may not say where its token is; the token itself is judged
    return whole_word(text, start, end)


def _numbered(words: Iterable[str], numbers: dict[str, int]) -> np.ndarray:
    return np.array([numbers.setdefault(word, len(numbers)) for word in words], dtype=np.int64)


def _starts(rows: pa.Table) -> np.ndarray:
    """Where in `rows`, sorted by cell, each cell begins."""
    begins = np.zeros(len(rows), dtype=bool)
    begins[0] = True
    for name in CELL_KEY:
        values = rows[name].combine_chunks()
        if pa.types.is_string(values.type):
            values = values.dictionary_encode().indices
        column = values.to_numpy(zero_copy_only=False)
        begins[1:] |= column[1:] != column[:-1]
    return np.flatnonzero(begins)
