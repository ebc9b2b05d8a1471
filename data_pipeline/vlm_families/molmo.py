"""Molmo: the whole image as the first crop, 2 x 2 patches pooled to each token; larger crops follow it."""

from __future__ import annotations

from dataclasses import dataclass
from math import isqrt
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from transformers import AutoProcessor

from data_pipeline.chat_templates import QUESTION
from data_pipeline.errors import InputError
from data_pipeline.framing import fitted_size
from data_pipeline.images import Affine, Grid
from data_pipeline.models import Look
from data_pipeline.remote_code import running
from data_pipeline.vlm_families.family import Family

PLACEHOLDER = "<|image|>"
PROMPT = f"{PLACEHOLDER} User: {QUESTION} Assistant:"
"""What the published processor makes of a question."""


@dataclass(frozen=True, eq=False)
class Molmo(Family):
    """`processor` is the published one, which comes with the weights; it puts the image before the text."""

    processor: Any

    def look(self, image: Image.Image, text: str) -> Look:
        """See `Family.look`."""
        made = self._process(text, [image])
        tensors = {name: torch.as_tensor(values)[None] for name, values in made.items()}
        tensors["input_ids"] = tensors["input_ids"].long()
        tensors["attention_mask"] = torch.ones_like(tensors["input_ids"])
        settings = self.image_processor
        side = int(settings.base_image_input_size[0])
        rows, cols = int(settings.image_token_length_h), int(settings.image_token_length_w)
        if rows * cols != tensors["image_input_idx"].shape[-1]:
            raise InputError(f"its processor gives no {rows} x {cols} tokens of the whole image")
        pixels = self._base_crop(tensors["images"][0, 0], side)
        grid = Grid(rows, cols, side / cols, side / rows)
        return Look(self.canvas(pixels, grid, pad_map(image.size, side), image.size), tensors)

    @property
    def pixels(self) -> str:
        """See `Family.pixels`; shares of padding stay in float32, as in the published use."""
        return "images"

    def vision_positions(self, inputs: dict[str, Tensor], count: int) -> Tensor:
        """See `Family.vision_positions`: where the class itself adds the first crop's features."""
        places = inputs["image_input_idx"][0, 0].long().cpu()
        if len(places) != count or bool((places < 0).any()):
            raise InputError("its processor leaves out tokens of the whole image")
        return places

    def text_alone(self, text: str) -> list[int]:
        """See `Family.text_alone`."""
        return [int(token) for token in self._process(text, None)["input_ids"]]

    def _process(self, text: str, images: list[Image.Image] | None) -> Any:
        if not text.startswith(PLACEHOLDER) or text.count(PLACEHOLDER) != 1:
            raise InputError(
                f"prompt {text!r} does not begin with its one image; expected {PLACEHOLDER} there"
            )
        with running(Path(self.processor_folder)):
            return self.processor.process(
                images=images,
                text=text.removeprefix(PLACEHOLDER),
                message_format="none",
                always_start_with_space=False,
            )

    @property
    def processor_folder(self) -> str:
        """Where the processor's code lies, for messages."""
        return str(getattr(self.config, "name_or_path", "") or "molmo")

    def _base_crop(self, patches: Tensor, side: int) -> np.ndarray:
        """Pixels (side, side, 3) from normalised flat patches (patches, row * column * rgb) in row order."""
        patch = isqrt(patches.shape[1] // 3)
        across = side // patch
        if patches.shape != (across * across, patch * patch * 3):
            raise InputError(
                f"its processor gives patches of shape {tuple(patches.shape)}; expected a square crop"
            )
        pixels = patches.double().view(across, across, patch, patch, 3).transpose(1, 2).reshape(side, side, 3)
        settings = self.image_processor
        if settings.do_normalize:
            pixels = (
                pixels * torch.tensor(settings.image_std).double()
                + torch.tensor(settings.image_mean).double()
            )
        return (pixels * 255).round().clamp(0, 255).to(torch.uint8).numpy()


def pad_map(source: tuple[int, int], side: int) -> Affine:
    """Source (width, height) to a square on which it is fitted and centred, as the published code does."""
    width, height = fitted_size(source, (side, side))
    left, top = (side - width) // 2, (side - height) // 2
    return (width / source[0], 0.0, float(left), 0.0, height / source[1], float(top))


def load_molmo_processor(folder: Path) -> Any:
    """The published processor in `folder`; only after `remote_code.check_remote_code`."""
    with running(folder):
        return AutoProcessor.from_pretrained(folder, trust_remote_code=True)
