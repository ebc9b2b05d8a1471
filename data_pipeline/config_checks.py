"""Numbers of configuration files that transformers takes as they are, and that make it fail later."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from data_pipeline.errors import InputError

_AT_LEAST_ONE = (
    "hidden_size",
    "num_hidden_layers",
    "num_attention_heads",
    "vocab_size",
    "patch_size",
    "image_size",
)
_PARTS = ("text_config", "vision_config")


def check_sizes(config: Any, folder: Path) -> None:
    """Refuse a configuration with a size below 1 in it, or in its text or vision part.

    Raises:
        InputError: it names the folder and the number.
    """
    for part in ("", *_PARTS):
        settings = getattr(config, part, None) if part else config
        for name in _AT_LEAST_ONE:
            value = getattr(settings, name, None)
            numbers = value if isinstance(value, list | tuple) else [value]
            if any(isinstance(number, int | float) and not number >= 1 for number in numbers):
                key = f"{part}.{name}" if part else name
                raise InputError(f"{folder}: config.json has {key} = {value}, expected 1 or more")


def check_image_settings(config: Any, vocabulary: int, folder: Path) -> None:
    """Refuse an image token that is no id of a vocabulary of that many, or a vision layer that is not there.

    Raises:
        InputError: it names the folder and the number.
    """
    token = getattr(config, "image_token_id", None)
    if not isinstance(token, int) or not 0 <= token < vocabulary:
        raise InputError(
            f"{folder}: config.json has image_token_id = {token}, expected an id from 0 to {vocabulary - 1}"
        )
    layers = getattr(config, "vision_feature_layer", None)
    depth = getattr(getattr(config, "vision_config", None), "num_hidden_layers", None)
    for layer in layers if isinstance(layers, list | tuple) else [layers]:
        if isinstance(layer, int) and isinstance(depth, int) and not -depth - 1 <= layer <= depth:
            raise InputError(
                f"{folder}: config.json has vision_feature_layer = {layers}, but its vision encoder has "
                f"{depth} blocks"
            )


def check_image_processor(processor: Any) -> None:
    """Put a blank picture through an image processor.

    Raises:
        ValueError: pixels become numbers that are not finite, or cannot be had back.
        Exception: whatever the library raises at settings of the wrong kind.
    """
    with np.errstate(all="ignore"):  # what is not finite is told below
        values = processor(Image.new("RGB", (64, 48)), return_tensors="pt")["pixel_values"]
    if not torch.isfinite(torch.as_tensor(values)).all():
        raise ValueError("its image processor makes pixel values that are not finite")
    if getattr(processor, "do_rescale", False) and not processor.rescale_factor:
        raise ValueError("its image processor has rescale_factor = 0")


def channel_numbers(settings: Mapping[str, Any], name: str, above: float) -> tuple[float, ...]:
    """Three finite numbers of a processor's settings, all more than `above`; else raises `ValueError`."""
    values = settings[name]
    if (
        not isinstance(values, list)
        or len(values) != 3
        or not all(isinstance(value, int | float) and math.isfinite(value) for value in values)
        or min(values) <= above
    ):
        more = f" above {above:g}" if math.isfinite(above) else ""
        raise ValueError(f"{name} = {values!r}, expected three numbers{more}, one per colour")
    return tuple(float(value) for value in values)
