"""Numbers about single hidden states that need no lens: how long they are and whom they resemble."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from data_pipeline.unit_vectors import unit_rows


@dataclass(frozen=True, eq=False)
class CellStatistics:
    """Per image and cell, (image, cell) each.

    `norm` is the L2 length; `cosine_to_layer_0` compares with the same cell where it enters the LLM;
    `mean_cosine` is the mean over the other cells of the same image (0 where there is no other).
    """

    norm: Tensor
    cosine_to_layer_0: Tensor
    mean_cosine: Tensor


@torch.no_grad()
def cell_statistics(states: Tensor, layer_0: Tensor) -> CellStatistics:
    """Statistics of `states` (image, cell, hidden) at one layer; `layer_0` has the same shape."""
    units, units_0 = unit_rows(states), unit_rows(layer_0)
    cells = states.shape[1]
    own = (units * units).sum(-1)  # 1, and 0 for a state of length 0
    with_all = (units * units.sum(1, keepdim=True)).sum(-1)
    return CellStatistics(
        norm=states.float().norm(dim=-1),
        cosine_to_layer_0=(units * units_0).sum(-1).clamp(-1, 1),
        mean_cosine=((with_all - own) / max(cells - 1, 1)).clamp(-1, 1),
    )
