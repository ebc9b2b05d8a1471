"""Directions in int8: a scale for each column, which all vectors share, and one for each vector.

A few columns of hidden states are hundreds of times larger than the others (massive activations: Sun et al.
2024, arXiv:2402.17762), and decide most of a cosine. The largest are kept in float32; each other column is
divided by its usual size first, so that none leaves the others without digits. A vector's own scale gives
what is decoded the length 1: only directions are stored, and a cosine is a product.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from data_pipeline.unit_vectors import unit_rows

MOST = 127
_MOST_APART, _WIDTH_FOR_EACH = 16, 64
_SMALLEST_SIZE = 1e-3
"""Of the median column's: a column that is nearly always 0 is not blown up."""
_TINY = 1e-30


@dataclass(frozen=True, eq=False)
class Encoded:
    """n vectors of width d: `codes` (n, d) int8, `apart` (n, m) float32 and `scales` (n,) float32."""

    codes: Tensor
    apart: Tensor
    scales: Tensor

    @property
    def reach(self) -> float:
        """The largest length of codes times scale: an error of a query times the columns counts that much."""
        return float((self.codes.float().norm(dim=1) * self.scales).max()) if len(self.codes) else 0.0

    def take(self, rows: Tensor | slice) -> Encoded:
        """Some of them."""
        return Encoded(self.codes[rows], self.apart[rows], self.scales[rows])

    def to(self, device: torch.device) -> Encoded:
        """The same on a device."""
        return Encoded(self.codes.to(device), self.apart.to(device), self.scales.to(device))


@dataclass(frozen=True, eq=False)
class Coding:
    """How the vectors of a layer are coded: column scales (d,), and which columns are kept apart (m,)."""

    columns: Tensor
    places: Tensor

    @classmethod
    def of(cls, sample: Tensor) -> Coding:
        """What suits `sample` (n, d): root mean squares of its columns, every row of length 1."""
        sizes = unit_rows(sample).square().mean(dim=0).sqrt()
        count = min(_MOST_APART, len(sizes) // _WIDTH_FOR_EACH)
        places = sizes.topk(count).indices.sort().values
        return cls(sizes.clamp_min(_SMALLEST_SIZE * float(sizes.median()) + _TINY), places)

    def encode(self, states: Tensor) -> Encoded:
        """Codes of `states` (n, d), of any length; 0 stays 0."""
        rows = unit_rows(states)
        apart = rows[:, self.places]
        even = rows / self.columns
        even[:, self.places] = 0
        steps = even.abs().amax(dim=1, keepdim=True).clamp_min(_TINY) / MOST
        codes = (even / steps).round_().to(torch.int8)
        apart = apart / steps
        lengths = self._rows(codes, apart).norm(dim=1)
        return Encoded(codes, apart, torch.where(lengths > 0, 1 / lengths, 0))

    def decode(self, encoded: Encoded) -> Tensor:
        """The vectors in float32, of length 1 each; (n, d)."""
        return self._rows(encoded.codes, encoded.apart) * encoded.scales[:, None]

    def _rows(self, codes: Tensor, apart: Tensor) -> Tensor:
        rows = codes.float() * self.columns
        rows[:, self.places] = apart
        return rows

    def to(self, device: torch.device) -> Coding:
        """The same on a device."""
        return Coding(self.columns.to(device), self.places.to(device))
