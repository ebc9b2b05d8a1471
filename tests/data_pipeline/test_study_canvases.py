"""Canvases of the published study's three encoders, against its own arithmetic and torch's resampling."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image

from data_pipeline.framing import Framing, resize

CLIP = Framing(336, 336, 14, 14, "pad", "bilinear")


def photograph(width: int, height: int) -> Image.Image:
    """Smooth shapes with grain on them."""
    random = np.random.default_rng(0)
    shapes = Image.fromarray(random.integers(0, 256, (6, 8, 3), np.uint8)).resize((width, height))
    return Image.fromarray(
        np.clip(np.asarray(shapes) + random.normal(0, 8, (height, width, 3)), 0, 255).astype(np.uint8)
    )


@pytest.mark.parametrize(
    ("size", "fitted"),
    [
        ((640, 480), (336, 251)),  # 252 in exact numbers
        ((1024, 768), (336, 252)),
        ((500, 333), (336, 223)),  # 223.8 is cut, not rounded
        ((333, 500), (223, 336)),
        ((100, 50), (336, 168)),  # small images grow
        ((1000, 1), (336, 1)),
    ],
)
def test_a_padded_image_has_the_studys_size_and_place(size: tuple[int, int], fitted: tuple[int, int]) -> None:
    canvas = CLIP.canvas(Image.new("RGB", size, "white"))
    left, top = (336 - fitted[0]) // 2, (336 - fitted[1]) // 2
    assert canvas.source_box == (left, top, left + fitted[0], top + fitted[1])
    white = np.argwhere((canvas.pixels == 255).all(-1))
    assert (white.min(0).tolist(), (white.max(0) + 1).tolist()) == (
        [top, left],
        [top + fitted[1], left + fitted[0]],
    )


def test_padded_sizes_are_those_of_single_precision() -> None:
    """The study's own lines, with numpy's scalars: for all sizes up to 900 pixels along one edge."""
    for width in range(1, 900, 7):
        for height in (1, 211, 480, 899):
            scale = min(np.float32(336) / np.float32(height), np.float32(336) / np.float32(width))
            wide, high = int(np.float32(width) * scale), int(np.float32(height) * scale)
            assert CLIP._scaled_size(width, height) == (max(wide, 1), max(high, 1))


@pytest.mark.parametrize("target", [(336, 252), (378, 378), (800, 600)])
@pytest.mark.parametrize(
    ("interpolation", "mode", "antialias"),
    [
        ("bilinear", "bilinear", True),
        ("bicubic", "bicubic", True),
        ("bilinear-no-antialias", "bilinear", False),
    ],
)
def test_resampling_is_torchs_but_for_the_rounding_to_8_bits(
    interpolation: str, mode: str, antialias: bool, target: tuple[int, int]
) -> None:
    image = photograph(640, 480)
    own = torch.tensor(np.asarray(image)).permute(2, 0, 1)[None].float()
    whole = torch.nn.functional.interpolate(
        own, (target[1], target[0]), mode=mode, antialias=antialias, align_corners=False
    )
    expected = whole[0].permute(1, 2, 0).clamp(0, 255).numpy()
    found = np.asarray(resize(image, *target, interpolation)).astype(float)  # type: ignore[arg-type]
    ours = interpolation == "bilinear-no-antialias"  # Pillow does the others, in two steps of 8 bits each
    assert abs((found - expected).mean()) < (0.01 if ours else 0.15)
    assert np.abs(found - expected).max() <= (0.51 if ours else 2.5)
