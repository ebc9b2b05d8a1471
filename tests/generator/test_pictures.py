"""Pictures take fewer bytes in pages and stay the same pictures."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from generator.pictures import compact

_PROFILE = b"a colour profile, as far as anyone asks"


def encoded(kind: str, mode: str = "RGB", **options: object) -> bytes:
    noise = np.random.default_rng(3).integers(0, 256, (24, 40, 3), dtype=np.uint8)
    picture = Image.fromarray(noise).resize((320, 192)).convert(mode)
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def same_picture(one: bytes, other: bytes) -> bool:
    with Image.open(io.BytesIO(one)) as first, Image.open(io.BytesIO(other)) as second:
        return first.mode == second.mode and np.array_equal(np.asarray(first), np.asarray(second))


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
@pytest.mark.parametrize("progressive", [False, True])
def test_a_jpeg_keeps_its_pixels_and_its_profile(mode: str, progressive: bool) -> None:
    content = encoded("JPEG", mode, quality=90, progressive=progressive, icc_profile=_PROFILE)
    smaller = compact(content)
    assert len(smaller) < len(content) or (mode == "CMYK" and progressive)
    assert same_picture(smaller, content)
    with Image.open(io.BytesIO(smaller)) as picture:
        assert picture.info["icc_profile"] == _PROFILE
    assert compact(smaller) == smaller


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_other_pictures_stay_as_they_are(kind: str) -> None:
    content = encoded(kind)
    assert compact(content) == content


@pytest.mark.parametrize("content", [b"", b"\xff\xd8\xff", b"\xff\xd8\xff\xe0 no picture at all"])
def test_what_is_no_picture_is_not_changed(content: bytes) -> None:
    assert compact(content) == content
