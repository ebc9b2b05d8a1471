"""The images of a training, each with what is to be said about it, read a step ahead."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from data_pipeline.encoders import VisionEncoder
from data_pipeline.errors import InputError, RefusedImageError
from data_pipeline.framing import Framing
from data_pipeline.image_sources import ImageSource
from data_pipeline.training.image_order import ImageOrder
from data_pipeline.training.sequences import Example, ImageTextBatch
from data_pipeline.training.settings import TrainingOptions
from data_pipeline.training.tasks import NEEDS, example_of
from data_pipeline.training.trainee import encoder_pixels

_ATTEMPTS = 100
_READERS = 4


@dataclass(frozen=True, eq=False)
class TrainingItem:
    """A canvas as uint8 (height, width, 3), the share of padding of each cell, and an example."""

    pixels: NDArray[np.uint8]
    padding: tuple[float, ...]
    example: Example


class TrainingImages:
    """Items by their place in the training."""

    def __init__(
        self,
        source: ImageSource,
        framing: Framing,
        options: TrainingOptions,
        seed: int,
        say: Callable[[str], None],
    ) -> None:
        """`seed` is of the order; `say` is told of each image that cannot be used, once."""
        self.source, self.framing, self.options, self.seed = source, framing, options, seed
        self.order = ImageOrder(len(source), seed, getattr(source, "read_together", None))
        self._say = say
        self._refused: set[int] = set()
        self._passes_over = False

    def item(self, place: int) -> TrainingItem:
        """The image at a place, counted from 0; another one where it cannot be used.

        Raises:
            InputError: a hundred others, drawn for this place, cannot be used either.
        """
        for attempt in range(_ATTEMPTS):
            index = self.order.instead(place, attempt) if attempt else self.order.index(place)
            if found := self._usable(index, place):
                return found
        raise InputError(
            f"{self.source.name}: none of {min(_ATTEMPTS, len(self.source))} images can be used for task "
            f"{self.options.task!r}; "
            f"each needs {NEEDS[self.options.task]}"
        )

    def _usable(self, index: int, place: int) -> TrainingItem | None:
        if index in self._refused:
            return None
        try:
            image = self.source[index]
        except RefusedImageError as refusal:
            self._refused.add(index)
            self._say(f"left out: {refusal}")
            return None
        example = example_of(image, self.options, f"{self.seed}/{place}")
        if example is None:
            self._pass_over(image.image_id)
            return None
        canvas = self.framing.canvas(image.pixels)
        return TrainingItem(canvas.pixels, canvas.padding, example)

    def _pass_over(self, image_id: str) -> None:
        """Say once that not all images can be learned from; which ones may depend on what is drawn."""
        if not self._passes_over:
            self._passes_over = True
            needed = NEEDS[self.options.task]
            self._say(f"{self.source.name}: images without {needed} are passed over, such as {image_id}")


def batch_of(encoder: VisionEncoder, items: Sequence[TrainingItem]) -> ImageTextBatch:
    """Items as the encoder takes them."""
    pixels = encoder_pixels(encoder, np.stack([item.pixels for item in items]))
    padding = torch.tensor([item.padding for item in items])
    return ImageTextBatch(pixels, tuple(item.example for item in items), padding)


def places_of(step: int, batch_size: int, rank: int, processes: int) -> range:
    """The places of a step (counted from 0) that one of several processes computes; nearly equally many."""
    start = step * batch_size
    first, last = (start + batch_size * number // processes for number in (rank, rank + 1))
    return range(first, last)


def read_ahead(
    images: TrainingImages, places: Callable[[int], range], steps: range
) -> Iterator[list[TrainingItem]]:
    """The items of each step, those of the next being read by several threads while one is computed."""
    with ThreadPoolExecutor(_READERS, "training-images") as readers:

        def read(step: int) -> list[Future[TrainingItem]]:
            return [readers.submit(images.item, place) for place in (places(step) if step in steps else ())]

        waiting = read(steps.start)
        for step in steps:
            present, waiting = waiting, read(step + 1)
            yield [item.result() for item in present]
