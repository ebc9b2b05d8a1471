"""What a model reads in training: text ids before and after an image, and which of them it is to learn.

A sequence is the prefix, the image, the suffix, a question if there is one, the answer and the end of text.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from transformers import PreTrainedTokenizerBase

from data_pipeline.connectors import Connector
from data_pipeline.plain_text import plain_text_ids

NOT_LEARNED = -100
"""The label of positions that have no part in the loss."""


@dataclass(frozen=True)
class Example:
    """What follows an image: a question, maybe empty, that is given, and an answer to learn.

    `suffix` stands in place of the layout's where it is not None.
    """

    prompt: str
    answer: str
    suffix: str | None = None


@dataclass(frozen=True, eq=False)
class ImageTextBatch:
    """Images as the encoder takes them, (batch, 3, height, width), and one example for each.

    `padding` (batch, cells) is the share of each cell that is padding; None: there is none anywhere.
    """

    pixel_values: Tensor
    examples: tuple[Example, ...]
    padding: Tensor | None = None


@dataclass(frozen=True)
class Layout:
    """Token ids around the image."""

    prefix: tuple[int, ...]
    suffix: tuple[int, ...]

    @classmethod
    def of(cls, connector: Connector, tokenizer: PreTrainedTokenizerBase) -> Layout:
        """The layout that the connector's config names."""
        prefix = tokenizer.encode(connector.config.prefix, add_special_tokens=False)
        suffix = tokenizer.encode(connector.config.suffix, add_special_tokens=False)
        return cls(tuple(prefix), tuple(suffix))


@dataclass(frozen=True, eq=False)
class Texts:
    """What follows the images of a batch: `ids` and `labels` (batch, token), `NOT_LEARNED` where given."""

    ids: Tensor
    labels: Tensor

    @property
    def learned(self) -> int:
        """How many tokens count in the loss."""
        return int((self.labels != NOT_LEARNED).sum())


def texts_of(
    tokenizer: PreTrainedTokenizerBase,
    layout: Layout,
    examples: Sequence[Example],
    longest: int | None = None,
) -> Texts:
    """Texts padded at the right, where a causal model does not look; ids after the `longest` are cut off."""
    rows = [_ids(tokenizer, layout, example, longest) for example in examples]
    width = max(len(ids) for ids, _ in rows)
    ids = torch.full((len(rows), width), tokenizer.eos_token_id)
    labels = torch.full((len(rows), width), NOT_LEARNED)
    for row, (tokens, given) in enumerate(rows):
        ids[row, : len(tokens)] = torch.tensor(tokens)
        labels[row, given : len(tokens)] = torch.tensor(tokens[given:])
    return Texts(ids, labels)


def _ids(
    tokenizer: PreTrainedTokenizerBase, layout: Layout, example: Example, longest: int | None
) -> tuple[list[int], int]:
    """Ids after the image, and how many of them are given."""
    suffix: Sequence[int] = layout.suffix
    if example.suffix is not None:
        suffix = tokenizer.encode(example.suffix, add_special_tokens=False)
    given = [*suffix, *plain_text_ids(tokenizer, example.prompt)]
    learned = [*plain_text_ids(tokenizer, example.answer), tokenizer.eos_token_id]
    return [*given, *learned][:longest], len(given)
