"""The questions that a family of vision-language models answers.

Each family reads the canvas back from what the model's own image processor made. Most also write the text
that the model was trained to see in an image's place (`ImageTextFamily`), as the library's combined
processors need packages for videos that images do not. The others leave that to a processor of both.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

import torch
from PIL import Image
from torch import Tensor

from data_pipeline.errors import InputError
from data_pipeline.images import Affine, Canvas, Grid, map_box
from data_pipeline.models import Look


@dataclass(frozen=True, eq=False)
class Sight:
    """An image after the image processor: model inputs (batches of one), the canvas, and the image's text."""

    tensors: dict[str, Tensor]
    canvas: Canvas
    text: str


@dataclass(frozen=True, eq=False)
class Family(ABC):
    """A model's configuration and processing; `recipe` names what makes the canvas."""

    config: Any
    image_processor: Any
    tokenizer: Any
    recipe: str

    @abstractmethod
    def look(self, image: Image.Image, text: str) -> Look:
        """An RGB image in its place of the prompt `text`.

        Raises:
            InputError: the prompt has no placeholder, or several.
        """

    def vision_positions(self, inputs: dict[str, Tensor], count: int) -> Tensor:
        """Positions in the sequence of the canvas's `count` cells, row by row: (count,), on the CPU."""
        image_tokens = (inputs["input_ids"][0] == self.config.image_token_id).nonzero()[:, 0].cpu()
        return self.cells(image_tokens, count)

    def cells(self, image_tokens: Tensor, count: int) -> Tensor:
        """Which of all image tokens' positions, ascending, are the canvas's `count` cells, row by row."""
        return image_tokens[:count]

    def model_inputs(self, inputs: dict[str, Tensor]) -> dict[str, Tensor]:
        """What the class takes, of a batch of looks; the same in most families."""
        return inputs

    @property
    def pixels(self) -> str:
        """Name of the input that holds pixels, which a model takes in its own floating-point type."""
        return "pixel_values"

    @property
    def placeholder_id(self) -> int:
        """The token that stands for the image in a prompt."""
        return int(self.config.image_token_id)

    def token(self, token_id: int) -> str:
        """A special token's text."""
        return str(self.tokenizer.convert_ids_to_tokens(token_id))

    def encode(self, text: str) -> list[int]:
        """Token ids of a prompt; a template that writes the begin token itself gets no second one."""
        begin = self.tokenizer.bos_token
        special = not (begin and text.startswith(begin))
        return list(self.tokenizer(text, add_special_tokens=special)["input_ids"])

    def text_alone(self, text: str) -> list[int]:
        """Token ids of the prompt with the image left out, and the tokens that begin and end images."""
        marks = ("vision_start_token_id", "vision_end_token_id")
        image = {self.placeholder_id, *(getattr(self.config, mark, None) for mark in marks)}
        return [token for token in self.encode(text) if token not in image]

    def canvas(self, pixels: Any, grid: Grid, affine: Affine | None, source: tuple[int, int]) -> Canvas:
        """The canvas of an image of `source` (width, height)."""
        box = None if affine is None else map_box(affine, (0, 0, *source))
        return Canvas(pixels, grid, self.recipe, affine, box)


class ImageTextFamily(Family):
    """A family whose text in an image's place is written here, from what its image processor made."""

    @abstractmethod
    def sight(self, image: Image.Image) -> Sight:
        """Preprocess an RGB image."""

    def look(self, image: Image.Image, text: str) -> Look:
        """See `Family.look`."""
        placeholder = self.token(self.placeholder_id)
        if text.count(placeholder) != 1:
            raise InputError(
                f"prompt {text!r} has no single image placeholder; expected {placeholder} in it once"
            )
        sight = self.sight(image)
        ids = torch.tensor([self.encode(text.replace(placeholder, sight.text))])
        tensors = {**sight.tensors, "input_ids": ids, "attention_mask": torch.ones_like(ids)}
        tensors |= self.token_kinds(ids == self.config.image_token_id)
        return Look(sight.canvas, tensors)

    def token_kinds(self, is_image: Tensor) -> dict[str, Tensor]:
        """Inputs that tell image tokens from text, from a mask (1, sequence); none in most families."""
        return {}
