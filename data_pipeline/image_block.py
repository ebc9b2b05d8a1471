"""How vision tokens stand in the sequence: bare, or as the published study put them there.

The study's connectors come with trained input vectors, the *marks*. The image begins and ends with one, every
row of the grid ends with one, and the vector of the patch token is added to every vision token.
"""

from __future__ import annotations

import torch
from torch import Tensor


def image_block(tokens: Tensor, marks: Tensor | None, cols: int) -> tuple[Tensor, Tensor]:
    """The image's part of the sequence, and where the vision tokens are in it.

    Args:
        tokens: (batch, cells, hidden), row by row of a grid of `cols` columns.
        marks: (4, hidden), in the order of `connectors.MARKS`; None leaves the tokens bare.
        cols: columns of the grid.

    Returns:
        (batch, length, hidden) and (cells,). Bare, the length is cells; with marks it is
        rows * (cols + 1) + 2, and the cell in row r and column c stands at 1 + r * (cols + 1) + c.
    """
    batch, cells, hidden = tokens.shape
    if marks is None:
        return tokens, torch.arange(cells)
    start, end, patch, row_end = (mark.to(tokens).expand(batch, 1, hidden) for mark in marks)
    rows = (tokens + patch).view(batch, -1, cols, hidden)  # (batch, rows, cols, hidden)
    ends = row_end[:, None].expand(-1, rows.shape[1], -1, -1)
    lines = torch.cat([rows, ends], dim=2).flatten(1, 2)  # (batch, rows * (cols + 1), hidden)
    cell = torch.arange(cells)
    return torch.cat([start, lines, end], dim=1), 1 + cell + cell // cols
