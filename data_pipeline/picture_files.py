"""The one door for pictures: bytes of any kind in, RGB out, or the reason why not.

What becomes of orientation, transparency, colour profiles, 16 bits and several frames is decided here for all
sources (see docs/methods.md, "Pictures"). Bytes may come from strangers: the formats are listed, as Pillow
would hand some, such as EPS, to another program; sizes are looked at before pixels are decoded.
"""

from __future__ import annotations

import io
import warnings
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError, features

from data_pipeline.colour_profiles import as_srgb
from data_pipeline.errors import RefusedImageError

PICTURE_SUFFIXES = frozenset(
    {".png", ".jpg", ".jpeg", ".jfif", ".webp", ".bmp", ".gif", ".tif", ".tiff", ".avif", ".heic", ".heif"}
)
"""File names that mean a picture, also one that cannot be read: it is refused by name, not overlooked."""

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", *(("AVIF",) if features.check("avif") else ()))
MOST_BYTES = 2**30
MOST_PIXELS = 2**27  # 400 MB of RGB; cameras reach 100 million pixels
MOST_ELONGATED = 200  # the limit of Qwen2-VL's processor; beyond it a model sees a line

_HEIF_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
_SIXTEEN_BITS = ("I;16", "I;16L", "I;16B", "I;16N")
_UNKNOWN_RANGE = ("I", "F")


def read_picture(content: bytes, name: str) -> Image.Image:
    """Decode a picture as RGB, turned as its EXIF orientation says; of several frames the first.

    Args:
        content: the file's bytes.
        name: what the picture is called in a refusal.

    Raises:
        RefusedImageError: no picture of a known format, damaged, too large, or its pixels' range is unknown.
    """
    if len(content) > MOST_BYTES:
        raise RefusedImageError(name, f"{len(content)} bytes, expected at most {MOST_BYTES}")
    try:
        with warnings.catch_warnings():
            # Pillow warns from half of our limit on, and of metadata that nothing here reads.
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(content), formats=_formats(content, name)) as image:
                if problem := _size_problem(*image.size) or _mode_problem(image.mode):
                    raise RefusedImageError(name, problem)
                return to_rgb(ImageOps.exif_transpose(image))
    except RefusedImageError:
        raise
    except Image.DecompressionBombError as error:
        raise RefusedImageError(name, f"too many pixels, expected at most {MOST_PIXELS} in all") from error
    except UnidentifiedImageError as error:
        known = ", ".join(FORMATS)
        raise RefusedImageError(name, f"not a picture that can be read, expected one of {known}") from error
    except Exception as error:  # damaged bytes make decoders raise nearly anything
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise RefusedImageError(name, f"cannot be read as an image ({reason})") from error


def _formats(content: bytes, name: str) -> tuple[str, ...]:
    """What may be decoded; HEIC where the package for it is installed, which is an extra.

    Raises:
        RefusedImageError: it is HEIC, and the package is not there.
    """
    if content[4:8] != b"ftyp" or content[8:12] not in _HEIF_BRANDS:
        return FORMATS
    try:
        import pillow_heif
    except ImportError as error:
        raise RefusedImageError(
            name, "is HEIC, which needs a package more: pip install pillow-heif"
        ) from error
    pillow_heif.register_heif_opener()
    return (*FORMATS, "HEIF")


def read_picture_file(path: Path, name: str | None = None) -> tuple[bytes, Image.Image]:
    """Bytes and pixels of a file; `name` (None: the path) is what it is called in a refusal.

    Raises:
        RefusedImageError: also where there is no such file, or it may not be read.
    """
    name = name or str(path)
    try:
        if not path.is_file():
            raise RefusedImageError(name, "is not a file" if path.exists() else "no such image")
        if path.stat().st_size > MOST_BYTES:
            raise RefusedImageError(name, f"{path.stat().st_size} bytes, expected at most {MOST_BYTES}")
        content = path.read_bytes()
    except OSError as error:
        raise RefusedImageError(name, f"cannot be read ({error.strerror})") from error
    return content, read_picture(content, name)


def to_rgb(image: Image.Image) -> Image.Image:
    """RGB of a picture of any mode with a known range; what is transparent shows white."""
    if image.mode in _SIXTEEN_BITS:
        return _sixteen_bits_to_rgb(image)
    image = as_srgb(image)
    if not image.has_transparency_data:
        return image.convert("RGB")
    layer = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", layer.size, "white"), layer).convert("RGB")


def _sixteen_bits_to_rgb(image: Image.Image) -> Image.Image:
    """The upper eight bits, which Pillow keeps of 16-bit colours; of greys it would cut off all above 255."""
    values = np.asarray(image).astype(np.uint16)
    grey = (values >> 8).astype(np.uint8)
    if isinstance(clear := image.info.get("transparency"), int):
        grey[values == clear] = 255
    return Image.fromarray(grey).convert("RGB")


def _size_problem(width: int, height: int) -> str | None:
    if width * height > MOST_PIXELS:
        return f"{width} x {height} pixels, expected at most {MOST_PIXELS} in all"
    if max(width, height) > MOST_ELONGATED * min(width, height):
        return f"{width} x {height} pixels, expected no side more than {MOST_ELONGATED} times the other"
    return None


def _mode_problem(mode: str) -> str | None:
    if mode in _UNKNOWN_RANGE:
        return "its pixels are numbers of an unknown range (32 bits), expected 8 or 16 bits"
    return None
