"""Small pictures of the study's images: for the index as `data:` URLs, for strips of many as bytes."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass
from urllib.parse import quote

from PIL import Image

from data_pipeline.errors import InputError
from generator.records import ModelImage

MOST = 100
"""Images that the index shows; a study with more says so."""
_HEIGHT, _LARGEST_WIDTH = 112, 224  # twice the size on the page, for fine screens
_QUALITY = 78
_STRIP_SIZE, _STRIP_QUALITY = (120, 60), 50


@dataclass(frozen=True)
class Thumbnail:
    """One image of the study: picture, alternative text, and its place in a model's page."""

    source: str
    width: int
    height: int
    """Pixels of the picture, which is shown at half that size."""
    text: str
    href: str
    model: str
    """Title of the model whose page `href` opens."""


def thumbnail(image: ModelImage, model_href: str, model: str) -> Thumbnail:
    """A small picture of what a model saw of `image`.

    Raises:
        InputError: the canvas cannot be decoded.
    """
    small = _scaled(image, _LARGEST_WIDTH, _HEIGHT)
    buffer = io.BytesIO()
    small.save(buffer, "JPEG", quality=_QUALITY, optimize=True)
    source = "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode()
    text = image.caption or image.image_id
    return Thumbnail(source, *small.size, text, f"{model_href}#image={quote(image.image_id)}", model)


def strip_picture(image: ModelImage) -> bytes:
    """A picture of about a kilobyte, as WebP, for a strip of hundreds.

    Raises:
        InputError: the canvas cannot be decoded.
    """
    buffer = io.BytesIO()
    _scaled(image, *_STRIP_SIZE).save(buffer, "WEBP", quality=_STRIP_QUALITY, method=4)
    return buffer.getvalue()


def _scaled(image: ModelImage, width: int, height: int) -> Image.Image:
    try:
        with Image.open(io.BytesIO(image.bytes)) as picture:
            if picture.format == "JPEG":
                picture.draft("RGB", (2 * width, 2 * height))  # decodes no more than is needed
            small = picture.convert("RGB")
    except (OSError, ValueError, Image.DecompressionBombError) as error:
        raise InputError(
            f"canvas of image {image.image_id!r} cannot be read as {image.media_type}"
        ) from error
    small.thumbnail((width, height))
    return small
