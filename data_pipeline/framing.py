"""How an image of any size becomes the square or oblong canvas of a vision encoder.

Three ways: `squash` stretches it, `pad` fits it inside and centres it on black, `center-crop` fills the
canvas and cuts what is over.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from PIL import Image

from data_pipeline.images import Affine, Canvas, Grid

ResizeMode = Literal["pad", "squash", "center-crop"]
Interpolation = Literal["nearest", "bilinear", "bicubic", "lanczos", "bilinear-no-antialias"]
RESIZE_MODES: tuple[str, ...] = get_args(ResizeMode)

_FILTERS = {
    "nearest": Image.Resampling.NEAREST,
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
}


@dataclass(frozen=True)
class Framing:
    """Size of the canvas in pixels, size of a patch, and how images are fitted to it."""

    width: int
    height: int
    patch_width: int
    patch_height: int
    mode: ResizeMode = "squash"
    interpolation: Interpolation = "bilinear"

    @property
    def recipe(self) -> str:
        """A name for all of it, fit for file names."""
        size = f"{self.width}x{self.height}-{self.patch_width}x{self.patch_height}"
        return f"{self.mode}-{self.interpolation}-{size}"

    @property
    def grid(self) -> Grid:
        """Whole patches from the top left; a remainder at the right and bottom is seen by no token."""
        rows, cols = self.height // self.patch_height, self.width // self.patch_width
        return Grid(rows, cols, self.patch_width, self.patch_height)

    def canvas(self, image: Image.Image) -> Canvas:
        """Fit an RGB image."""
        width, height = self._scaled_size(image.width, image.height)
        left, top = (self.width - width) // 2, (self.height - height) // 2
        sheet = Image.new("RGB", (self.width, self.height))
        sheet.paste(resize(image, width, height, self.interpolation), (left, top))
        affine: Affine = (width / image.width, 0.0, float(left), 0.0, height / image.height, float(top))
        box = (float(left), float(top), float(left + width), float(top + height))
        return Canvas(np.asarray(sheet), self.grid, self.recipe, affine, box)

    def _scaled_size(self, width: int, height: int) -> tuple[int, int]:
        if self.mode == "squash":
            return self.width, self.height
        scales = (self.width / width, self.height / height)
        scale = min(scales) if self.mode == "pad" else max(scales)
        return max(round(width * scale), 1), max(round(height * scale), 1)


def resize(image: Image.Image, width: int, height: int, interpolation: Interpolation) -> Image.Image:
    """`image` at another size; unchanged where the size is right already."""
    if image.size == (width, height):
        return image
    if interpolation == "bilinear-no-antialias":
        # Pillow's resize always widens its filter when shrinking; its affine transform samples points.
        scale = (image.width / width, 0, 0, 0, image.height / height, 0)
        transform, bilinear = Image.Transform.AFFINE, Image.Resampling.BILINEAR
        return image.transform((width, height), transform, scale, resample=bilinear)
    return image.resize((width, height), _FILTERS[interpolation])
