"""Which cells of a canvas an annotated region is in: the ground truth that a model's page shows.

The rule is the annotations judge's, stated again because pages are built without the judges: a region is in a
cell when its visible pixels cover at least a quarter of it. A test holds the two together.
"""

from __future__ import annotations

import io
from functools import lru_cache

import numpy as np
from PIL import Image, UnidentifiedImageError

from data_pipeline.errors import InputError
from generator.records import ModelImage, Region

LEAST_SHARE = 0.25
"""Of a cell; as in `data_pipeline.judges.ground_truth`."""

Axis = tuple[float, float, float, float, int]
"""Along x or y: the source's scale and offset on the canvas, the grid's start, a cell's size, the count."""


def region_cells(region: Region, image: ModelImage) -> list[list[int]]:
    """The cells that the region is in, each with the share of it that is covered, in %.

    Empty where the canvas does not know its source, or turns or shears it: nothing was judged there either.

    Raises:
        InputError: the region's mask is no PNG image of its box's size.
    """
    if len(image.affine) != 6 or image.affine[1] or image.affine[3]:
        return []
    a, _, c, _, e, f = image.affine
    columns = (a, c, image.grid_x, image.cell_width, image.cols)
    rows = (e, f, image.grid_y, image.cell_height, image.rows)
    return [list(cell) for cell in _cells(region, columns, rows)]


@lru_cache(maxsize=4096)  # models of one study mostly share their canvases
def _cells(region: Region, columns: Axis, rows: Axis) -> tuple[tuple[int, int], ...]:
    mask = _mask(region)
    height, width = mask.shape
    along_x = _overlaps(region.x0, region.x1, width, columns)
    along_y = _overlaps(region.y0, region.y1, height, rows)
    shares = (along_y @ mask @ along_x.T).reshape(-1)
    return tuple((int(cell), round(100 * shares[cell])) for cell in np.flatnonzero(shares >= LEAST_SHARE))


def _overlaps(first: float, last: float, pixels: int, axis: Axis) -> np.ndarray:
    """(cell, pixel) share of each cell, along one axis, that each of the source's pixels covers."""
    scale, offset, start, size, count = axis
    edges = scale * np.linspace(first, last, pixels + 1) + offset
    low, high = np.minimum(edges[:-1], edges[1:]), np.maximum(edges[:-1], edges[1:])
    cells = start + size * np.arange(count + 1)[:, None]
    shared = np.minimum(cells[1:], high) - np.maximum(cells[:-1], low)
    return np.asarray(np.clip(shared, 0, None) / size)


def _mask(region: Region) -> np.ndarray:
    """(row, column) 1 where the region is visible; one pixel for a whole box."""
    if region.mask is None:
        return np.ones((1, 1))
    size = (round(region.x1 - region.x0), round(region.y1 - region.y0))
    try:
        with Image.open(io.BytesIO(region.mask), formats=("PNG",)) as image:
            if image.size == size:  # before its pixels are unpacked
                return np.asarray(image.convert("1"), dtype=float)
    except (UnidentifiedImageError, OSError) as error:
        raise InputError(f"image {region.image_id!r}: a region's mask is not a PNG image") from error
    raise InputError(
        f"image {region.image_id!r}: a mask of {image.width} x {image.height} pixels "
        f"for a box of {size[0]} x {size[1]}"
    )
