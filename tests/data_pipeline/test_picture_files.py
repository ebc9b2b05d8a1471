"""Pictures of all kinds become the RGB that a viewer would show, or are refused by name."""

from __future__ import annotations

import io
import os
import pickle
import struct
import sys
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


def tag(kind: bytes, content: bytes) -> bytes:
    return kind + bytes(4) + content + bytes(-len(content) % 4)


def fixed(*numbers: float) -> bytes:
    return b"".join(struct.pack(">i", round(number * 65536)) for number in numbers)


ADOBE_RGB = ((0.60974, 0.31111, 0.01947), (0.20528, 0.62567, 0.06087), (0.14919, 0.06322, 0.74457))
SRGB = ((0.43607, 0.22249, 0.01392), (0.38515, 0.71687, 0.09708), (0.14307, 0.06061, 0.71410))
"""XYZ of red, green and blue under D50, as the profiles of these names say."""


def profile(space: bytes = b"RGB ", name: bytes = b"wide", gamma: float = 563 / 256) -> bytes:
    """An ICC profile by hand: three colours and a gamma, or a gamma alone for greys."""
    curve = tag(b"curv", struct.pack(">IH", 1, round(gamma * 256)))
    text = tag(b"desc", struct.pack(">I", len(name) + 1) + name + bytes(1 + 4 + 4 + 2 + 1 + 67))
    tags = {b"desc": text, b"cprt": tag(b"text", b"none\0"), b"wtpt": tag(b"XYZ ", fixed(0.9642, 1, 0.8249))}
    if space == b"GRAY":
        tags[b"kTRC"] = curve
    else:
        for colour, xyz in zip(b"rgb", ADOBE_RGB, strict=True):
            tags[bytes([colour]) + b"XYZ"] = tag(b"XYZ ", fixed(*xyz))
            tags[bytes([colour]) + b"TRC"] = curve
    place, table, data = 128 + 4 + 12 * len(tags), struct.pack(">I", len(tags)), b""
    for signature, content in tags.items():
        table += signature + struct.pack(">II", place + len(data), len(content))
        data += content
    size = struct.pack(">I", place + len(data))
    head = size + bytes(4) + bytes([2, 0x10, 0, 0]) + b"mntr" + space + b"XYZ " + bytes(12) + b"acsp"
    return (head + bytes(28) + fixed(0.9642, 1, 0.8249)).ljust(128, b"\0") + table + data


def in_srgb(pixel: tuple[int, ...]) -> list[float]:
    """The known answer: gamma off, to XYZ, to sRGB's colours, sRGB's curve on."""
    xyz = (np.array(pixel) / 255) ** (563 / 256) @ np.array(ADOBE_RGB)
    linear = np.clip(xyz @ np.linalg.inv(np.array(SRGB)), 0, 1)
    return (255 * np.where(linear < 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)).tolist()


@pytest.mark.parametrize(
    "pixel", [(200, 100, 100), (120, 180, 90), (60, 90, 200), (128, 128, 128), (0, 255, 0)]
)
@pytest.mark.parametrize("kind", ["PNG", "TIFF", "JPEG"])
def test_colours_of_a_wide_gamut_become_srgb(kind: str, pixel: tuple[int, int, int]) -> None:
    content = encoded(Image.new("RGB", (8, 8), pixel), kind, icc_profile=profile())
    assert first_pixel(content) == pytest.approx(in_srgb(pixel), abs=4 if kind == "JPEG" else 1.5)
    assert first_pixel(encoded(Image.new("RGB", (8, 8), pixel), kind)) == pytest.approx(pixel, abs=2)


def test_transparency_and_greys_keep_to_their_profiles() -> None:
    half = encoded(Image.new("RGBA", (2, 2), (200, 100, 100, 128)), icc_profile=profile())
    expected = [255 + (value - 255) * 128 / 255 for value in in_srgb((200, 100, 100))]
    assert first_pixel(half) == pytest.approx(expected, abs=1.5)
    grey = encoded(Image.new("L", (2, 2), 100), icc_profile=profile(b"GRAY", gamma=1.0))
    linear = 100 / 255
    assert first_pixel(grey) == pytest.approx([255 * (1.055 * linear ** (1 / 2.4) - 0.055)] * 3, abs=1.5)
    palette = Image.new("P", (2, 2), 1)
    palette.putpalette([9, 9, 9, 200, 100, 100])
    assert first_pixel(encoded(palette, icc_profile=profile())) == pytest.approx(
        in_srgb((200, 100, 100)), abs=1.5
    )


@pytest.mark.parametrize(
    "odd",
    [b"", b"no profile", profile()[:200], profile(b"GRAY"), profile(name=b"sRGB IEC61966-2.1")],
    ids=["empty", "text", "truncated", "of greys", "sRGB"],
)
def test_profiles_that_say_nothing_here_are_left_aside(odd: bytes) -> None:
    assert first_pixel(encoded(Image.new("RGB", (2, 2), (200, 100, 100)), icc_profile=odd)) == (200, 100, 100)


def test_damaged_profiles_are_read_or_left_aside_and_nothing_else() -> None:
    random = np.random.default_rng(2)
    for _ in range(100):
        damaged = bytearray(profile())
        for place in random.integers(0, len(damaged), 6):
            damaged[place] = random.integers(256)
        read_picture(encoded(Image.new("RGB", (2, 2), "red"), icc_profile=bytes(damaged)), "x")


HEIC = b"\0\0\0\x1cftypheic\0\0\0\0mif1heic"


def test_heic_without_its_package_is_refused_with_the_line_that_installs_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    with pytest.raises(RefusedImageError, match=r"^a\.heic: is HEIC, .*: pip install pillow-heif$"):
        read_picture(HEIC + bytes(400), "a.heic")


def test_heic_is_read_with_its_package() -> None:
    heif = pytest.importorskip("pillow_heif")
    heif.register_heif_opener()
    exif = Image.Exif()
    exif[0x0112] = 6
    image = Image.new("RGB", (64, 48), (200, 30, 40))
    content = encoded(image, "HEIF", quality=95, exif=exif.tobytes())
    turned = read_picture(content, "a.heic")
    assert turned.size == (48, 64)
    assert first_pixel(content) == pytest.approx((200, 30, 40), abs=3)
    with pytest.raises(RefusedImageError, match=r"^a\.heic: "):
        read_picture(HEIC + bytes(400), "a.heic")


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
