"""Lists of a few entries per cell and layer, coded by where the same entry was seen before.

What a lens reads changes little from a layer to the next and from a cell to its neighbours. So an entry is
written as its place in the list of the same cell one layer before, of the cell to the left, of the cell
above, or in its own list. An entry seen at none of them is written out: it is `fresh` (its first time on the
page: entries are numbered by first appearance, so it needs no number), `again` (how many written entries
before it was written last, in the same array) or `old` (its number follows). Coding is done for all cells at
once; reading it back (`assets/js/lists.js`) is one pass.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from generator.columns import Block, Ints

NONE = -1
"""Entry of a place where a list has ended."""


@dataclass(frozen=True)
class Coded:
    """One array of lists: `codes` (layer, row, col, rank) and the entries that are written out."""

    codes: Ints
    literals: Ints


def code_lists(entries: Ints) -> Coded:
    """Code `entries` (layer, row, col, rank), `NONE` where a list is shorter.

    Codes below 3 K point into the lists of the layer before, the left and the upper cell (K places each); the
    next K into the own list; 4 K says that the entry is written out, 4 K + 1 that there is none.
    """
    ranks = entries.shape[-1]
    seen = np.concatenate(
        [_shifted(entries, 0), _shifted(entries, 2), _shifted(entries, 1)], axis=-1
    )  # (layer, row, col, 3 K)
    matches = entries[..., :, None] == seen[..., None, :]  # (layer, row, col, K, 3 K)
    own = (entries[..., :, None] == entries[..., None, :]) & np.tri(ranks, k=-1, dtype=bool)
    matches = np.concatenate([matches, own], axis=-1)  # (layer, row, col, K, 4 K)
    found = matches.any(axis=-1)
    codes = np.where(found, matches.argmax(axis=-1), 4 * ranks)
    codes[entries == NONE] = 4 * ranks + 1
    return Coded(codes, entries[codes == 4 * ranks])


def _shifted(entries: Ints, axis: int) -> Ints:
    """The list one step before along `axis`; `NONE` at the edge."""
    moved = np.full_like(entries, NONE)
    source = [slice(None)] * entries.ndim
    target = [slice(None)] * entries.ndim
    source[axis], target[axis] = slice(None, -1), slice(1, None)
    moved[tuple(target)] = entries[tuple(source)]
    return moved


class Vocabulary:
    """The entries of a page, numbered by their first appearance over all arrays that were added."""

    def __init__(self) -> None:
        self._added: list[Coded] = []
        self._known: Ints = np.empty(0, np.int64)
        self._rank: Ints = np.empty(0, np.int64)
        self._fresh: list[npt.NDArray[np.bool_]] = []
        self.order: Ints = np.empty(0, np.int64)
        """After `settle`: the entries as they were given, in the order of their new numbers."""

    def add(self, entries: Ints) -> int:
        """Code one array of lists; returns the number to `write` it by."""
        self._added.append(code_lists(entries))
        return len(self._added) - 1

    def settle(self) -> None:
        """Number the entries. Call once, when everything was added."""
        pieces = [coded.literals for coded in self._added]
        literals = np.concatenate([np.empty(0, np.int64), *pieces])
        known, first = np.unique(literals, return_index=True)
        self.order = known[np.argsort(first)]
        self._known, self._rank = known, np.empty(len(known), np.int64)
        self._rank[np.argsort(first)] = np.arange(len(known))
        is_fresh = np.zeros(len(literals), bool)
        is_fresh[first] = True
        self._fresh = np.split(is_fresh, np.cumsum([len(piece) for piece in pieces])[:-1])

    def write(self, block: Block, name: str, added: int) -> None:
        """Write the array `added` into `block` as the columns NAME.codes, NAME.again and NAME.old.

        Codes of entries that are written out: 4 K fresh, 4 K + 2 again, 4 K + 3 old.
        """
        coded, fresh = self._added[added], self._fresh[added]
        ranks = coded.codes.shape[-1]
        codes = coded.codes.copy()
        since = _since_last(coded.literals)
        old = ~fresh & (since == 0)
        codes[codes == 4 * ranks] = 4 * ranks + np.select([fresh, old], [0, 3], 2)
        first_fresh = sum(int(piece.sum()) for piece in self._fresh[:added])
        block.header[name] = {"ranks": ranks, "fresh": first_fresh}
        block.add(f"{name}.codes", np.moveaxis(codes, -1, 0))  # rank by rank: each has its own habits
        block.add(f"{name}.again", since[since > 0])
        block.add(f"{name}.old", self._rank[np.searchsorted(self._known, coded.literals[old])])


def _since_last(literals: Ints) -> Ints:
    """How many places before each number the same number stood last; 0 for its first time."""
    order = np.argsort(literals, kind="stable")
    same = literals[order][1:] == literals[order][:-1]
    since = np.zeros(len(literals), np.int64)
    since[order[1:][same]] = np.diff(order)[same]
    return since
