"""The best of many scores, in an order that does not depend on the machine."""

from __future__ import annotations

import torch
from torch import Tensor

_SPARE = 8
_BLOCK = 32
"""Scores of which only the highest is looked at first."""


def best(scores: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """Values and ids of the `k` highest of `scores` (rows, candidates); equal scores go by id, ascending.

    `torch.topk` alone leaves open which of several equal scores it takes.
    """
    k = min(k, scores.shape[1])
    taken = min(k + _SPARE, scores.shape[1])
    values, ids = _highest(scores, taken)
    lowest = values[:, -1]
    ids, order = ids.sort(dim=1)
    values, by_score = values.gather(1, order).sort(dim=1, descending=True, stable=True)
    values, ids = values[:, :k].clone(), ids.gather(1, by_score)[:, :k].clone()
    if taken < scores.shape[1]:
        # Where even the spare places tie with the k-th, one with a lower id may have been left outside.
        for row in (lowest == values[:, -1]).nonzero()[:, 0].tolist():
            whole, where = scores[row].sort(descending=True, stable=True)
            values[row], ids[row] = whole[:k], where[:k]
    return values, ids


def _highest(scores: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """As `torch.topk`, which of long rows takes several times as long.

    `count` blocks with the highest peaks hold `count` scores that no other block exceeds.
    """
    whole = scores.shape[1] // _BLOCK * _BLOCK
    if whole < 4 * count * _BLOCK:
        values, ids = scores.topk(count, dim=1)
        return values, ids
    peaks = scores[:, :whole].unflatten(1, (-1, _BLOCK)).amax(-1)
    blocks = peaks.topk(count, dim=1).indices * _BLOCK
    inside = torch.arange(_BLOCK, device=scores.device)
    rest = torch.arange(whole, scores.shape[1], device=scores.device).expand(len(scores), -1)
    ids = torch.cat([(blocks[:, :, None] + inside).flatten(1), rest], dim=1)  # each once
    values, places = scores.gather(1, ids).topk(count, dim=1)
    return values, ids.gather(1, places)
