"""A model in training: what is frozen, what is learned, and the loss of a batch."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from data_pipeline.connectors import Connector
from data_pipeline.encoders import VisionEncoder
from data_pipeline.image_block import image_block
from data_pipeline.training.losses import AnswerLoss, answer_loss
from data_pipeline.training.response_dropout import ResponseDropout
from data_pipeline.training.sequences import NOT_LEARNED, ImageTextBatch, Layout, Texts, texts_of


@dataclass(frozen=True, eq=False)
class Trainee:
    """The parts of a model; the encoder is always frozen, the LLM unless `freeze` says otherwise."""

    llm: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase
    encoder: VisionEncoder
    connector: Connector

    @cached_property
    def layout(self) -> Layout:
        """The text around its images."""
        return Layout.of(self.connector, self.tokenizer)

    def freeze(self, unfreeze_blocks: bool) -> None:
        """Freezes the language model, or with `unfreeze_blocks` its input embeddings and head alone.

        These two stay as they are in any case, so that the lenses keep reading the same words.
        """
        self.encoder.requires_grad_(False)
        self.llm.requires_grad_(unfreeze_blocks)
        for frozen in (self.llm.get_input_embeddings(), self.llm.get_output_embeddings()):
            frozen.requires_grad_(False)

    @property
    def connector_parameters(self) -> dict[str, nn.Parameter]:
        """By name; they are always trained."""
        return {f"connector.{name}": value for name, value in self.connector.named_parameters()}

    @property
    def llm_parameters(self) -> dict[str, nn.Parameter]:
        """Those of the language model that are trained, by name."""
        named = self.llm.named_parameters()
        return {f"llm.{name}": value for name, value in named if value.requires_grad}

    def texts(self, batch: ImageTextBatch, longest: int | None = None) -> Texts:
        """What follows the batch's images; see `texts_of`."""
        return texts_of(self.tokenizer, self.layout, batch.examples, longest)

    def image_block(self, batch: ImageTextBatch) -> Tensor:
        """The image's part of the sequence; (batch, length, hidden)."""
        device = next(self.connector.parameters()).device
        pixels = batch.pixel_values.to(device, next(self.encoder.parameters()).dtype)
        tokens = self.connector(self.encoder.block_outputs(pixels), batch.padding)
        marks = self.connector.marks if self.connector.config.image_marks else None
        return image_block(tokens, marks, self.encoder.cols)[0]

    def loss(
        self,
        batch: ImageTextBatch,
        texts: Texts,
        with_partition: bool = False,
        dropout: ResponseDropout | None = None,
    ) -> AnswerLoss:
        """The loss of `texts`, which are the batch's; `dropout` is for this pass."""
        block = self.image_block(batch)
        if dropout is None:
            return answer_loss(self.llm, self.layout, block, texts, with_partition)
        with dropout.applied(self.llm, self._guessing(block, texts)):
            return answer_loss(self.llm, self.layout, block, texts, with_partition)

    def _guessing(self, block: Tensor, texts: Texts) -> Tensor:
        """Positions of the sequence whose next token is learned; (batch, sequence)."""
        before = len(self.layout.prefix) + block.shape[1] - 1
        learned = (texts.labels != NOT_LEARNED).to(block.device)
        return functional.pad(learned, (before, 1))


def encoder_pixels(encoder: VisionEncoder, pixels: np.ndarray) -> Tensor:
    """Canvas pixels (batch, y, x, rgb) uint8 as the encoder takes them; (batch, 3, y, x)."""
    mean, std = (torch.tensor(values)[:, None, None] for values in (encoder.mean, encoder.std))
    return (torch.from_numpy(np.array(pixels)).permute(0, 3, 1, 2).float() / 255 - mean) / std
