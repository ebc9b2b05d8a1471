"""Gemma 3: a square canvas, its patches averaged to 256 soft tokens."""

from __future__ import annotations

from math import isqrt

from PIL import Image
from torch import Tensor

from data_pipeline.errors import InputError
from data_pipeline.images import Grid
from data_pipeline.vlm_families.family import ImageTextFamily, Sight
from data_pipeline.vlm_families.processed_pixels import denormalised, squash_map


class Gemma3(ImageTextFamily):
    """Its image tokens attend to each other in both directions; the model is told which these are."""

    def sight(self, image: Image.Image) -> Sight:
        """See `ImageTextFamily.sight`; the canvas is the whole image, stretched to a square."""
        values = self.image_processor(images=[image], return_tensors="pt")["pixel_values"]
        if len(values) != 1:
            raise InputError("its image processor cuts images into crops (pan and scan), which is not known")
        pixels = denormalised(values[0], self.image_processor)
        height, width = pixels.shape[:2]
        count = int(self.config.mm_tokens_per_image)
        side = isqrt(count)  # the model's own rule: it averages to a square
        grid = Grid(side, side, width / side, height / side)
        affine = squash_map(image.size, (width, height))
        return Sight(
            {"pixel_values": values}, self.canvas(pixels, grid, affine, image.size), self._text(count)
        )

    def _text(self, count: int) -> str:
        image, end = (self.token(i) for i in (self.config.image_token_id, self.config.eoi_token_index))
        return f"\n\n{self.token(self.placeholder_id)}{image * count}{end}\n\n"

    @property
    def placeholder_id(self) -> int:
        """See `Family.placeholder_id`: the token that begins an image."""
        return int(self.config.boi_token_index)

    def token_kinds(self, is_image: Tensor) -> dict[str, Tensor]:
        """See `ImageTextFamily.token_kinds`."""
        return {"token_type_ids": is_image.long()}
