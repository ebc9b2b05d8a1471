"""Vision-language models behind three questions: how to load, where the vision tokens are, how to unembed.

A `ComposedVLM` is a vision encoder, a connector and an LLM put together here. `off_the_shelf` has the models
that transformers itself puts together. Both turn images into a `Prompt`; all that follows treats them alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import torch
from PIL import Image
from torch import Tensor
from transformers import PreTrainedModel

from data_pipeline.connectors import Connector
from data_pipeline.encoders import VisionEncoder
from data_pipeline.framing import Framing
from data_pipeline.image_block import image_block
from data_pipeline.images import Canvas
from data_pipeline.language_models import LanguageModel, loadable


@dataclass(frozen=True, eq=False)
class Look:
    """One image made ready for a model: the canvas, and the tensors that the model takes, batches of one."""

    canvas: Canvas
    tensors: dict[str, Tensor]

    @property
    def shape(self) -> tuple[tuple[int, ...], ...]:
        """Looks of equal shape can share a batch."""
        return tuple(tuple(self.tensors[name].shape) for name in sorted(self.tensors))


@dataclass(frozen=True, eq=False)
class Prompt:
    """Arguments of one forward pass.

    `vision` holds the positions of the vision tokens in the sequence, row by row of the grid: (cells,).
    `length` is how long the sequence is.
    """

    inputs: dict[str, Tensor]
    vision: Tensor
    length: int


class VisionLanguageModel(Protocol):
    """What the pipeline needs of a model."""

    @property
    def language(self) -> LanguageModel:
        """Its language model."""

    @property
    def model(self) -> PreTrainedModel:
        """Called with a prompt's inputs, it gives logits; it can also `generate`."""

    def look(self, image: Image.Image) -> Look:
        """Preprocess an RGB image."""

    def prompt(self, looks: Sequence[Look]) -> Prompt:
        """The beginning of a caption for each image; looks of equal shape."""

    def prompt_without_image(self, count: int) -> Prompt:
        """The same with the image left out, `count` times."""

    def extend(self, prompt: Prompt, ids: Tensor) -> dict[str, Tensor]:
        """Arguments for the prompt followed by text; `ids` (batch, tokens)."""


@dataclass(frozen=True, eq=False)
class ComposedVLM:
    """The connector's prefix, the vision tokens with its marks, its suffix: as it was trained."""

    model: PreTrainedModel
    language: LanguageModel
    encoder: VisionEncoder
    connector: Connector
    framing: Framing

    def look(self, image: Image.Image) -> Look:
        """Fit the image to the encoder's canvas and normalise its pixels."""
        canvas = self.framing.canvas(image)
        pixels = torch.tensor(canvas.pixels).permute(2, 0, 1)[None].float() / 255  # (1, 3, height, width)
        mean, std = (
            torch.tensor(values).view(1, 3, 1, 1) for values in (self.encoder.mean, self.encoder.std)
        )
        return Look(canvas, {"pixel_values": (pixels - mean) / std})

    @torch.no_grad()
    def prompt(self, looks: Sequence[Look]) -> Prompt:
        """See `VisionLanguageModel.prompt`."""
        embed = self.language.decoder.embed_tokens
        pixels = torch.cat([look.tensors["pixel_values"] for look in looks])
        pixels = pixels.to(embed.weight.device, next(self.encoder.parameters()).dtype)
        padding = torch.tensor([look.canvas.padding for look in looks])  # (batch, cells)
        tokens = self.connector(self.encoder.block_outputs(pixels), padding)  # (batch, cells, hidden)
        grid = looks[0].canvas.grid
        if tokens.shape[1] != grid.cells:
            raise RuntimeError(f"{tokens.shape[1]} vision tokens, but {grid.cells} cells")
        marks = self.connector.marks if self.connector.config.image_marks else None
        block, places = image_block(tokens.to(embed.weight.dtype), marks, grid.cols)
        before, after = (self._embedded(ids, len(looks)) for ids in self._surroundings())
        sequence = torch.cat([before, block, after], dim=1)
        return Prompt({"inputs_embeds": sequence}, places + before.shape[1], sequence.shape[1])

    def prompt_without_image(self, count: int) -> Prompt:
        """See `VisionLanguageModel.prompt_without_image`."""
        sequence = torch.cat([self._embedded(ids, count) for ids in self._surroundings()], dim=1)
        return Prompt({"inputs_embeds": sequence}, torch.arange(0), sequence.shape[1])

    def extend(self, prompt: Prompt, ids: Tensor) -> dict[str, Tensor]:
        """See `VisionLanguageModel.extend`."""
        embed = self.language.decoder.embed_tokens
        return {
            "inputs_embeds": torch.cat(
                [prompt.inputs["inputs_embeds"], embed(ids.to(embed.weight.device))], 1
            )
        }

    def _surroundings(self) -> tuple[list[int], list[int]]:
        encode, config = self.language.tokenizer.encode, self.connector.config
        return encode(config.prefix, add_special_tokens=False), encode(
            config.suffix, add_special_tokens=False
        )

    def _embedded(self, ids: list[int], count: int) -> Tensor:
        embed = self.language.decoder.embed_tokens
        tokens = torch.tensor(ids, dtype=torch.long, device=embed.weight.device)
        embedded: Tensor = embed(tokens)
        return embedded.expand(count, -1, -1)


def load_vision_encoder(
    folder: Path, image_size: int | None, dtype: torch.dtype, device: torch.device
) -> VisionEncoder:
    """The encoder in `folder`; raises `InputError` for an unknown family or files that cannot be loaded."""
    with loadable(folder):
        return VisionEncoder.from_pretrained(folder, dtype, device, image_size).requires_grad_(False)


def load_connector(folder: Path, dtype: torch.dtype, device: torch.device) -> Connector:
    """The connector in `folder`; raises `InputError` where there is none."""
    with loadable(folder):
        return Connector.from_pretrained(folder, dtype, device).requires_grad_(False)
