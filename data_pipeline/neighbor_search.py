"""Exact nearest neighbours by cosine, several rows of one group counted once.

Rows are the hidden states of all text layers together; a group is a context (one row per text layer) or a
word (many contexts). The result lists the best row of each of the k best groups.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from torch import Tensor
from torch.nn import functional as F

_SCORES_AT_ONCE = 32_000_000


@dataclass(frozen=True)
class Found:
    """For n queries their k best rows, best first."""

    rows: np.ndarray  # (n, k) int64
    scores: np.ndarray  # (n, k) float32, cosine in [-1, 1]


def unit_rows(states: Tensor) -> Tensor:
    """`states` (…, d) in float32 with length 1 each: the one place where queries and bank are normalised."""
    return F.normalize(states.float(), dim=-1)


def search(queries: Tensor, rows: Tensor, groups: np.ndarray, k: int) -> Found:
    """The k best groups for each query; equal scores go by row number.

    Args:
        queries: (n, d), of length 1.
        rows: (m, d), of length 1.
        groups: (m,), the number of each row's group.
        k: how many groups to list; there must be as many.
    """
    step = max(1, _SCORES_AT_ONCE // len(rows))
    found = [_search_chunk(chunk, rows, groups, k) for chunk in queries.split(step)]
    return Found(
        np.concatenate([part.rows for part in found]), np.concatenate([part.scores for part in found])
    )


def _search_chunk(queries: Tensor, rows: Tensor, groups: np.ndarray, k: int) -> Found:
    scores = (queries @ rows.T).numpy(force=True)  # (n, m)
    best = np.stack([_first_of_groups(line, groups, k) for line in scores])  # (n, k)
    return Found(best, np.take_along_axis(scores, best, axis=1))


def _first_of_groups(scores: np.ndarray, groups: np.ndarray, k: int) -> np.ndarray:
    order = np.argsort(-scores, kind="stable")
    _, first = np.unique(groups[order], return_index=True)
    return order[np.sort(first)[:k]]
