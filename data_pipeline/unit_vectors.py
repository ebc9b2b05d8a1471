"""Vectors of length 1: cosines are then products."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional as F


def unit_rows(states: Tensor) -> Tensor:
    """`states` (…, d) in float32 with length 1 each: the one place where queries and bank are normalised."""
    return F.normalize(states.float(), dim=-1)
