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


def cause(parts: Iterable[tuple[str, nn.Module]], dtype: torch.dtype) -> str:
    """Why a state in `dtype` is not finite, as far as the weights of `parts` tell, or what to try."""
    if found := spoilt_weight(parts):
        return f"its weights hold {found}"
    if dtype == torch.float32:
        return "its weights are finite, but what they compute exceeds float32"
    others = "'float32' or 'bfloat16'" if dtype == torch.float16 else "'float32'"
    return f"try dtype = {others}"


def held(values: Tensor) -> str:
    """What a tensor that is not finite holds."""
    return "NaN" if bool(values.isnan().any()) else "infinity"
