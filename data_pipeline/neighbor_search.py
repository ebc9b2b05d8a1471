"""Exact nearest neighbours by cosine on a CPU, several rows of one group counted once.

Rows are the hidden states of all text layers together; a group is a context (one row per text layer) or a
word (many contexts). The result lists the best row of each of the k best groups.

Matrix products only propose candidates; each is scored again from the float32 rows, summed in float64. So
the products may run in bfloat16, which newer CPUs multiply two to four times as fast as float32: for each
query an error bound says how far a score can be off, and every row that could belong to the result by that
bound is a candidate. Neighbours and scores are therefore the same on both paths, whatever the batch. When the
matrix products are short (few dimensions), finding the candidates takes a good part of the time.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

_BLOCK = 8
"""Rows of which only the highest score is looked at first."""
_SCORE_BYTES = 256 << 20
_GATHERED_VALUES = 8_000_000


@dataclass(frozen=True)
class Found:
    """For n queries their k best rows, best first."""

    rows: np.ndarray  # (n, k) int64
    scores: np.ndarray  # (n, k) float32, cosine in [-1, 1]


@dataclass(frozen=True)
class _Precision:
    """How far products of one floating-point type may be off: `relative` to the score, and `fixed`."""

    relative: float
    fixed: Tensor  # (query,)

    def floor(self, scores: Tensor) -> Tensor:
        """The lowest score (…, query) that a row can show and truly be as good as one that shows `scores`."""
        least = scores - scores.abs() * self.relative - self.fixed  # what the shown row is truly worth
        shown = least - self.fixed
        return torch.where(shown > 0, shown / (1 + self.relative), shown / (1 - self.relative))


def unit_rows(states: Tensor) -> Tensor:
    """`states` (…, d) in float32 with length 1 each: the one place where queries and bank are normalised."""
    return F.normalize(states.float(), dim=-1)


class Bank:
    """Rows ready to be searched. Takes the memory of `rows` again, or half of it in bfloat16."""

    def __init__(self, rows: Tensor, groups: np.ndarray, fast: bool | None = None) -> None:
        """Prepare `rows` (m, d), of length 1, with the number of each row's group (m,).

        Rows of a group that stand together make a search faster. `fast`: propose candidates in bfloat16;
        None: if that is faster on this machine.
        """
        self._rows, self._groups = rows, groups
        self._fast = bfloat16_is_faster(rows.shape[1]) if fast is None else fast
        self._order, self._block_starts, self._spread = _layout(groups)
        self._mean = rows.mean(dim=0) if self._fast else torch.zeros(rows.shape[1])
        ordered = rows[torch.from_numpy(self._order)] - self._mean
        self._proposing = ordered.bfloat16() if self._fast else ordered
        rounding = self._proposing.float().sub_(ordered) if self._fast else torch.zeros(1, 1)
        self._longest, self._rounding = (part.norm(dim=1).max().item() for part in (ordered, rounding))

    def search(self, queries: Tensor, k: int) -> Found:
        """The k best groups for each of `queries` (n, d), of length 1; equal scores go by row number.

        There must be k groups.
        """
        step = max(1, _SCORE_BYTES // (len(self._order) * self._proposing.element_size()))
        parts = [self._search(queries[start : start + step], k) for start in range(0, len(queries), step)]
        if not parts:
            return Found(np.empty((0, k), np.int64), np.empty((0, k), np.float32))
        return Found(*(np.concatenate(arrays) for arrays in zip(*parts, strict=True)))

    def _search(self, queries: Tensor, k: int) -> tuple[np.ndarray, np.ndarray]:
        query_numbers, rows = self._candidates(queries, k)
        scores = self._rescored(queries, query_numbers, rows)
        order = np.lexsort((rows, -scores, query_numbers))
        query_numbers, rows, scores = query_numbers[order], rows[order], scores[order]
        group = query_numbers * (self._groups.max() + 1) + self._groups[rows]
        first = np.sort(np.unique(group, return_index=True)[1])  # each group's best row, by query and score
        starts = np.searchsorted(query_numbers[first], np.arange(len(queries)))
        best = first[starts[:, None] + np.arange(k)]  # (query, k)
        return rows[best], scores[best]

    def _candidates(self, queries: Tensor, k: int) -> tuple[np.ndarray, np.ndarray]:
        """Pairs (query, row), at least all that can be the best row of one of a query's k best groups."""
        proposing = queries.to(self._proposing.dtype)
        scores = self._proposing @ proposing.T  # (row, query)
        peaks = scores.view(-1, _BLOCK, len(queries)).amax(dim=1).float()  # (block, query)
        floor = self._floor(peaks, k, self._precision(queries, proposing.float()))
        block, query = np.nonzero((peaks >= floor).numpy())
        row = (block[:, None] * _BLOCK + np.arange(_BLOCK)).reshape(-1)  # (pair * row in block,)
        query = query.repeat(_BLOCK)
        shown = scores[torch.from_numpy(row), torch.from_numpy(query)].float().numpy()
        lowest = floor.numpy()[row // _BLOCK if len(floor) > 1 else np.zeros_like(row), query]
        return query[shown >= lowest], self._order[row[shown >= lowest]]

    def _floor(self, peaks: Tensor, k: int, precision: _Precision) -> Tensor:
        """What a row must show, (block, query) or (1, query), to be a candidate."""
        if self._block_starts is None:  # a group is the peak of at most `_spread` blocks
            enough = k * self._spread
            if enough > len(peaks):
                return torch.full_like(peaks[:1], -torch.inf)
            return precision.floor(peaks.topk(enough, dim=0).values[-1:])
        best = np.maximum.reduceat(peaks.numpy(), self._block_starts, axis=0)  # (group, query)
        bests = torch.from_numpy(best)
        floor = torch.maximum(precision.floor(bests), precision.floor(bests.topk(k, dim=0).values[-1:]))
        sizes = np.diff([*self._block_starts, len(peaks)])
        return floor.repeat_interleave(torch.from_numpy(sizes), dim=0)

    def _precision(self, queries: Tensor, rounded: Tensor) -> _Precision:
        """By Cauchy and Schwarz; a float32 sum of d products is off by at most d roundings of its terms."""
        length = rounded.norm(dim=1)
        summing = queries.shape[1] * 2.0**-23 * length * (self._longest + self._rounding)
        products = (queries - rounded).norm(dim=1) * self._longest + length * self._rounding
        return _Precision(2.0**-8 if self._fast else 0.0, 1.01 * (products + summing) + 2.0**-22)

    def _rescored(self, queries: Tensor, query_numbers: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """The cosine of each pair, in float32."""
        step = max(1, _GATHERED_VALUES // queries.shape[1])
        scores = np.empty(len(rows), dtype=np.float32)
        for start in range(0, len(rows), step):
            part = slice(start, start + step)
            left, right = torch.from_numpy(query_numbers[part]), torch.from_numpy(rows[part])
            products = queries[left].mul_(self._rows[right])
            scores[part] = products.sum(dim=1, dtype=torch.float64).float().clamp_(-1, 1).numpy()
        return scores


def _layout(groups: np.ndarray) -> tuple[np.ndarray, np.ndarray | None, int]:
    """The order in which rows are multiplied, filled up to whole blocks by repeating some.

    Large groups get blocks of their own, and the first block of each is given. Small ones share blocks, and
    the third value says in how many blocks the rows of one group can lie.
    """
    order = np.argsort(groups, kind="stable")
    sizes = np.unique(groups, return_counts=True)[1]
    if len(groups) < 2 * _BLOCK * len(sizes):
        order = np.concatenate([order, order[-1:].repeat(-len(order) % _BLOCK)])
        return order, None, int(-(-(sizes.max() - 1) // _BLOCK) + 1)
    blocks = -(-sizes // _BLOCK)
    ends = np.cumsum(sizes)
    place = np.concatenate([np.arange(count * _BLOCK) for count in blocks])
    start, last = (values.repeat(blocks * _BLOCK) for values in (ends - sizes, ends - 1))
    return order[np.minimum(start + place, last)], np.cumsum(blocks) - blocks, 0


@lru_cache(maxsize=8)
def bfloat16_is_faster(width: int) -> bool:
    """Whether this machine multiplies matrices of `width` columns clearly faster in bfloat16, by trying."""
    matrix = torch.ones(2048, width)
    return 1.3 * _seconds(matrix.bfloat16()) < _seconds(matrix)


def _seconds(matrix: Tensor) -> float:
    def once() -> float:
        start = time.perf_counter()
        matrix @ matrix[:128].T
        return time.perf_counter() - start

    return min(once() for _ in range(5))
