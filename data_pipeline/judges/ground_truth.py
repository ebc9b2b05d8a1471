"""What the annotations of images put into each cell of a canvas.

Regions are given in source pixels, with masks of their visible pixels; cells lie on the canvas. The canvas's
affine map joins the two exactly: a source pixel counts in a cell by the area that they share.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from PIL import Image, UnidentifiedImageError

from data_pipeline.errors import InputError
from data_pipeline.judges.words import stem

CONCRETE_SHARE = 0.25
"""A region is in a cell when it covers at least this share of it."""
MAJORITY_SHARE = 0.5
"""A region fills a cell when it covers more than this; a cell with more padding than this is padding."""


@dataclass(frozen=True)
class Region:
    """An annotated region; `number` counts all regions of the study, in the order of the table."""

    number: int
    image_id: str
    is_object: bool
    nouns: frozenset[str]  # stems
    words: frozenset[str]  # stems of nouns and attributes
    box: tuple[float, float, float, float]  # source pixels
    mask: bytes | None


@dataclass(frozen=True)
class CellTruth:
    """What is in the cells of one canvas; arrays run over its cells, row-major.

    `kinds` is "object", "background", "mixed" or "padding"; `fills` the number of the region that fills the
    cell, or -1; `holds[cell, i]` whether the image's i-th region is in the cell.
    """

    image_id: str
    regions: tuple[Region, ...]
    kinds: np.ndarray
    fills: np.ndarray
    holds: np.ndarray


def read_regions(table: pa.Table) -> dict[str, tuple[Region, ...]]:
    """The regions of each image that has any, from table `regions`."""
    images: dict[str, list[Region]] = {}
    ordered = table.sort_by([("image_id", "ascending"), ("region", "ascending")])
    for number, row in enumerate(ordered.to_pylist()):
        nouns = stems(row["words"])
        region = Region(
            number,
            row["image_id"],
            row["kind"] == "object",
            nouns,
            nouns | stems(row["attributes"]),
            (row["x0"], row["y0"], row["x1"], row["y1"]),
            row["mask"],
        )
        images.setdefault(region.image_id, []).append(region)
    return {image_id: tuple(regions) for image_id, regions in images.items()}


def stems(names: Iterable[str]) -> frozenset[str]:
    """Stems of all words in `names`, of which some may be several words."""
    return frozenset(stem(word) for name in names for word in name.split())


def cell_truths(canvases: pa.Table, regions: Mapping[str, tuple[Region, ...]]) -> dict[str, CellTruth]:
    """By canvas id: what is in the cells of each canvas whose image has regions and whose map is known."""
    return {
        row["canvas_id"]: cell_truth(row, regions[row["image_id"]])
        for row in canvases.drop_columns(["bytes"]).to_pylist()
        if row["image_id"] in regions and row["affine"]
    }


def cell_truth(canvas: Mapping[str, Any], regions: tuple[Region, ...]) -> CellTruth:
    """What is in the cells of `canvas`, a row of table `canvases` without its bytes."""
    shares = np.stack([coverage(canvas, region) for region in regions], axis=1)  # (cell, region)
    padding = np.array(canvas["padding"] or np.zeros(len(shares)))
    fills = np.full(len(shares), -1)
    kinds = np.full(len(shares), "mixed", dtype=object)
    for kind in ("background", "object"):  # boxes may overlap: what stands in front comes last
        candidates = np.array([region.is_object == (kind == "object") for region in regions])
        of_kind = np.where(candidates, shares, 0)
        filled = of_kind.max(axis=1) > MAJORITY_SHARE
        numbers = np.array([region.number for region in regions])[of_kind.argmax(axis=1)]
        kinds[filled], fills[filled] = kind, numbers[filled]
    kinds[padding > MAJORITY_SHARE], fills[padding > MAJORITY_SHARE] = "padding", -1
    return CellTruth(canvas["image_id"], regions, kinds, fills, shares >= CONCRETE_SHARE)


def coverage(canvas: Mapping[str, Any], region: Region) -> np.ndarray:
    """The share of each cell that the region covers, (cell,), exact up to rounding.

    Raises:
        InputError: the canvas turns or shears its source, or the mask is no image of the box's size.
    """
    a, b, c, d, e, f = canvas["affine"]
    if b or d or not a or not e:
        raise InputError(f"canvas {canvas['canvas_id']}: its map {canvas['affine']} turns or shears")
    x0, y0, x1, y1 = region.box
    mask = _mask(region)
    height, width = mask.shape
    along_x = _overlaps(
        a * np.linspace(x0, x1, width + 1) + c, canvas["grid_x"], canvas["cell_width"], canvas["cols"]
    )
    along_y = _overlaps(
        e * np.linspace(y0, y1, height + 1) + f, canvas["grid_y"], canvas["cell_height"], canvas["rows"]
    )
    shares: np.ndarray = (along_y @ mask @ along_x.T).reshape(-1)
    return shares


def _overlaps(edges: np.ndarray, start: float, size: float, count: int) -> np.ndarray:
    """(cell, pixel) share of each of `count` cells along one axis that lies between neighbouring edges."""
    low, high = np.minimum(edges[:-1], edges[1:]), np.maximum(edges[:-1], edges[1:])
    cells = start + size * np.arange(count + 1)[:, None]
    shared = np.minimum(cells[1:], high) - np.maximum(cells[:-1], low)
    return np.asarray(np.clip(shared, 0, None) / size)


def _mask(region: Region) -> np.ndarray:
    """(row, column) 1 where the region is visible; one pixel for a whole box."""
    if region.mask is None:
        return np.ones((1, 1))
    try:
        with Image.open(io.BytesIO(region.mask), formats=("PNG",)) as image:
            mask = np.asarray(image.convert("1"), dtype=float)
    except (UnidentifiedImageError, OSError) as error:
        raise InputError(f"image {region.image_id}: a region's mask is not a PNG image") from error
    x0, y0, x1, y1 = region.box
    if mask.shape != (round(y1 - y0), round(x1 - x0)):
        raise InputError(
            f"image {region.image_id}: a mask of {mask.shape[1]} x {mask.shape[0]} pixels "
            f"for a box of {x1 - x0:g} x {y1 - y0:g}"
        )
    return mask
