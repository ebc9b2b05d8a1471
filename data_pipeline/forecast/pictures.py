"""What a few of a study's own pictures say beforehand: how large canvases are, and how many tokens."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from transformers import AutoModelForImageTextToText

from data_pipeline.architectures import Architecture
from data_pipeline.errors import RefusedImageError
from data_pipeline.framing import Framing
from data_pipeline.image_sources import ImageSource
from data_pipeline.images import Canvas, Grid
from data_pipeline.study import ModelSettings, Study

MOST = 6
"""So many pictures are tried: they differ less than models do, and each takes time to compress."""
_SAMPLE_SIDE = 512  # larger canvases are compressed in part
_BOUNDS = {"qwen2_vl": (3136, 12_845_056), "qwen2_5_vl": (3136, 12_845_056)}
"""Pixels, fewest and most, of the published image processors."""


@dataclass(frozen=True, eq=False)
class Pictures:
    """Some of a study's pictures, evenly spread over it, and how many of those tried cannot be read."""

    images: tuple[Image.Image, ...]
    refused: int = 0
    _bytes: dict[str, float] = field(default_factory=dict)

    def framed_bytes(self, framing: Framing) -> float:
        """A canvas of theirs as results keep it, on average."""
        if framing.recipe not in self._bytes:
            canvases = (framing.canvas(image) for image in self.images)
            self._bytes[framing.recipe] = _mean([len(canvas.encode()[1]) for canvas in canvases])
        return self._bytes[framing.recipe]

    def stretched_bytes(self, sizes: Sequence[tuple[int, int]]) -> float:
        """The same where each picture is stretched to a size (width, height) of its own."""
        return _mean([_bytes_at(image, size) for image, size in zip(self.images, sizes, strict=True)])


@dataclass(frozen=True)
class OwnGrids:
    """What a model that keeps the pictures' proportions makes of them: (rows, cols) of tokens each."""

    grids: tuple[tuple[int, int], ...]
    cell: int
    """Side of a token's square in canvas pixels."""
    patches: int
    """Patches that the encoder reads for each token."""
    at_most: bool = False
    """Whether these are the most tokens that the study allows, as there are no pictures to try."""

    @property
    def mean_cells(self) -> int:
        """Tokens of an image, on average."""
        return round(_mean([rows * cols for rows, cols in self.grids]))

    @property
    def most_cells(self) -> int:
        """Tokens of the image that has most."""
        return max(rows * cols for rows, cols in self.grids)

    @property
    def said(self) -> str:
        """What these rest on."""
        if self.at_most:
            return f"counted with the most that max_pixels allows, {self.most_cells} vision tokens an image"
        tried = f"{len(self.grids)} picture{'s' * (len(self.grids) > 1)} tried"
        found = f"{self.mean_cells} on average and at most {self.most_cells} of the {tried}"
        return f"its vision tokens depend on the size of each image: {found}"

    @property
    def sizes(self) -> list[tuple[int, int]]:
        """Width and height of each canvas."""
        return [(cols * self.cell, rows * self.cell) for rows, cols in self.grids]


def pictures_of(source: ImageSource, count: int) -> Pictures | None:
    """A few of the first `count` images of a source; None where none of those tried can be read."""
    found, refused = [], 0
    for number in range(min(MOST, count)):
        try:
            found.append(source[number * count // min(MOST, count)].pixels)
        except RefusedImageError:
            refused += 1
    return Pictures(tuple(found), refused) if found else None


def own_grids(
    study: Study, model: ModelSettings, architecture: Architecture | None, pictures: Pictures | None
) -> OwnGrids | None:
    """Of Qwen2-VL and Qwen2.5-VL; without pictures the most that the study's own bound allows.

    None for other classes, and where there are neither pictures nor such a bound.
    """
    kind = architecture.config.model_type if architecture else ""
    most = model.pixel_bounds.stated.get("max_pixels")
    if architecture is None or kind not in _BOUNDS or not (pictures or most):
        return None
    patch, merge = int(architecture.vision.patch_size), int(architecture.vision.spatial_merge_size)
    cell, bounds = patch * merge, _bounds(study, model, kind)
    if pictures is None:
        return OwnGrids(((1, max(1, bounds[1] // cell**2)),), cell, merge * merge, at_most=True)
    grids = tuple(fitted_grid(image.size, cell, bounds) for image in pictures.images)
    return OwnGrids(grids, cell, merge * merge)


def fitted_grid(size: tuple[int, int], cell: int, bounds: tuple[int, int]) -> tuple[int, int]:
    """Rows and columns of whole cells that a picture of `size` (width, height) is stretched to.

    As `smart_resize` of Qwen2-VL's image processor in transformers does it.
    """
    width, height = size
    fewest, most = bounds
    rows, cols = round(height / cell), round(width / cell)
    if rows * cols * cell**2 > most:
        scale = math.sqrt(height * width / most) * cell
        return max(1, math.floor(height / scale)), max(1, math.floor(width / scale))
    if rows * cols * cell**2 < fewest:
        scale = math.sqrt(fewest / (height * width)) / cell
        return math.ceil(height * scale), math.ceil(width * scale)
    return max(1, rows), max(1, cols)


def visual_parameters(architecture: Architecture) -> int:
    """Parameters of the vision encoder inside a whole model."""
    with torch.device("meta"):
        whole = AutoModelForImageTextToText.from_config(architecture.config, trust_remote_code=False)
    return sum(value.numel() for name, value in whole.named_parameters() if ".visual." in f".{name}")


def _bounds(study: Study, model: ModelSettings, kind: str) -> tuple[int, int]:
    """The study's, else those beside the weights, else the published ones."""
    fewest, most = _BOUNDS[kind]
    beside = _beside_weights(study.folder / str(model.vlm))
    stated = model.pixel_bounds.stated
    return (
        int(stated.get("min_pixels") or beside.get("min_pixels") or fewest),
        int(stated.get("max_pixels") or beside.get("max_pixels") or most),
    )


def _beside_weights(folder: Path) -> dict[str, Any]:
    try:
        values = json.loads((folder / "preprocessor_config.json").read_text(encoding="utf-8"))
        size = values.get("size") or {}
        return {
            "min_pixels": values.get("min_pixels") or size.get("shortest_edge"),
            "max_pixels": values.get("max_pixels") or size.get("longest_edge"),
        }
    except (OSError, ValueError, AttributeError):
        return {}


def _bytes_at(image: Image.Image, size: tuple[int, int]) -> float:
    """Of a canvas of `size`; of a large one by its middle."""
    width, height = size
    wide, high = min(width, _SAMPLE_SIDE), min(height, _SAMPLE_SIDE)
    left, top = (width - wide) // 2, (height - high) // 2
    canvas = image.resize(size, Image.Resampling.BICUBIC).crop((left, top, left + wide, top + high))
    coded = Canvas(np.asarray(canvas), Grid(1, 1, wide, high), "measured").encode()[1]
    return len(coded) * (width * height) / (wide * high)


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
