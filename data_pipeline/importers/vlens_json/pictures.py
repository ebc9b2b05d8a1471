"""`images/image_NNNN.jpg` → canvases: bytes verbatim, size read from them, grid from the results.

The picture is what the published viewer showed; which pixels of it are padding, and how it came from the
source image, the files do not say, so neither is stored.
"""

from __future__ import annotations

import hashlib
import io
import math
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from data_pipeline.errors import InputError
from data_pipeline.schema import check_id

_MEDIA_TYPES = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp"}


@dataclass(frozen=True)
class Picture:
    """One image file of the results. Sizes in pixels."""

    number: int
    image_id: str
    content: bytes
    media_type: str
    width: int
    height: int

    @property
    def sha256(self) -> str:
        """The hash of the file's bytes, in hex."""
        return hashlib.sha256(self.content).hexdigest()


@dataclass(frozen=True)
class Grid:
    """Rows and columns of cells; `assumed` where the files give only the number of cells."""

    rows: int
    cols: int
    assumed: bool = False


def read_picture(number: int, path: Path) -> Picture:
    """Read image `number`; its id is the file's name without its ending.

    Raises:
        InputError: the file is not a whole JPEG, PNG or WebP picture.
    """
    content = path.read_bytes()
    try:
        with Image.open(io.BytesIO(content), formats=tuple(_MEDIA_TYPES)) as image:
            image.load()
            media_type = _MEDIA_TYPES[str(image.format)]
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise InputError(f"{path}: cannot be read as JPEG, PNG or WebP ({error})") from None
    image_id = check_id(path.stem, f"{path}: image id")
    return Picture(number, image_id, content, media_type, image.width, image.height)


def grid_of(cells: int, stated: tuple[int, int] | None, picture: Picture, model_id: str) -> Grid:
    """The grid of `cells` cells: as stated, else a square one if cells and picture both allow it.

    Raises:
        InputError: the files state no rows and columns, and a square would be a guess.
    """
    if stated is not None:
        return Grid(*stated)
    side = math.isqrt(cells)
    if side * side != cells or picture.width != picture.height:
        raise InputError(
            f"model {model_id}, {picture.image_id}: {cells} patches without patch_row and patch_col on a "
            f"canvas of {picture.width} × {picture.height} pixels; expected rows and columns, or a square"
        )
    return Grid(side, side, assumed=True)


def canvas_id(picture: Picture, grid: Grid) -> str:
    """The hash of picture and geometry, 16 hex digits."""
    name = f"{picture.image_id} {picture.sha256} {grid.rows}x{grid.cols}"
    return hashlib.sha256(name.encode()).hexdigest()[:16]
