"""The tiny study with one default token, for what the viewer does with those."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from generator.build import build_site
from tests.generator import tiny_study

PLANTED = " the"
NEXT = " fox"
PLACES = range(4)
"""Cells of every image whose first token is planted, at layer 2 and at the last, LogitLens."""


def build_planted_site(folder: Path) -> Path:
    """The tiny study's site with the planted token."""
    made = tiny_study._neighbor

    def planted(model: Any, image_id: str, lens: str, layer: int, cell: int, rank: int) -> dict[str, Any]:
        row = made(model, image_id, lens, layer, cell, rank)
        if lens == "logit" and layer >= 2 and cell in PLACES and rank <= 2:
            row["token"] = PLANTED if rank == 1 else NEXT
        elif lens == "logit" and layer >= 2:
            row["token"] = f" word{cell}-{rank}" if rank < 3 else "..."
        return row

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tiny_study, "_neighbor", planted)
        tiny_study.write_tiny_study(folder / "results")
    build_site(folder / "results", folder / "site")
    return folder / "site"
