"""Where the rows of a layer come from, and their vectors, whichever layout they were read from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor

from data_pipeline.errors import InputError
from data_pipeline.importers.pickled_tensors import kind as kind_of_value

Place = tuple[str, int, int]
"""Sentence, position and token id: what names a row in every layer."""


@dataclass(frozen=True, eq=False)
class Places:
    """Of n rows, parallel: `tokens` as text of their own, `token_ids`, `captions` and `positions` in them."""

    tokens: list[str]
    token_ids: list[int]
    captions: list[str]
    positions: list[int]

    def __len__(self) -> int:
        return len(self.tokens)

    def __iter__(self) -> Iterator[Place]:
        return iter(zip(self.captions, self.positions, self.token_ids, strict=True))

    @classmethod
    def of(cls, entries: Iterable[Any], file: Path) -> Places:
        """From entries such as {"token_str": …, "token_id": …, "caption": …, "position": …}.

        Raises:
            InputError: an entry of `file` has another form; it names the row.
        """
        columns: tuple[list[Any], ...] = ([], [], [], [])
        for row, entry in enumerate(entries):
            for column, (name, kind) in zip(columns, _FIELDS.items(), strict=True):
                value = entry.get(name) if isinstance(entry, Mapping) else None
                if type(value) is not kind or not _can_be_stored(value):
                    raise InputError(
                        f"{file}: row {row} has {name} = {_shown(value)}, expected {_NAMES[kind]}"
                    )
                column.append(value)
        return cls(*columns)


_FIELDS: dict[str, type] = {"token_str": str, "token_id": int, "caption": str, "position": int}
_NAMES: dict[type, str] = {str: "a text that UTF-8 can write", int: "a whole number from 0 to 2147483647"}
_MOST = 2**31 - 1


def _can_be_stored(value: Any) -> bool:
    """Whether a table can hold it: a pickle and JSON both know longer numbers, and halves of characters."""
    if isinstance(value, int):
        return 0 <= value <= _MOST
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _shown(value: object) -> str:
    """For errors; what could be of any depth is only named."""
    is_flat = value is None or isinstance(value, (str, float, int))
    return repr(str(value)[:60]) if is_flat else kind_of_value(value)


class Vectors(Protocol):
    """Vectors that are still on disk."""

    @property
    def shape(self) -> tuple[int, int]:
        """How many, and their width."""

    def take(self, rows: np.ndarray) -> Tensor:
        """Some of them; (rows, width) float32."""


@dataclass(frozen=True, eq=False)
class ChosenRows:
    """`rows` (n,) of a layer's vectors in another order, read when they are asked for."""

    file: Path
    vectors: Vectors
    rows: np.ndarray

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, which: slice) -> Tensor:
        """(n, width) float32; raises `InputError` where one is not finite or has no direction."""
        rows = self.rows[which]
        found = self.vectors.take(rows)
        lengths = found.norm(dim=1)
        wrong = ~torch.isfinite(lengths) | (lengths == 0)
        if bool(wrong.any()):
            place = int(wrong.nonzero()[0, 0])
            what = "is 0" if lengths[place] == 0 else "is not finite"
            raise InputError(f"{self.file}: the vector of row {rows[place]} {what}")
        return found
