"""Weights that are no numbers: which tensor holds them, so that a message can name it."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn


def all_finite(values: Tensor) -> bool:
    """Whether all are finite; the sum tells this mostly, and takes no memory."""
    return bool(values.sum(dtype=torch.float32).isfinite()) or bool(values.isfinite().all())


def spoilt_weight(parts: Iterable[tuple[str, nn.Module]]) -> str | None:
    """What the first tensor that is not finite holds, and its name, in the parts of a model; or None.

    Each part has what stands behind the name, such as " of the connector".
    """
    for whose, module in parts:
        for name, values in module.named_parameters():
            if not all_finite(values.detach()):
                return f"{held(values)} in {name!r}{whose}"
    return None


def held(values: Tensor) -> str:
    """What a tensor that is not finite holds."""
    return "NaN" if bool(values.isnan().any()) else "infinity"
