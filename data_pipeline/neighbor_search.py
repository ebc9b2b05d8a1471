"""Exact nearest neighbours by cosine on a CPU, several rows of one group counted once.

Rows are the hidden states of all text layers together; a group is a context (one row per text layer) or a
word (many contexts). The result lists the best row of each of the k best groups.

Matrix products only propose candidates; each is scored again from the float32 rows, in float64. So the
products may run in bfloat16, which newer CPUs multiply two to four times as fast as float32: an error bound
says how far a product can be off, and no row that could belong to the result by that bound is left out.
Neighbours and scores are therefore the same on both paths, whatever the batch.
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
"""Rows of which only the highest product is looked at first."""
_ROWS_AT_ONCE = 4096
_PRODUCT_BYTES = 64 << 20
_MIN_QUERIES_AT_ONCE = 128


@dataclass(frozen=True)
class Found:
    """For n queries their k best rows, best first."""

    rows: np.ndarray  # (n, k) int64
    scores: np.ndarray  # (n, k) float32, cosine in [-1, 1]


@dataclass(frozen=True)
class _Pairs:
    """Some rows for some queries: parallel arrays."""

    queries: np.ndarray
    rows: np.ndarray
    scores: np.ndarray

    def take(self, which: np.ndarray) -> _Pairs:
        """The pairs at these places, or where the mask is true."""
        return _Pairs(self.queries[which], self.rows[which], self.scores[which])

    def best_first(self) -> _Pairs:
        """By query, score and row number."""
        return self.take(np.lexsort((self.rows, -self.scores, self.queries)))

    def beside(self, other: _Pairs) -> _Pairs:
        """These and those."""
        names = ("queries", "rows", "scores")
        return _Pairs(*(np.concatenate([getattr(self, name), getattr(other, name)]) for name in names))


@dataclass(frozen=True)
class _Precision:
    """How far a product may be from what it stands for: by `relative` times itself and `fixed` (query,).

    What it stands for is the cosine less `offset` (query,).
    """

    relative: float
    fixed: np.ndarray
    offset: np.ndarray

    def worth(self, shown: np.ndarray) -> np.ndarray:
        """The lowest cosine of a row whose product shows `shown` (…, query)."""
        return np.asarray(shown - np.abs(shown) * self.relative - self.fixed + self.offset)

    def shows(self, cosine: np.ndarray, queries: np.ndarray | slice = slice(None)) -> np.ndarray:
        """The lowest product of a row whose cosine is at least `cosine` (…, query)."""
        shown = cosine - self.offset[queries] - self.fixed[queries]
        return np.asarray(shown / np.where(shown > 0, 1 + self.relative, 1 - self.relative))


def unit_rows(states: Tensor) -> Tensor:
    """`states` (…, d) in float32 with length 1 each: the one place where queries and bank are normalised."""
    return F.normalize(states.float(), dim=-1)


class Bank:
    """Rows ready to be searched. Takes the memory of `rows` again, or half of it in bfloat16."""

    def __init__(self, rows: Tensor, groups: np.ndarray, fast: bool | None = None) -> None:
        """Prepare `rows` (m, d), of length 1, with the number of each row's group (m,).

        `fast`: propose candidates in bfloat16; None: if that is faster on this machine.
        """
        self._rows, self._groups = rows, groups
        self._fast = bfloat16_is_faster(rows.shape[1]) if fast is None else fast
        self._order, self._block_starts, self._spread = _layout(groups)
        # Without their mean, which adds the same to all scores of a query, rows are shorter and round less.
        self._mean = rows.mean(dim=0) if self._fast else torch.zeros(rows.shape[1])
        kind = torch.bfloat16 if self._fast else torch.float32
        self._proposing = torch.empty(len(self._order), rows.shape[1], dtype=kind)
        self._longest = self._rounding = 0.0
        for start in range(0, len(self._order), _ROWS_AT_ONCE):
            part = rows[torch.from_numpy(self._order[start : start + _ROWS_AT_ONCE])] - self._mean
            rounded = self._proposing[start : start + _ROWS_AT_ONCE].copy_(part)
            self._longest = max(self._longest, part.norm(dim=1).max().item())
            self._rounding = max(self._rounding, (rounded.float() - part).norm(dim=1).max().item())

    def search(self, queries: Tensor, k: int) -> Found:
        """The k best groups for each of `queries` (n, d), of length 1; equal scores go by row number.

        There must be k groups.
        """
        fitting = _PRODUCT_BYTES // (len(self._order) * self._proposing.element_size())
        batches = max(1, -(-len(queries) // max(fitting, _MIN_QUERIES_AT_ONCE)))
        step = max(1, -(-len(queries) // batches))
        space = torch.empty(len(self._order) * step, dtype=self._proposing.dtype)
        found = Found(np.empty((len(queries), k), np.int64), np.empty((len(queries), k), np.float32))
        for start in range(0, len(queries), step):
            part = slice(start, start + step)
            found.rows[part], found.scores[part] = self._search(queries[part], k, space)
        return found

    def _search(self, queries: Tensor, k: int, space: Tensor) -> tuple[np.ndarray, np.ndarray]:
        """True scores of the best-looking rows of the k best-looking groups rule out most candidates."""
        rounded = queries.to(self._proposing.dtype)
        precision = self._precision(queries, rounded.float())
        candidates = self._candidates(rounded, k, precision, space)
        leaders = self._rescored(queries, self._listed(candidates, k))
        others = candidates.take(candidates.scores >= self._needed(candidates, leaders, k, precision))
        scored = leaders.beside(self._rescored(queries, others)).best_first()
        listed = self._listed(scored, k)
        return listed.rows.reshape(-1, k), listed.scores.reshape(-1, k)

    def _listed(self, pairs: _Pairs, k: int) -> _Pairs:
        """The best row of each of the k best groups of each query; `pairs` are best first."""
        best = pairs.take(np.sort(np.unique(self._keys(pairs), return_index=True)[1]))
        starts = np.flatnonzero(np.diff(best.queries, prepend=-1))
        return best.take((starts[:, None] + np.arange(k)).reshape(-1))

    def _candidates(self, rounded: Tensor, k: int, precision: _Precision, space: Tensor) -> _Pairs:
        """All pairs that can be the best row of one of a query's k best groups, best products first."""
        products, peaks = self._products(rounded, space)
        floor = self._floor(peaks, k, precision)
        block, query = np.nonzero(peaks.numpy() >= floor)
        lowest = np.broadcast_to(floor, peaks.shape)[block, query].repeat(_BLOCK)
        row = (block[:, None] * _BLOCK + np.arange(_BLOCK)).reshape(-1)  # (pair * row in block,)
        query = query.repeat(_BLOCK)
        shown = products.view(-1)[torch.from_numpy(row * len(rounded) + query)].float().numpy()
        return _Pairs(query, self._order[row], shown).take(shown >= lowest).best_first()

    def _products(self, rounded: Tensor, space: Tensor) -> tuple[Tensor, Tensor]:
        """Products (row, query), and in float32 the highest of each block (block, query)."""
        products = space[: len(self._order) * len(rounded)].view(-1, len(rounded))
        peaks = torch.empty(len(products) // _BLOCK, len(rounded))
        for start in range(0, len(products), _ROWS_AT_ONCE):  # what was just multiplied is still in the cache
            part = products[start : start + _ROWS_AT_ONCE]
            torch.mm(self._proposing[start : start + _ROWS_AT_ONCE], rounded.T, out=part)
            first = start // _BLOCK
            peaks[first : first + len(part) // _BLOCK] = part.view(-1, _BLOCK, len(rounded)).amax(dim=1)
        return products, peaks

    def _floor(self, peaks: Tensor, k: int, precision: _Precision) -> np.ndarray:
        """What a candidate must show, (block or 1, query)."""
        if self._block_starts is None:
            enough = k * self._spread  # a group is the peak of at most `_spread` blocks
            if enough > len(peaks):
                return np.full((1, peaks.shape[1]), -np.inf)
            return precision.shows(precision.worth(peaks.topk(enough, dim=0).values[-1:].numpy()))
        bests = np.maximum.reduceat(peaks.numpy(), self._block_starts, axis=0)  # (group, query)
        good = torch.from_numpy(bests).topk(k, dim=0).values[-1].numpy()
        floor = precision.shows(precision.worth(np.maximum(bests, good)))
        return floor.repeat(np.diff([*self._block_starts, len(peaks)]), axis=0)

    def _needed(self, candidates: _Pairs, leaders: _Pairs, k: int, precision: _Precision) -> np.ndarray:
        """What each candidate must show to come before its group's leader and the k-th best leader."""
        needed = leaders.scores.reshape(-1, k).min(axis=1)[candidates.queries]
        leader_keys, keys = self._keys(leaders), self._keys(candidates)
        order = np.argsort(leader_keys)
        place = order[np.minimum(np.searchsorted(leader_keys[order], keys), len(order) - 1)]
        own = np.where(leader_keys[place] == keys, leaders.scores[place], -1)
        shown = precision.shows(np.maximum(needed, own), candidates.queries)
        is_leader = (leader_keys[place] == keys) & (leaders.rows[place] == candidates.rows)
        return np.where(is_leader, np.inf, shown)

    def _precision(self, queries: Tensor, rounded: Tensor) -> _Precision:
        """By Cauchy and Schwarz; a float32 sum of d products is off by at most d roundings of its terms."""
        length = rounded.norm(dim=1)
        summing = queries.shape[1] * 2.0**-23 * length * (self._longest + self._rounding)
        rounding = (queries - rounded).norm(dim=1) * self._longest + length * self._rounding
        fixed = 1.01 * (rounding + summing) + 2.0**-21  # the last for scores and offset in float32
        offset = queries.double() @ self._mean.double()
        return _Precision(2.0**-8 if self._fast else 0.0, fixed.numpy(), offset.numpy())

    def _keys(self, pairs: _Pairs) -> np.ndarray:
        """A number for each (query, group)."""
        return np.asarray(pairs.queries * (self._groups.max() + 1) + self._groups[pairs.rows])

    def _rescored(self, queries: Tensor, pairs: _Pairs) -> _Pairs:
        """The same pairs, which are in the order of the queries, with their cosines."""
        starts = np.flatnonzero(np.diff(pairs.queries, prepend=-1))
        ends = np.append(starts[1:], len(pairs.rows))[: len(starts)]
        exact, rows = queries.double(), torch.from_numpy(pairs.rows)
        scores = torch.empty(len(rows), dtype=torch.float64)
        gathered = torch.empty(
            max(ends - starts, default=0), queries.shape[1]
        )  # new memory each time is slow
        precise = gathered.double()
        for query, start, end in zip(pairs.queries[starts], starts, ends, strict=True):
            count = end - start
            torch.index_select(self._rows, 0, rows[start:end], out=gathered[:count])
            torch.mv(precise[:count].copy_(gathered[:count]), exact[query], out=scores[start:end])
        return _Pairs(pairs.queries, pairs.rows, scores.float().clamp_(-1, 1).numpy())


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
