"""The two pictures that a judge sees: the exact canvas with a cell outlined, and the cell's surroundings.

Geometry is that of table `canvases`: cells need not be square, the grid need not begin at the edge, and
nothing is derived from a model's name. Frames are drawn around the pixels that they mark, not over them.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from PIL import Image, ImageDraw, UnidentifiedImageError

from data_pipeline.errors import InputError
from data_pipeline.store import readable

PICTURE_TYPE = "image/jpeg"
_FORMATS = ("PNG", "JPEG", "WEBP")
_LEAST_SIDE = 448
_LEAST_CROP = 224
_MOST_PIXELS = 64_000_000
_RED, _YELLOW = (255, 0, 0), (255, 221, 0)

Box = tuple[float, float, float, float]
"""Left, top, right, bottom in canvas pixels; right and bottom exclusive."""


@dataclass(frozen=True)
class JudgePictures:
    """JPEG bytes of the whole canvas and of the crop."""

    canvas: bytes
    crop: bytes


def cell_box(canvas: Mapping[str, Any], cell: int, margin: int = 0) -> Box:
    """Where `cell` of a row of table `canvases` lies, `margin` cells around it included, within the canvas.

    Raises:
        InputError: the canvas has no such cell.
    """
    if not 0 <= cell < canvas["rows"] * canvas["cols"]:
        raise InputError(f"canvas {canvas['canvas_id']}: has no cell {cell}")
    row, col = divmod(cell, canvas["cols"])
    x0 = canvas["grid_x"] + (col - margin) * canvas["cell_width"]
    y0 = canvas["grid_y"] + (row - margin) * canvas["cell_height"]
    x1 = canvas["grid_x"] + (col + 1 + margin) * canvas["cell_width"]
    y1 = canvas["grid_y"] + (row + 1 + margin) * canvas["cell_height"]
    return max(x0, 0.0), max(y0, 0.0), min(x1, float(canvas["width"])), min(y1, float(canvas["height"]))


def read_canvases(paths: Sequence[Path], wanted: set[str]) -> Iterator[dict[str, Any]]:
    """The rows of table `canvases` in `paths` with these ids; the pictures of the others are not read."""
    for path in paths:
        with readable(path):
            table = pq.read_table(path, filters=[("canvas_id", "in", wanted)], partitioning=None)
        yield from table.to_pylist()


def draw_pictures(canvas: Mapping[str, Any], cell: int) -> JudgePictures:
    """The pictures of `cell`; small canvases are enlarged by a whole number.

    Raises:
        InputError: the canvas's bytes are no image of its size.
    """
    image = _opened(canvas)
    own, around = cell_box(canvas, cell), cell_box(canvas, cell, margin=1)
    scale = max(1, ceil(_LEAST_SIDE / max(image.size)))
    whole = image.resize((image.width * scale, image.height * scale), Image.Resampling.BICUBIC)
    _frame(whole, _scaled(around, scale), _YELLOW, 2)
    _frame(whole, _scaled(own, scale), _RED, 3)
    return JudgePictures(_jpeg(whole), _jpeg(_crop(image, own, around)))


def _crop(image: Image.Image, own: Box, around: Box) -> Image.Image:
    left, top, right, bottom = round(around[0]), round(around[1]), round(around[2]), round(around[3])
    crop = image.crop((left, top, right, bottom))
    scale = max(1, ceil(_LEAST_CROP / max(crop.size)))
    crop = crop.resize((crop.width * scale, crop.height * scale), Image.Resampling.BICUBIC)
    inside = own[0] - left, own[1] - top, own[2] - left, own[3] - top
    _frame(crop, _scaled(inside, scale), _RED, 2)
    return crop


def _scaled(box: Box, scale: int) -> tuple[int, int, int, int]:
    """In whole pixels of the enlarged picture; the last row and column belong to it."""
    x0, y0, x1, y1 = (round(edge * scale) for edge in box)
    return x0, y0, x1 - 1, y1 - 1


def _frame(
    image: Image.Image, box: tuple[int, int, int, int], colour: tuple[int, int, int], width: int
) -> None:
    """A frame around the pixels of `box`; at the edge of the picture it is drawn over the outermost ones."""
    x0, y0 = max(box[0] - width, 0), max(box[1] - width, 0)
    x1, y1 = min(box[2] + width, image.width - 1), min(box[3] + width, image.height - 1)
    ImageDraw.Draw(image).rectangle((x0, y0, x1, y1), outline=colour, width=width)


def _opened(canvas: Mapping[str, Any]) -> Image.Image:
    name = canvas["canvas_id"]
    if canvas["width"] * canvas["height"] > _MOST_PIXELS:
        raise InputError(f"canvas {name}: {canvas['width']} x {canvas['height']} pixels are too many to show")
    try:
        with Image.open(io.BytesIO(canvas["bytes"]), formats=_FORMATS) as image:
            size = image.size
            if size == (canvas["width"], canvas["height"]):
                return image.convert("RGB")
    except (UnidentifiedImageError, OSError, Image.DecompressionBombError) as error:
        raise InputError(f"canvas {name}: its bytes are no image") from error
    expected = f"{canvas['width']} x {canvas['height']}"
    raise InputError(f"canvas {name}: its image has {size[0]} x {size[1]} pixels, expected {expected}")


def _jpeg(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=92, subsampling=0)
    return buffer.getvalue()
