"""The exact pixels that a model saw, and the grid of cells on them.

Everything is measured in pixels with edges at whole numbers: pixel (0, 0) covers [0, 1) x [0, 1). A cell is
one vision token. Its place follows from the stored grid alone: nobody derives it again from an image size,
and nobody takes a square root of the number of tokens.
"""

from __future__ import annotations

import hashlib
import io
import json
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Box = tuple[float, float, float, float]  # left, top, right, bottom; right and bottom exclusive
Affine = tuple[float, float, float, float, float, float]  # x' = a x + b y + c, y' = d x + e y + f
IDENTITY: Affine = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)


@dataclass(frozen=True)
class Grid:
    """Cells of a canvas in row-major order, in canvas pixels."""

    rows: int
    cols: int
    cell_width: float
    cell_height: float
    x: float = 0.0
    y: float = 0.0

    def __post_init__(self) -> None:
        if min(self.rows, self.cols) < 1 or min(self.cell_width, self.cell_height) <= 0:
            raise ValueError(f"not a grid: {self}")

    @property
    def cells(self) -> int:
        """How many cells there are."""
        return self.rows * self.cols

    def box(self, cell: int) -> Box:
        """The cell's box."""
        if not 0 <= cell < self.cells:
            raise IndexError(f"cell {cell} of a grid of {self.rows} x {self.cols}")
        row, col = divmod(cell, self.cols)
        left, top = self.x + col * self.cell_width, self.y + row * self.cell_height
        return left, top, left + self.cell_width, top + self.cell_height


@dataclass(frozen=True, eq=False)
class Canvas:
    """What a model saw of one image.

    `recipe` says how the canvas came about: equal pixels made in two ways are two canvases. `affine` maps
    source pixels to canvas pixels; `source_box` is where the source image lies on the canvas, and what is
    outside is padding. Both are None where the way is not known.
    """

    pixels: NDArray[np.uint8]  # (height, width, 3)
    grid: Grid
    recipe: str
    affine: Affine | None = None
    source_box: Box | None = None
    padding: tuple[float, ...] = field(init=False)  # share of each cell, 0 to 1; empty if unknown

    def __post_init__(self) -> None:
        if self.pixels.dtype != np.uint8 or self.pixels.ndim != 3 or self.pixels.shape[2] != 3:
            raise ValueError(f"canvas of {self.pixels.dtype} {self.pixels.shape}, expected uint8 (h, w, 3)")
        _, _, right, bottom = self.grid.box(self.grid.cells - 1)
        if right > self.width + 1e-6 or bottom > self.height + 1e-6:
            raise ValueError(f"{self.grid} does not fit {self.width} x {self.height} pixels")
        object.__setattr__(self, "padding", _padding(self.grid, self.source_box))

    @property
    def width(self) -> int:
        """In pixels."""
        return int(self.pixels.shape[1])

    @property
    def height(self) -> int:
        """In pixels."""
        return int(self.pixels.shape[0])

    def canvas_id(self, image_id: str) -> str:
        """Hash of recipe, image, pixels and geometry: 16 hex digits."""
        grid = self.grid
        geometry = [self.recipe, image_id, self.width, self.height, grid.rows, grid.cols, self.affine]
        geometry += [grid.cell_width, grid.cell_height, grid.x, grid.y]
        digest = hashlib.sha256(json.dumps(geometry).encode())
        digest.update(np.ascontiguousarray(self.pixels).tobytes())
        return digest.hexdigest()[:16]

    def encode(self) -> tuple[str, bytes]:
        """Media type and bytes of a lossless encoding."""
        buffer = io.BytesIO()
        Image.fromarray(self.pixels).save(buffer, "WEBP", lossless=True, quality=100, method=4)
        return "image/webp", buffer.getvalue()


def decode(content: bytes) -> NDArray[np.uint8]:
    """The pixels of an encoded canvas, (height, width, 3)."""
    with Image.open(io.BytesIO(content)) as image:
        return np.asarray(image.convert("RGB"))


def map_box(affine: Affine, box: Box) -> Box:
    """The box around an axis-parallel box after the map."""
    a, b, c, d, e, f = affine
    corners = [(a * x + b * y + c, d * x + e * y + f) for x in box[::2] for y in box[1::2]]
    xs, ys = zip(*corners, strict=True)
    return min(xs), min(ys), max(xs), max(ys)


def overlap(one: Box, other: Box) -> float:
    """Area that two boxes share, in square pixels."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    return max(width, 0.0) * max(height, 0.0)


def _padding(grid: Grid, source_box: Box | None) -> tuple[float, ...]:
    if source_box is None:
        return ()
    area = grid.cell_width * grid.cell_height
    shares = (1 - overlap(grid.box(cell), source_box) / area for cell in range(grid.cells))
    return tuple(min(max(round(share, 6), 0.0), 1.0) for share in shares)
