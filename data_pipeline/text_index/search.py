"""Exact nearest rows by cosine over all text layers, several rows of one group counted once.

A group is a context, which has a row in each text layer, or a word, which has many contexts. The result lists
the best row of each of the k best groups; equal scores go by context, then by text layer.

Layers are read in chunks that fit a budget of memory. In each, products of codes propose candidates, and
these are scored again from their codes in float64. An error bound says how far a product can be off, and no
row that could belong to the result by that bound is left out. The k best groups over all chunks are among the
k best of each, so chunks are merged one after the other, and the k-th best score so far bounds what the next
one has to offer.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

from data_pipeline.text_index.codes import Coding, Encoded
from data_pipeline.text_index.layer_files import LayerFile
from data_pipeline.text_index.proposals import Kind, Proposer, bytes_of_trial, quickest

MEMORY = 1 << 30
"""Bytes that a search takes beside the index's contexts, unless said."""
_BLOCK = 8
"""Rows of which only the highest product is looked at first."""
_ROWS_AT_ONCE = 4096
_MOST_QUERIES, _LEAST_QUERIES = 4608, 64
_BYTES_OF_QUERY = 28
"""For each column: in float64 twice, to score exactly, and in float32 three times, to propose."""
_LEAST_ROWS = 512
_BYTES_OF_PRODUCT = 13
"""For each row and query: the product twice while it is made, once when it is kept, and peaks of blocks."""
_BYTES_OF_CANDIDATES = 2 << 20
"""About what a few neighbours of some queries take until they are sorted out."""
_ROUNDING = 2.0**-20
"""Of scales and scores in float32."""


@dataclass(frozen=True, eq=False)
class LayerRows:
    """A text layer: its vectors, and the context of each row (n,), ascending."""

    layer: int
    file: LayerFile
    contexts: np.ndarray


@dataclass(frozen=True, eq=False)
class Pairs:
    """Some rows for some queries, parallel arrays."""

    queries: np.ndarray
    contexts: np.ndarray
    layers: np.ndarray
    groups: np.ndarray
    scores: np.ndarray

    def take(self, which: np.ndarray) -> Pairs:
        """Those at these places, or where the mask is true."""
        return Pairs(*(array[which] for array in vars(self).values()))

    def beside(self, other: Pairs) -> Pairs:
        """These and those."""
        both = zip(vars(self).values(), vars(other).values(), strict=True)
        return Pairs(*(np.concatenate(arrays) for arrays in both))

    def best(self, k: int, worth: np.ndarray | None = None) -> Pairs:
        """The best row of each of the k best groups of each query, by query, best first.

        With `worth`, parallel to the scores, by that, and by score where it is equal.
        """
        first = () if worth is None else (-worth,)
        order = np.lexsort((self.layers, self.contexts, -self.scores, *first, self.queries))
        ordered = self.take(order)
        keys = ordered.queries * (int(ordered.groups.max(initial=0)) + 1) + ordered.groups
        firsts = ordered.take(np.sort(np.unique(keys, return_index=True)[1]))
        starts = np.flatnonzero(np.diff(firsts.queries, prepend=-1))
        rank = np.arange(len(firsts.queries)) - np.repeat(starts, np.diff([*starts, len(firsts.queries)]))
        return firsts.take(rank < k)

    @classmethod
    def none(cls) -> Pairs:
        """No pair at all."""
        whole = np.empty(0, np.int64)
        return cls(whole, whole, whole, whole, np.empty(0, np.float64))


def search(
    layers: Sequence[LayerRows],
    groups: np.ndarray,
    queries: Tensor,
    k: int,
    memory: int = MEMORY,
    kind: Kind | None = None,
    apart: bool = False,
) -> Pairs:
    """The k best groups for each of `queries` (n, d), of length 1; n·k pairs, by query, best first.

    With `apart` the k best of each text layer (all of its groups, where it has fewer), by text layer: what is
    among the best of all is among these.

    Args:
        layers: what is searched; together they have rows of at least k groups.
        groups: the group of each context (contexts,).
        queries: on the device that is to multiply.
        k: how many groups.
        memory: bytes for what is made of queries, for products and for the rows that are multiplied.
        kind: how candidates are proposed; None: the quickest way on this machine.
        apart: whether each text layer is searched by itself.
    """
    if len(queries) == 0:
        return Pairs.none()
    kind = kind or quickest(queries.shape[1], queries.device)
    size = _BYTES_OF_QUERY * queries.shape[1]
    fitting = (memory - _least_rows(queries.shape[1])) // (size + _LEAST_ROWS * _BYTES_OF_PRODUCT)
    together = min(max(min(memory // 2 // size, fitting), _LEAST_QUERIES), _MOST_QUERIES)
    left = memory - min(together, len(queries)) * size
    parts = [
        _search(some, groups, part, k, left, kind, start * together)
        for some in ([[rows] for rows in layers] if apart else [layers])
        for start, part in enumerate(queries.split(together))
    ]
    found = Pairs.none()
    for part in parts:
        found = found.beside(part)
    return found


def least_memory(queries: int, width: int) -> int:
    """Bytes below which a search cannot go: of its smallest chunk, for its fewest queries at once."""
    of_query = _BYTES_OF_QUERY * width + _LEAST_ROWS * _BYTES_OF_PRODUCT
    chunk = min(queries, _LEAST_QUERIES) * of_query + _least_rows(width)
    return max(chunk, bytes_of_trial(width)) + _BYTES_OF_CANDIDATES


def _least_rows(width: int) -> int:
    """Bytes of the fewest rows that are read at once, and of their copies while they are multiplied."""
    return _LEAST_ROWS * (6 * width + 1)


def _search(
    layers: Sequence[LayerRows],
    groups: np.ndarray,
    queries: Tensor,
    k: int,
    memory: int,
    kind: Kind,
    first_query: int,
) -> Pairs:
    best = Pairs.none()
    for rows in layers:
        coding = rows.file.coding
        proposer = Proposer(queries, coding.to(queries.device), kind)
        exact = _Exact(queries.cpu().double(), coding)
        for chunk in _chunks(len(rows.contexts), len(queries), queries.shape[1], memory):
            best = _Chunk(rows, chunk, groups[rows.contexts[chunk]]).search(proposer, exact, k, best)
    return Pairs(best.queries + first_query, *list(vars(best).values())[1:])


def _chunks(rows: int, queries: int, width: int, memory: int) -> Iterator[slice]:
    """Whole blocks whose products (and their peaks) take at most `memory` beside one tile of codes."""
    tile = _ROWS_AT_ONCE * (8 * queries + 5 * width)
    fitting = max(memory - tile, 0) // (4 * queries + 4 * queries // _BLOCK + width + 1)
    step = max(fitting // _BLOCK * _BLOCK, _LEAST_ROWS)
    for start in range(0, rows, step):
        yield slice(start, min(start + step, rows))


class _Exact:
    """Queries (n, d) in float64, of length 1, times the column scales of a layer."""

    def __init__(self, queries: Tensor, coding: Coding) -> None:
        self._weighted = queries * coding.columns.double()
        self._weighted[:, coding.places] = 0  # their codes are 0
        self._apart = queries[:, coding.places]

    def cosines(self, rows: Encoded, query: int) -> Tensor:
        """Of some rows to a query; (rows,)."""
        found = torch.mv(rows.codes.double(), self._weighted[query])
        if rows.apart.shape[1]:
            found += torch.mv(rows.apart.double(), self._apart[query])
        return found * rows.scales.double()


class _Chunk:
    """Some rows of a text layer in memory."""

    def __init__(self, rows: LayerRows, chunk: slice, groups: np.ndarray) -> None:
        self._layer, self._groups = rows.layer, groups
        self._contexts = rows.contexts[chunk]
        self._encoded, self._reach = rows.file.get(chunk), rows.file.reach

    def search(self, proposer: Proposer, exact: _Exact, k: int, best: Pairs) -> Pairs:
        """`best` with the rows here that belong to it."""
        products, peaks = self._products(proposer)
        error = proposer.error * self._reach + _ROUNDING
        first = peaks.topk(min(2 * k, len(peaks)), dim=0).values[-1].cpu().numpy()
        best = best.beside(self._scored(exact, *_at_least(products, peaks, first))).best(k)
        needed = _worst(best, k, len(proposer.error)) - error
        if not np.isfinite(needed).all():  # fewer than k groups so far
            needed = np.maximum(needed, self._shown_by_enough(peaks, k) - 2 * error)
        others = self._scored(exact, *_at_least(products, peaks, np.minimum(needed, first), below=first))
        return best.beside(others).best(k)

    def _shown_by_enough(self, peaks: Tensor, k: int) -> np.ndarray:
        """What the best rows of k groups show at least (query,); -inf where there are not so many."""
        enough = k * self._spread()
        if enough > len(peaks):
            return np.full(peaks.shape[1], -np.inf)
        return np.asarray(peaks.topk(enough, dim=0).values[-1].cpu())

    def _products(self, proposer: Proposer) -> tuple[Tensor, Tensor]:
        """Products (row, query), and of each block the highest (block, query)."""
        count, device = len(proposer.error), proposer.device
        blocks = -(-len(self._contexts) // _BLOCK)
        products = torch.full((blocks * _BLOCK, count), -torch.inf, device=device)
        peaks = torch.empty(blocks, count, device=device)
        for start in range(0, len(self._contexts), _ROWS_AT_ONCE):
            tile = slice(start, min(start + _ROWS_AT_ONCE, len(self._contexts)))
            products[tile] = proposer.products(self._encoded.take(tile).to(device))
            first, last = start // _BLOCK, -(-tile.stop // _BLOCK)
            peaks[first:last] = products[first * _BLOCK : last * _BLOCK].view(-1, _BLOCK, count).amax(dim=1)
        return products, peaks

    def _spread(self) -> int:
        """In how many blocks the rows of one group lie at most."""
        blocks = np.arange(len(self._groups)) // _BLOCK
        count = int(blocks[-1]) + 1
        lying = np.unique(self._groups * count + blocks) // count
        return int(np.unique(lying, return_counts=True)[1].max())

    def _scored(self, exact: _Exact, queries: np.ndarray, rows: np.ndarray) -> Pairs:
        """The pairs, which are in the order of their queries, with their cosines."""
        scores = np.empty(len(rows))
        starts = np.flatnonzero(np.diff(queries, prepend=-1))
        places = torch.from_numpy(rows)
        for start, end in pairwise([*starts, len(rows)] if len(rows) else []):
            some = self._encoded.take(places[start:end])
            scores[start:end] = exact.cosines(some, int(queries[start])).numpy()
        layers = np.full(len(rows), self._layer)
        return Pairs(queries, self._contexts[rows], layers, self._groups[rows], np.clip(scores, -1, 1))


def _at_least(
    products: Tensor, peaks: Tensor, floor: np.ndarray, below: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """(query, row), by query, whose product is at least `floor` (n,) and lower than `below` (n,)."""
    limit = torch.from_numpy(floor).to(products)
    block, query = (found.cpu().numpy() for found in (peaks >= limit).nonzero(as_tuple=True))
    row = (block[:, None] * _BLOCK + np.arange(_BLOCK)).reshape(-1)
    query = query.repeat(_BLOCK)
    place = torch.from_numpy(row * products.shape[1] + query).to(products.device)
    shown = products.view(-1)[place].cpu().numpy()
    keep = (shown >= limit.cpu().numpy()[query]) & np.isfinite(shown)
    if below is not None:
        keep &= shown < below[query]
    query, row = query[keep], row[keep]
    order = np.argsort(query, kind="stable")
    return query[order], row[order]


def _worst(best: Pairs, k: int, count: int) -> np.ndarray:
    """The k-th best score of each query so far; -inf where there are fewer."""
    found = np.full(count, -np.inf)
    queries, counts = np.unique(best.queries, return_counts=True)
    lowest = np.minimum.reduceat(best.scores, np.flatnonzero(np.diff(best.queries, prepend=-1)))
    found[queries[counts == k]] = lowest[counts == k]
    return found
