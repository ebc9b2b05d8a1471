"""LLaVA: a square canvas, one token per patch; LLaVA-NeXT and LLaVA-OneVision add tiles after it."""

from __future__ import annotations

from math import sqrt
from typing import Any

import torch
from PIL import Image
from torch import Tensor
from transformers.models.llava_next.modeling_llava_next import get_anyres_image_grid_shape, unpad_image

from data_pipeline.errors import InputError
from data_pipeline.images import Affine, Canvas, Grid
from data_pipeline.vlm_families.family import ImageTextFamily, Sight
from data_pipeline.vlm_families.processed_pixels import crop_map, denormalised, squash_map


class Llava(ImageTextFamily):
    """Features of one block of the tower, without the class token, through an MLP: (cells, hidden)."""

    def sight(self, image: Image.Image) -> Sight:
        """See `ImageTextFamily.sight`."""
        values = self.image_processor(images=[image], return_tensors="pt")["pixel_values"]
        canvas = self._canvas(values[0], image, crop_map(self.image_processor, image.size, _size(values)))
        return Sight({"pixel_values": values}, canvas, self.token(self.placeholder_id) * canvas.grid.cells)

    def _canvas(self, values: Tensor, image: Image.Image, affine: Affine | None) -> Canvas:
        """From the values (3, height, width) of the tile that shows the whole image."""
        strategy, tower = self.config.vision_feature_select_strategy, self.config.vision_config
        if (strategy == "default") != (tower.model_type == "clip_vision_model"):
            raise InputError(
                f"vision_feature_select_strategy {strategy!r} with a {tower.model_type!r} tower does not "
                "give one token per patch"
            )
        pixels = denormalised(values, self.image_processor)
        patch = int(tower.patch_size)
        grid = Grid(pixels.shape[0] // patch, pixels.shape[1] // patch, patch, patch)
        return self.canvas(pixels, grid, affine, image.size)


class LlavaNext(Llava):
    """The canvas is the base tile, whose tokens come first; the model sees the others after it as well."""

    def sight(self, image: Image.Image) -> Sight:
        """See `ImageTextFamily.sight`; the base tile is the whole image, stretched to a square."""
        made = self.image_processor(images=[image], return_tensors="pt")
        tensors = {name: made[name] for name in ("pixel_values", "image_sizes")}
        affine = _base_map(self.image_processor, image.size, _size(tensors["pixel_values"]))
        canvas = self._canvas(tensors["pixel_values"][0, 0], image, affine)
        count = canvas.grid.cells + self._detail_tokens(canvas.grid, made["image_sizes"][0].tolist())
        return Sight(tensors, canvas, self.token(self.placeholder_id) * count)

    def _detail_tokens(self, grid: Grid, size: list[int]) -> int:
        """How many tokens the other tiles give an image of `size` (height, width).

        The model puts the tiles' patches together, cuts off those that are padding, and ends each row with a
        token of its own; the same functions are asked here.
        """
        side = int(self.config.vision_config.image_size)
        down, across = get_anyres_image_grid_shape(size, self.config.image_grid_pinpoints, side)
        _, rows, cols = unpad_image(torch.empty(1, down * grid.rows, across * grid.cols), size).shape
        rows, cols = self._shrunk(rows, cols, grid)
        return rows * (cols + 1)

    def _shrunk(self, rows: int, cols: int, grid: Grid) -> tuple[int, int]:
        """How many of the tiles' rows and columns are left."""
        return rows, cols


class LlavaOnevision(LlavaNext):
    """As LLaVA-NeXT, but tiles of more than so many cells are shrunk to them (`anyres_max_9`)."""

    def _shrunk(self, rows: int, cols: int, grid: Grid) -> tuple[int, int]:
        most = int(self.config.vision_aspect_ratio.removeprefix("anyres_max_"))
        ratio = sqrt(rows * cols / (most * grid.rows**2))
        return (int(rows // ratio), int(cols // ratio)) if ratio > 1.1 else (rows, cols)


def _size(values: Tensor) -> tuple[int, int]:
    return int(values.shape[-1]), int(values.shape[-2])


def _base_map(settings: Any, source: tuple[int, int], canvas: tuple[int, int]) -> Affine | None:
    """The processor stretches the image to a square first; resizing and cropping as in LLaVA come after."""
    size = dict(settings.size)
    width = int(size.get("width") or size.get("shortest_edge") or 0)
    height = int(size.get("height") or size.get("shortest_edge") or 0)
    left, top = (width - canvas[0]) // 2, (height - canvas[1]) // 2
    if min(left, top) < 0:
        return None
    a, _, _, _, e, _ = squash_map(source, (width, height))
    return (a, 0.0, -float(left), 0.0, e, -float(top))
