"""What an image processor did: pixels from the values that it gives, and its map from source to canvas."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from data_pipeline.images import Affine

_KNOWN_STEPS = {"do_resize", "do_center_crop", "do_rescale", "do_normalize", "do_convert_rgb"}


def denormalised(values: Tensor, settings: Any) -> np.ndarray:
    """Pixels (height, width, 3) of 0 to 255 from a processor's values (3, height, width)."""
    pixels = values.double()
    if settings.do_normalize:
        mean, std = (
            torch.tensor(part).double().view(3, 1, 1) for part in (settings.image_mean, settings.image_std)
        )
        pixels = pixels * std + mean
    if settings.do_rescale:
        pixels = pixels / settings.rescale_factor
    return pixels.round().clamp(0, 255).to(torch.uint8).permute(1, 2, 0).contiguous().numpy()


def squash_map(source: tuple[int, int], canvas: tuple[int, int]) -> Affine:
    """Source to canvas where the whole image is stretched over the whole canvas; sizes (width, height)."""
    return (canvas[0] / source[0], 0.0, 0.0, 0.0, canvas[1] / source[1], 0.0)


def crop_map(settings: Any, source: tuple[int, int], canvas: tuple[int, int]) -> Affine | None:
    """Source to canvas of a processor that resizes and then may cut the middle out; sizes (width, height).

    None where the settings pad, or do something else that is not known here.
    """
    steps = {name for name, value in vars(settings).items() if name.startswith("do_") and value is True}
    if steps - _KNOWN_STEPS:
        return None
    width, height = _resized(settings, source)
    left, top = (width - canvas[0]) // 2, (height - canvas[1]) // 2
    if left < 0 or top < 0 or ((left or top) and not getattr(settings, "do_center_crop", False)):
        return None
    return (width / source[0], 0.0, -float(left), 0.0, height / source[1], -float(top))


def _resized(settings: Any, source: tuple[int, int]) -> tuple[int, int]:
    if not settings.do_resize:
        return source
    size = dict(settings.size)
    if size.get("height") and size.get("width"):
        return int(size["width"]), int(size["height"])
    short = int(size.get("shortest_edge") or 0)
    if source[0] <= source[1]:
        return short, int(short * source[1] / source[0])
    return int(short * source[0] / source[1]), short
