"""The best of many scores, in an order that does not depend on the machine."""

from __future__ import annotations

from torch import Tensor

_SPARE = 8


def best(scores: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """Values and ids of the `k` highest of `scores` (rows, candidates); equal scores go by id, ascending.

    `torch.topk` alone leaves open which of several equal scores it takes.
    """
    k = min(k, scores.shape[1])
    taken = min(k + _SPARE, scores.shape[1])
    values, ids = scores.topk(taken, dim=1, sorted=True)
    ids, order = ids.sort(dim=1)
    values, by_score = values.gather(1, order).sort(dim=1, descending=True, stable=True)
    values, ids = values[:, :k].clone(), ids.gather(1, by_score)[:, :k].clone()
    if taken < scores.shape[1]:
        # Where even the spare places tie with the k-th, one with a lower id may have been left outside.
        lowest = scores.topk(taken, dim=1).values[:, -1]
        for row in (lowest == values[:, -1]).nonzero()[:, 0].tolist():
            whole, where = scores[row].sort(descending=True, stable=True)
            values[row], ids[row] = whole[:k], where[:k]
    return values, ids
