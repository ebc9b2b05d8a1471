"""Exact nearest neighbours by cosine, several rows of one group counted once.

Rows are the hidden states of all text layers together; a group is a context (one row per text layer) or a
word (many contexts). The result lists the best row of each of the k best groups.

Matrix products only propose candidates; each is scored again from the float32 rows, in float64. So the
products may run in bfloat16, which newer CPUs multiply two to four times as fast as float32: an error bound
says how far a product can be off, and no row that could belong to the result by that bound is left out.
Neighbours and scores are therefore the same on both paths, whatever the batch. A GPU proposes and scores in
the same way, in bfloat16 and float64.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

_BLOCK = 8
"""Rows of which only the highest product is looked at first."""
_ROWS_AT_ONCE = {"cpu": 4096, "cuda": 65_536}
_PRODUCT_BYTES = {"cpu": 64 << 20, "cuda": 256 << 20}
_MIN_QUERIES_AT_ONCE = 128
_PAIRS_AT_ONCE = 4096


_CPU = torch.device("cpu")


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

    What it stands for is the cosine less `offset` (query,), in float64.
    """

    relative: float
    fixed: Tensor
    offset: Tensor

    def to(self, device: torch.device) -> _Precision:
        """The same on a device."""
        return _Precision(self.relative, self.fixed.to(device), self.offset.to(device))

    def worth(self, shown: Tensor) -> Tensor:
        """The lowest cosine of a row whose product shows `shown` (…, query)."""
        return shown - shown.abs() * self.relative - self.fixed + self.offset

    def shows(self, cosine: Tensor) -> Tensor:
        """The lowest product of a row whose cosine is at least `cosine` (…, query)."""
        shown = cosine - self.offset - self.fixed
        return shown / torch.where(shown > 0, 1 + self.relative, 1 - self.relative)

    def of(self, queries: Tensor) -> _Precision:
        """That of some queries, by number."""
        return _Precision(self.relative, self.fixed[queries], self.offset[queries])


def unit_rows(states: Tensor) -> Tensor:
    """`states` (…, d) in float32 with length 1 each: the one place where queries and bank are normalised."""
    return F.normalize(states.float(), dim=-1)


class Bank:
    """Rows ready to be searched. Takes the memory of `rows` again, or half of it in bfloat16.

    On a GPU that is the GPU's memory, and one and a half times that of `rows` where there is room.
    """

    def __init__(
        self, rows: Tensor, groups: np.ndarray, fast: bool | None = None, device: torch.device = _CPU
    ) -> None:
        """Prepare `rows` (m, d), of length 1, with the number of each row's group (m,).

        `fast`: propose candidates in bfloat16; None: if that is faster on this machine.
        """
        self._rows, self._groups, self._device = rows, groups, device
        self._fast = fast if fast is not None else device != _CPU or bfloat16_is_faster(rows.shape[1])
        self._order, self._blocks, self._spread = _layout(groups)
        # Without their mean, which adds the same to all scores of a query, rows are shorter and round less.
        self._mean = rows.mean(dim=0) if self._fast else torch.zeros(rows.shape[1])
        kind = torch.bfloat16 if self._fast else torch.float32
        self._proposing = torch.empty(len(self._order), rows.shape[1], dtype=kind, device=device)
        self._longest = self._rounding = 0.0
        self._rows_at_once = at_once = _ROWS_AT_ONCE[device.type]
        for start in range(0, len(self._order), at_once):
            part = rows[torch.from_numpy(self._order[start : start + at_once])] - self._mean
            rounded = self._proposing[start : start + at_once].copy_(part)
            self._longest = max(self._longest, part.norm(dim=1).max().item())
            self._rounding = max(self._rounding, (rounded.cpu().float() - part).norm(dim=1).max().item())
        if device.type == "cuda" and 2 * rows.nbytes < torch.cuda.mem_get_info(device)[0]:
            self._rows = rows.to(device)

    def search(self, queries: Tensor, k: int) -> Found:
        """The k best groups for each of `queries` (n, d), of length 1; equal scores go by row number.

        There must be k groups.
        """
        fitting = _PRODUCT_BYTES[self._device.type] // (len(self._order) * self._proposing.element_size())
        batches = max(1, -(-len(queries) // max(fitting, _MIN_QUERIES_AT_ONCE)))
        step = max(1, -(-len(queries) // batches))
        space = torch.empty(len(self._order) * step, dtype=self._proposing.dtype, device=self._device)
        found = Found(np.empty((len(queries), k), np.int64), np.empty((len(queries), k), np.float32))
        for start in range(0, len(queries), step):
            part = slice(start, start + step)
            found.rows[part], found.scores[part] = self._search(queries[part], k, space)
        return found

    def _search(self, queries: Tensor, k: int, space: Tensor) -> tuple[np.ndarray, np.ndarray]:
        """True scores of the best-looking rows of the k best-looking groups rule out most candidates."""
        rounded = queries.to(self._proposing.dtype)
        precision = self._precision(queries, rounded.float())
        candidates = self._candidates(rounded.to(self._device), k, precision.to(self._device), space)
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
        with _whole_sums():
            products, peaks = self._products(rounded, space)
        floor = self._floor(peaks, k, precision)
        block, query = (peaks >= floor).nonzero(as_tuple=True)
        lowest = floor.expand(peaks.shape)[block, query].repeat_interleave(_BLOCK)
        inside = torch.arange(_BLOCK, device=self._device)
        row = (block[:, None] * _BLOCK + inside).reshape(-1)  # (pair * row in block,)
        query = query.repeat_interleave(_BLOCK)
        shown = products.view(-1)[row * len(rounded) + query].float()
        good = shown >= lowest
        query, row, shown = (values[good].cpu() for values in (query, row, shown))
        return _Pairs(query.numpy(), self._order[row.numpy()], shown.numpy()).best_first()

    def _products(self, rounded: Tensor, space: Tensor) -> tuple[Tensor, Tensor]:
        """Products (row, query), and in float32 the highest of each block (block, query)."""
        products = space[: len(self._order) * len(rounded)].view(-1, len(rounded))
        peaks = torch.empty(len(products) // _BLOCK, len(rounded), device=self._device)
        at_once = self._rows_at_once
        for start in range(0, len(products), at_once):  # what was just multiplied is still in the cache
            part = products[start : start + at_once]
            torch.mm(self._proposing[start : start + at_once], rounded.T, out=part)
            first = start // _BLOCK
            peaks[first : first + len(part) // _BLOCK] = part.view(-1, _BLOCK, len(rounded)).amax(dim=1)
        return products, peaks

    def _floor(self, peaks: Tensor, k: int, precision: _Precision) -> Tensor:
        """What a candidate must show, (block or 1, query)."""
        if self._blocks is None:
            enough = k * self._spread  # a group is the peak of at most `_spread` blocks
            if enough > len(peaks):
                return torch.full((1, peaks.shape[1]), -torch.inf, device=self._device)
            return precision.shows(precision.worth(peaks.topk(enough, dim=0).values[-1:]))
        counts = self._blocks.to(self._device)
        bests = torch.segment_reduce(peaks, "max", lengths=counts, axis=0)  # (group, query)
        good = bests.topk(k, dim=0).values[-1]
        floor = precision.shows(precision.worth(torch.maximum(bests, good)))
        return floor.repeat_interleave(counts, dim=0)

    def _needed(self, candidates: _Pairs, leaders: _Pairs, k: int, precision: _Precision) -> np.ndarray:
        """What each candidate must show to come before its group's leader and the k-th best leader."""
        needed = leaders.scores.reshape(-1, k).min(axis=1)[candidates.queries]
        leader_keys, keys = self._keys(leaders), self._keys(candidates)
        order = np.argsort(leader_keys)
        place = order[np.minimum(np.searchsorted(leader_keys[order], keys), len(order) - 1)]
        own = np.where(leader_keys[place] == keys, leaders.scores[place], -1)
        beaten = torch.from_numpy(np.maximum(needed, own))
        shown = precision.of(torch.from_numpy(candidates.queries)).shows(beaten).numpy()
        is_leader = (leader_keys[place] == keys) & (leaders.rows[place] == candidates.rows)
        return np.where(is_leader, np.inf, shown)

    def _precision(self, queries: Tensor, rounded: Tensor) -> _Precision:
        """By Cauchy and Schwarz; a float32 sum of d products is off by at most d roundings of its terms."""
        length = rounded.norm(dim=1)
        summing = queries.shape[1] * 2.0**-23 * length * (self._longest + self._rounding)
        rounding = (queries - rounded).norm(dim=1) * self._longest + length * self._rounding
        fixed = 1.01 * (rounding + summing) + 2.0**-21  # the last for scores and offset in float32
        offset = queries.double() @ self._mean.double()
        return _Precision(2.0**-8 if self._fast else 0.0, fixed, offset)

    def _keys(self, pairs: _Pairs) -> np.ndarray:
        """A number for each (query, group)."""
        return np.asarray(pairs.queries * (self._groups.max() + 1) + self._groups[pairs.rows])

    def _rescored(self, queries: Tensor, pairs: _Pairs) -> _Pairs:
        """The same pairs, which are in the order of the queries, with their cosines."""
        if self._rows.device != _CPU:
            return self._rescored_together(queries, pairs)
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

    def _rescored_together(self, queries: Tensor, pairs: _Pairs) -> _Pairs:
        """The same where many pairs at once cost as little as one."""
        exact, device = queries.to(self._rows.device).double(), self._rows.device
        query, row = (torch.from_numpy(which).to(device) for which in (pairs.queries, pairs.rows))
        scores = [
            (self._rows[some].double() * exact[own]).sum(dim=1)
            for own, some in zip(query.split(_PAIRS_AT_ONCE), row.split(_PAIRS_AT_ONCE), strict=True)
        ]
        return _Pairs(pairs.queries, pairs.rows, torch.cat(scores).float().clamp_(-1, 1).cpu().numpy())


def _layout(groups: np.ndarray) -> tuple[np.ndarray, Tensor | None, int]:
    """The order in which rows are multiplied, filled up to whole blocks by repeating some.

    Large groups get blocks of their own, and how many is given. Small ones share blocks, and
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
    return order[np.minimum(start + place, last)], torch.from_numpy(blocks), 0


@contextmanager
def _whole_sums() -> Iterator[None]:
    """Keeps GPUs from adding parts of a product in bfloat16, which the error bound does not allow for."""
    settings = torch.backends.cuda.matmul
    before = settings.allow_bf16_reduced_precision_reduction
    settings.allow_bf16_reduced_precision_reduction = False
    try:
        yield
    finally:
        settings.allow_bf16_reduced_precision_reduction = before


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
