"""The embedding lens: which rows of the LLM's input embedding matrix point the same way as a hidden state."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from data_pipeline.lenses.ranking import best
from data_pipeline.unit_vectors import unit_rows

NOTE = "cosine to the rows of the input embedding matrix, all in float32"
_SCORES_AT_ONCE = 32_000_000


@dataclass(frozen=True, eq=False)
class EmbeddingLens:
    """Holds the matrix with rows of length 1, (vocabulary, hidden) in float32."""

    rows: Tensor

    @classmethod
    def of(cls, input_embeddings: Tensor) -> EmbeddingLens:
        """The lens of an embedding matrix (vocabulary, hidden)."""
        return cls(unit_rows(input_embeddings))

    @torch.no_grad()
    def neighbors(self, states: Tensor, k: int) -> tuple[Tensor, Tensor]:
        """Cosines and token ids (n, k) of `states` (n, hidden), best first."""
        step = min(max(1, _SCORES_AT_ONCE // len(self.rows)), max(1, len(states)))
        space = torch.empty(step, len(self.rows), device=self.rows.device)  # new memory each time is slow
        found = [
            best(torch.mm(unit_rows(chunk), self.rows.T, out=space[: len(chunk)]), k)
            for chunk in torch.split(states, step)
        ]
        scores, ids = (torch.cat(parts) for parts in zip(*found, strict=True))
        return scores.clamp(-1, 1), ids
