"""The rows that all text layers have, each prefix once, held against the tokenizer of the stated model.

Layers that were written apart can differ in order, and lack rows (one extractor of the study passed over
what was not finite). A row is known by its sentence, position and token id; reading the sentence with the
model's tokenizer must give that token at that position, or the model is not the one that read it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from data_pipeline.corpus import Corpus
from data_pipeline.errors import InputError
from data_pipeline.importers.latentlens.layers import LayerFolder
from data_pipeline.importers.latentlens.places import Place, Places
from data_pipeline.text_index.contexts import ChosenContexts, Context, TokenizedCorpus, tokenize
from data_pipeline.text_index.settings import MAX_TOKENS  # the published extractors cut sentences there, too

_MOST_READ_OTHERWISE = 0.01
_LEAST_COMMON = 0.5


@dataclass(frozen=True, eq=False)
class Aligned:
    """`contexts` (n,), and for each layer the rows (n,) that they have there."""

    contexts: tuple[Context, ...]
    rows: dict[int, np.ndarray]
    sentences: int
    corpus_hash: str
    notes: tuple[str, ...]
    """What was left out, and how much of it."""


class CommonRows:
    """The rows of layers that are added one after the other: only places of the first are kept."""

    def __init__(self) -> None:
        self._first: LayerFolder | None = None
        self.places: list[Place] = []
        self.tokens: list[str] = []
        self.rows: dict[int, np.ndarray] = {}

    def add(self, folder: LayerFolder, places: Places) -> None:
        """Align a layer with the first.

        Raises:
            InputError: it has less than half of its rows in common with the first; it names both.
        """
        numbers: dict[Place, int] = {}
        for row, place in enumerate(places):
            numbers.setdefault(place, row)
        if self._first is None:
            self._first, self.places = folder, list(numbers)
            self.tokens = [places.tokens[row] for row in numbers.values()]
        rows = np.array([numbers.get(place, -1) for place in self.places], np.int64)
        common = int((rows >= 0).sum())
        if common < _LEAST_COMMON * max(len(rows), len(numbers)):
            raise InputError(
                f"{folder.file}: {common} of its {len(numbers)} rows are rows of {self._first.file}, too; "
                "expected layers that were made together"
            )
        self.rows[folder.layer] = rows

    @property
    def everywhere(self) -> np.ndarray:
        """(place,) whether all layers have it."""
        return np.logical_and.reduce([rows >= 0 for rows in self.rows.values()])


def align(common: CommonRows, tokenizer: Any, model: str) -> Aligned:
    """The contexts of an index, by token, and the layers' rows of them.

    Args:
        common: of all layers.
        tokenizer: of the stated model.
        model: what errors call it.

    Raises:
        InputError: tokens are not those of the tokenizer, or nothing is left.
    """
    there = np.flatnonzero(common.everywhere)
    places = [common.places[number] for number in there]
    read = tokenize(tokenizer, Corpus.of("imported", (text for text, _, _ in places)), MAX_TOKENS)
    found = _found(read, places)
    fitting = found >= 0
    fitting[fitting] &= read.ids[found[fitting]] == np.array([token for _, _, token in places])[fitting]
    _check_reading(read, places, found, fitting, model)
    _check_strings([common.tokens[number] for number in there], read, found, fitting, tokenizer, model)
    chosen = _each_once(read, np.where(fitting, found, -1))
    if len(chosen) == 0:
        raise InputError(f"no row is left that {model} reads as a token with characters")
    sentences = np.searchsorted(read.starts, found[chosen], side="right") - 1
    contexts = ChosenContexts(read, sentences, read.positions[found[chosen]]).contexts
    counts = (
        ("not in all layers", len(common.places) - len(there)),
        ("read otherwise by the tokenizer", int((~fitting).sum())),
        ("special or without characters, or their prefix is there already", int(fitting.sum()) - len(chosen)),
    )
    return Aligned(
        contexts,
        {layer: rows[there][chosen] for layer, rows in common.rows.items()},
        len(np.unique(sentences)),
        Corpus("imported", tuple(dict.fromkeys(context.text for context in contexts))).hash,
        tuple(f"{count:,} rows left out: {why}" for why, count in counts if count),
    )


def _found(read: TokenizedCorpus, places: Sequence[Place]) -> np.ndarray:
    """(place,) where its token lies among all tokens; -1 where its sentence has none there."""
    numbers = {text: number for number, text in enumerate(read.texts)}
    sentences = np.array([numbers.get(text, -1) for text, _, _ in places])
    positions = np.array([position for _, position, _ in places])
    inside = (sentences >= 0) & (positions >= 0) & (positions < read.lengths[sentences])
    return np.where(inside, read.starts[sentences] + positions, -1)


def _check_reading(
    read: TokenizedCorpus,
    places: Sequence[Place],
    found: np.ndarray,
    fitting: np.ndarray,
    model: str,
) -> None:
    """A few sentences may be cut otherwise by another version of a tokenizer; many mean another tokenizer."""
    if (~fitting).mean() <= _MOST_READ_OTHERWISE:
        return
    number = int(np.flatnonzero(~fitting)[0])
    text, position, token = places[number]
    own = f"token {read.ids[found[number]]}" if found[number] >= 0 else "nothing"
    raise InputError(
        f"{model}: reads {own} at position {position} of {text[:60]!r}, the index has token {token} there "
        f"({int((~fitting).sum())} of {len(places)} rows differ); expected the model that the index is of"
    )


def _check_strings(
    tokens: Sequence[str],
    read: TokenizedCorpus,
    found: np.ndarray,
    fitting: np.ndarray,
    tokenizer: Any,
    model: str,
) -> None:
    """Each token's text must be the tokenizer's, or the characters that the token stands for."""
    decoded: dict[int, str] = {}
    for number in np.flatnonzero(fitting).tolist():
        place = int(found[number])
        token = int(read.ids[place])
        if token not in decoded:
            decoded[token] = tokenizer.decode([token], clean_up_tokenization_spaces=False)
        if tokens[number].strip() == decoded[token].strip():
            continue
        sentence = int(np.searchsorted(read.starts, place, side="right")) - 1
        start, end = read.spans[place]
        if tokens[number].strip() != read.texts[sentence][start:end].strip():
            raise InputError(
                f"{model}: its token {token} is {decoded[token]!r}, the index says {tokens[number][:60]!r}; "
                "expected the model that the index is of"
            )


def _each_once(read: TokenizedCorpus, found: np.ndarray) -> np.ndarray:
    """The places to keep, by token: of equal prefixes the one in the shortest sentence, no special tokens."""
    kept = np.flatnonzero(found >= 0)
    kept = kept[np.argsort(found[kept], kind="stable")]
    kept = kept[np.sort(np.unique(read.prefixes[found[kept]], return_index=True)[1])]
    spans = read.spans[found[kept]]
    kept = kept[~read.special[found[kept]] & (spans[:, 0] < spans[:, 1])]
    return np.asarray(kept[np.argsort(read.ids[found[kept]], kind="stable")])
