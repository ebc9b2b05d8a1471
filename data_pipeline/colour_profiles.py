"""Pictures with a colour profile (ICC) become sRGB, as viewers show them.

A profile that cannot be read, or that is for another kind of pixels than it comes with, is left aside, as
browsers do. Its bytes may come from strangers; Little CMS, which Pillow brings, reads them.
"""

from __future__ import annotations

import io

from PIL import Image, ImageCms

MOST_BYTES = 2**22  # profiles for print reach 3 MB
_CHANNELS = {"RGB": "RGB ", "CMYK": "CMYK", "L": "GRAY"}
_SRGB = ImageCms.createProfile("sRGB")


def as_srgb(image: Image.Image) -> Image.Image:
    """The picture's colours in sRGB, without its profile; alpha stays. Unchanged where no profile applies."""
    profile = _profile(image.info.get("icc_profile"))
    if profile is None:
        return image
    alpha = image.convert("RGBA").getchannel("A") if image.has_transparency_data else None
    colours = _plain(image)
    try:
        if profile.profile.xcolor_space != _CHANNELS[colours.mode]:
            return image
        converted = ImageCms.profileToProfile(colours, profile, _SRGB, outputMode="RGB")
    except (ImageCms.PyCMSError, ValueError):
        return image
    if converted is None:
        return image
    if alpha is not None:
        converted.putalpha(alpha)
    converted.info.pop("icc_profile", None)
    return converted


def _profile(content: object) -> ImageCms.ImageCmsProfile | None:
    """None where there is none, where it cannot be read, or where it is sRGB already."""
    if not isinstance(content, bytes) or not 0 < len(content) <= MOST_BYTES:
        return None
    try:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(content))
        name = ImageCms.getProfileDescription(profile)
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return None
    return None if name.strip().startswith("sRGB") else profile


def _plain(image: Image.Image) -> Image.Image:
    """Colours alone, in a mode that profiles are for."""
    if image.mode in ("L", "LA", "1"):
        return image.convert("L")
    return image if image.mode in ("RGB", "CMYK") else image.convert("RGB")
