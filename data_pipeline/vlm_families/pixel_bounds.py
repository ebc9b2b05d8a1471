"""How many pixels a canvas of any size may have: a processor's own bounds, or those that a study states."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from data_pipeline.errors import InputError

_NAMES = {"shortest_edge": "min_pixels", "longest_edge": "max_pixels"}  # so Qwen2-VL's processor calls pixels


@dataclass(frozen=True)
class PixelBounds:
    """The fewest and the most pixels; None: as the image processor has it."""

    min_pixels: int | None = None
    max_pixels: int | None = None

    @property
    def stated(self) -> dict[str, int]:
        """Those that are not None, by name."""
        both = {"min_pixels": self.min_pixels, "max_pixels": self.max_pixels}
        return {name: value for name, value in both.items() if value is not None}

    def put_into(self, image_processor: Any, folder: Path) -> None:
        """Make the processor of `folder` keep to them.

        Raises:
            InputError: it has no bounds, or the fewest would be more than the most.
        """
        if not self.stated:
            return
        own: dict[str, Any] = dict(image_processor.size)
        if not all(isinstance(own.get(name), int) for name in _NAMES):
            raise InputError(f"{folder}: its image processor has no bounds of pixels that could be changed")
        size = {name: int(self.stated.get(key, own[name])) for name, key in _NAMES.items()}
        fewest, most = size.values()
        if fewest > most:
            raise InputError(
                f"{folder}: min_pixels would be {fewest}, more than max_pixels, {most}; what a study does "
                "not state is as its image processor has it"
            )
        image_processor.size = type(image_processor.size)(**size)


OWN_BOUNDS = PixelBounds()
"""As the image processor has them."""
