"""LN-Lens: the contexts of a text corpus whose hidden states, at any text layer, are nearest by cosine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from torch import Tensor

from data_pipeline.text_index.index import Distinct, Neighbors, RankBy, TextIndex

NOTES: dict[Distinct, str] = {
    "context": "cosine to hidden states of all text layers; each prefix once, at its best text layer",
    "word": "cosine to hidden states of all text layers; each word once, at its best context and text layer",
}
"""What `contextual_note` of the models table says."""
STATED_NOTE = "that the imported text index is of this model was stated by whoever imported it, not checked"
"""What it says besides, where that is so."""


@dataclass(frozen=True)
class ContextualNeighbors:
    """For n hidden states their k neighbours, best first; every array is (n, k)."""

    tokens: np.ndarray  # str
    token_ids: np.ndarray  # int32
    scores: np.ndarray  # float32, cosine in [-1, 1]
    text_layers: np.ndarray  # int16
    context_ids: np.ndarray  # int64
    percentiles: np.ndarray | None = None  # float32, 0 to 1; None where they were not asked for


class ContextualLens:
    """Looks hidden states up in a text index."""

    def __init__(self, index: TextIndex, vocabulary: Sequence[str], distinct: Distinct = "context") -> None:
        """`vocabulary[i]` is the token with id i as its tokenizer decodes it."""
        self.index = index
        self.distinct: Distinct = distinct
        self._token_ids = np.array([context.token_id for context in index.contexts], dtype=np.int32)
        self._tokens = np.array([vocabulary[token] for token in self._token_ids], dtype=object)

    def __call__(self, states: Tensor, k: int) -> ContextualNeighbors:
        """The k nearest neighbours of each of `states` (n, hidden)."""
        return self._named(self.index.search(states, k, self.distinct))

    def rankings(self, states: Tensor, k: int) -> dict[RankBy, ContextualNeighbors]:
        """The same by cosine and by percentile, from one search."""
        found = self.index.rankings(states, k, self.distinct)
        return {rank_by: self._named(neighbors) for rank_by, neighbors in found.items()}

    def _named(self, found: Neighbors) -> ContextualNeighbors:
        return ContextualNeighbors(
            tokens=self._tokens[found.contexts],
            token_ids=self._token_ids[found.contexts],
            scores=found.scores,
            text_layers=found.text_layers.astype(np.int16),
            context_ids=self.index.context_ids[found.contexts],
            percentiles=found.percentiles,
        )
