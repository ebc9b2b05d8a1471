"""Pictures of all kinds become the RGB that a viewer would show, or are refused by name."""

from __future__ import annotations

import io
import os
import pickle
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from data_pipeline import picture_files
from data_pipeline.errors import RefusedImageError, printable
from data_pipeline.picture_files import read_picture, read_picture_file


def encoded(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def first_pixel(content: bytes) -> tuple[int, ...]:
    image = read_picture(content, "x")
    assert image.mode == "RGB"
    return tuple(np.asarray(image)[0, 0].tolist())


def noise(mode: str = "RGB") -> Image.Image:
    return Image.fromarray(np.random.default_rng(0).integers(0, 255, (40, 30, 3), np.uint8)).convert(mode)


ORIENTATIONS = {  # where the stored picture's corners end up: top left, top right, bottom left, bottom right
    1: "abcd",
    2: "badc",
    3: "dcba",
    4: "cdab",
    5: "acbd",
    6: "cadb",
    7: "dbca",
    8: "bdac",
}


@pytest.mark.parametrize(("orientation", "corners"), ORIENTATIONS.items())
def test_exif_orientation_is_applied(orientation: int, corners: str) -> None:
    greys = {"a": 10, "b": 90, "c": 170, "d": 250}
    image = Image.fromarray(np.array([[10, 90], [170, 250]], np.uint8)).convert("RGB")
    exif = Image.Exif()
    exif[0x0112] = orientation
    turned = np.asarray(read_picture(encoded(image, exif=exif), "x"))[..., 0]
    assert turned.flatten().tolist() == [greys[corner] for corner in corners]


def test_transparency_shows_white_whatever_colour_hides_behind_it() -> None:
    assert first_pixel(encoded(Image.new("RGBA", (2, 2), (200, 0, 0, 0)))) == (255, 255, 255)
    assert first_pixel(encoded(Image.new("RGBA", (2, 2), (200, 0, 0, 255)))) == (200, 0, 0)
    assert first_pixel(encoded(Image.new("LA", (2, 2), (0, 51)))) == (204, 204, 204)  # a fifth black
    assert first_pixel(encoded(Image.new("RGB", (2, 2), (1, 2, 3)), transparency=(1, 2, 3))) == (255,) * 3
    palette = Image.new("P", (2, 2), 1)
    palette.putpalette([9, 9, 9, 40, 50, 60])
    assert first_pixel(encoded(palette)) == (40, 50, 60)
    assert first_pixel(encoded(palette, transparency=1)) == (255, 255, 255)
    assert first_pixel(encoded(palette, "GIF", transparency=1)) == (255, 255, 255)


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_sixteen_bit_greys_keep_their_upper_eight(kind: str) -> None:
    greys = np.array([[0, 255, 256, 32768, 65535]], np.uint16)
    image = read_picture(encoded(Image.fromarray(greys), kind), "x")
    assert np.asarray(image)[0].tolist() == [[n] * 3 for n in (0, 0, 1, 128, 255)]


def chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def png_by_hand(width: int, height: int, depth: int, colour: int, rows: bytes, extra: bytes = b"") -> bytes:
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + extra + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def test_sixteen_bit_colours_and_a_clear_grey() -> None:
    colours = png_by_hand(1, 1, 16, 2, b"\0" + struct.pack(">HHH", 65535, 32768, 255))
    assert first_pixel(colours) == (255, 128, 0)
    clear = chunk(b"tRNS", struct.pack(">H", 4096))
    greys = png_by_hand(2, 1, 16, 0, b"\0" + struct.pack(">HH", 4096, 4097), clear)
    assert np.asarray(read_picture(greys, "x"))[0, :, 0].tolist() == [255, 16]


def test_cmyk_greys_and_single_bits() -> None:
    inks = Image.new("CMYK", (8, 8), (0, 255, 255, 0))
    assert first_pixel(encoded(inks, "TIFF")) == (255, 0, 0)
    red, green, blue = first_pixel(encoded(inks, "JPEG", quality=95))
    assert red > 250
    assert max(green, blue) < 5
    assert first_pixel(encoded(Image.new("1", (2, 2), 1))) == (255, 255, 255)
    assert first_pixel(encoded(Image.new("L", (2, 2), 77))) == (77, 77, 77)


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP", "TIFF"])
def test_of_several_frames_the_first_is_read(kind: str) -> None:
    frames = [Image.new("RGB", (4, 4), colour) for colour in ("red", "blue")]
    lossless = {"lossless": True} if kind == "WEBP" else {}
    assert first_pixel(encoded(frames[0], kind, save_all=True, append_images=frames[1:], **lossless)) == (
        255,
        0,
        0,
    )


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF"])
@pytest.mark.parametrize("part", [0.0, 0.02, 0.5, 0.9])
def test_truncated_pictures_are_refused_by_name(kind: str, part: float) -> None:
    content = encoded(noise(), kind)
    assert read_picture(content, "x").size == (30, 40)
    with pytest.raises(RefusedImageError, match=r"^holiday\.x: ") as caught:
        read_picture(content[: int(len(content) * part)], "holiday.x")
    assert "0x" not in str(caught.value)


def test_damaged_pictures_are_read_or_refused_and_nothing_else() -> None:
    random = np.random.default_rng(1)
    for kind in ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF"):
        content = encoded(noise(), kind)
        for _ in range(60):
            damaged = bytearray(content)
            for place in random.integers(0, min(len(content), 400), 4):
                damaged[place] = random.integers(256)
            try:
                read_picture(bytes(damaged), "x")
            except RefusedImageError as error:
                assert "\n" not in str(error)


UNUSABLE = {
    "nothing": (b"", "not a picture"),
    "svg": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not a picture"),
    "postscript": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "not a picture"),
    "large": (png_by_hand(12_000, 12_000, 8, 2, b""), "12000 x 12000 pixels, expected at most"),
    "bomb": (png_by_hand(60_000, 60_000, 8, 2, b""), "too many pixels, expected at most"),
    "line": (png_by_hand(401, 2, 8, 0, b""), "401 x 2 pixels, expected no side more than 200 times"),
    "floats": (encoded(Image.fromarray(np.zeros((2, 2), np.float32)), "TIFF"), "unknown range"),
    "integers": (encoded(Image.fromarray(np.zeros((2, 2), np.int32)), "TIFF"), "unknown range"),
}


@pytest.mark.parametrize(("content", "reason"), UNUSABLE.values(), ids=UNUSABLE)
def test_what_cannot_be_shown_is_refused_with_its_reason(content: bytes, reason: str) -> None:
    with pytest.raises(RefusedImageError, match=f"^a: .*{reason}"):
        read_picture(content, "a")


def test_files_that_cannot_be_opened_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "folder.png").mkdir()
    os.mkfifo(tmp_path / "pipe.png")
    (tmp_path / "large.png").write_bytes(bytes(100))
    monkeypatch.setattr(picture_files, "MOST_BYTES", 99)
    for name, reason in (
        ("folder.png", "is not a file"),
        ("pipe.png", "is not a file"),
        ("gone.png", "no such image"),
        ("large.png", "100 bytes, expected at most 99"),
    ):
        with pytest.raises(RefusedImageError, match=f"{name}: {reason}"):
            read_picture_file(tmp_path / name)


def test_a_refusal_travels_between_processes() -> None:
    error = pickle.loads(pickle.dumps(RefusedImageError("a\n", "b")))  # noqa: S301  # made here
    assert (str(error), error.name, error.reason) == ("a\\n: b", "a\\n", "b")


def test_names_are_printed_so_that_they_change_no_terminal() -> None:
    assert printable("a\x1b[2J\n猫\udcff\u202e é") == "a\\x1b[2J\\n猫\\udcff\\u202e é"
