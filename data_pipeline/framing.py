"""How an image of any size becomes the square or oblong canvas of a vision encoder.

Three ways: `squash` stretches it, `pad` fits it inside and centres it on black, `center-crop` fills the
canvas and cuts what is over. Sizes and sampling are those of the published study's preprocessing
(BennoKrojer/molmo, olmo/data/model_preprocessor.py), but pixels are kept as 8 bits.
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
        if self.mode == "pad":
            return fitted_size((width, height), (self.width, self.height))
        scale = max(self.width / width, self.height / height)
        return round(width * scale), round(height * scale)


def fitted_size(source: tuple[int, int], canvas: tuple[int, int]) -> tuple[int, int]:
    """The largest size of a source that fits inside a canvas; sizes are (width, height) in pixels.

    Single precision and the rounding down are the study's: of some sizes they leave a pixel less.
    """
    size, room = np.array(source, np.float32), np.array(canvas, np.float32)
    width, height = (size * (room / size).min()).astype(int)
    return max(int(width), 1), max(int(height), 1)


def resize(image: Image.Image, width: int, height: int, interpolation: Interpolation) -> Image.Image:
    """`image` at another size; unchanged where the size is right already."""
    if image.size == (width, height):
        return image
    if interpolation == "bilinear-no-antialias":
        return _sampled(image, width, height)
    return image.resize((width, height), _FILTERS[interpolation])


def _sampled(image: Image.Image, width: int, height: int) -> Image.Image:
    """Between the four nearest pixels, also when shrinking, where Pillow's resize would widen its filter.

    Its affine transform would do the same, but cuts fractions off: half a level darker on average.
    """
    values = np.asarray(image, np.float32)
    for axis, size in enumerate((height, width)):
        most = values.shape[axis] - 1
        places = np.clip((np.arange(size) + 0.5) * (most + 1) / size - 0.5, 0, most)
        low = places.astype(int)
        share = (places - low).astype(np.float32).reshape([-1 if n == axis else 1 for n in range(3)])
        high = np.minimum(low + 1, most)
        values = values.take(low, axis) * (1 - share) + values.take(high, axis) * share
    return Image.fromarray(values.round().astype(np.uint8))
