"""What a sample can be stratified by: what fills a cell, which region does, or the image."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import pyarrow as pa

from data_pipeline.errors import InputError
from data_pipeline.judges.ground_truth import CellTruth, cell_truths, read_regions
from data_pipeline.judges.sampling import Stratum

Stratification = Literal["truth", "region", "image"]
STRATIFICATIONS: tuple[Stratification, ...] = ("truth", "region", "image")


def stratum_by(kind: Stratification, regions: pa.Table, canvases: pa.Table) -> Stratum:
    """The stratum of each cell: by `truth` object, background or mixed; by `region` its first noun.

    By `region` only cells that one region fills are drawn. `regions` and `canvases` are the study's tables.

    Raises:
        InputError: the study has no regions and needs them.
    """
    if kind == "image":
        return lambda canvas, _: str(canvas["image_id"])
    truths = cell_truths(canvases, read_regions(regions))
    if not truths:
        raise InputError(f"--stratify {kind} needs annotated regions, and these results have none")
    if kind == "truth":
        return lambda canvas, cell: _kind(truths, canvas, cell)
    nouns = [
        row["words"][0] if row["words"] else None
        for row in regions.sort_by([("image_id", "ascending"), ("region", "ascending")]).to_pylist()
    ]
    return lambda canvas, cell: _noun(truths, nouns, canvas, cell)


def _kind(truths: Mapping[str, CellTruth], canvas: Mapping[str, Any], cell: int) -> str | None:
    truth = truths.get(canvas["canvas_id"])
    return None if truth is None or truth.kinds[cell] == "padding" else str(truth.kinds[cell])


def _noun(
    truths: Mapping[str, CellTruth], nouns: list[str | None], canvas: Mapping[str, Any], cell: int
) -> str | None:
    truth = truths.get(canvas["canvas_id"])
    return None if truth is None or truth.fills[cell] < 0 else nouns[truth.fills[cell]]
