"""Connector training: encoder and language model stay frozen, and the loss is on the answer alone.

A sequence is `prefix`, the vision tokens, `suffix`, the rest of the prompt, the answer and the end of text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from data_pipeline.connectors import Connector
from data_pipeline.encoders import VisionEncoder

_IGNORED = -100


@dataclass(frozen=True)
class Example:
    """What follows the vision tokens: a prompt, maybe empty, that is given, and an answer to learn."""

    prompt: str
    answer: str


@dataclass(frozen=True)
class ImageTextBatch:
    """`pixel_values` (batch, 3, height, width) as the encoder takes them, and one example for each."""

    pixel_values: Tensor
    examples: tuple[Example, ...]


@dataclass(frozen=True)
class Layout:
    """Token ids around the vision tokens."""

    prefix: tuple[int, ...]
    suffix: tuple[int, ...]

    @classmethod
    def of(cls, connector: Connector, tokenizer: PreTrainedTokenizerBase) -> Layout:
        """The layout that the connector's config names."""
        prefix = tokenizer.encode(connector.config.prefix, add_special_tokens=False)
        suffix = tokenizer.encode(connector.config.suffix, add_special_tokens=False)
        return cls(tuple(prefix), tuple(suffix))


def answer_loss(
    llm: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    layout: Layout,
    vision_tokens: Tensor,
    examples: tuple[Example, ...],
) -> Tensor:
    """Mean cross-entropy of the answers' tokens and the end of text, nats; ().

    `vision_tokens` (batch, cell, hidden); with no cells it is the loss without an image.
    """
    rows = [_text_ids(tokenizer, layout, example) for example in examples]
    ids, labels = _padded(rows, tokenizer.eos_token_id)
    embed = llm.get_input_embeddings()
    device = embed.weight.device
    prefix = embed(torch.tensor(layout.prefix, device=device)).expand(len(rows), -1, -1)
    embeddings = torch.cat([prefix, vision_tokens.to(prefix.dtype), embed(ids.to(device))], dim=1)
    logits = llm(inputs_embeds=embeddings, use_cache=False).logits  # (batch, sequence, vocabulary)
    guesses = logits[:, -ids.shape[1] - 1 : -1].flatten(0, 1)
    return functional.cross_entropy(guesses.float(), labels.to(device).flatten(), ignore_index=_IGNORED)


def train_connector(
    llm: PreTrainedModel,
    encoder: VisionEncoder,
    connector: Connector,
    tokenizer: PreTrainedTokenizerBase,
    batches: Iterator[ImageTextBatch],
    fit: Callable[[list[nn.Parameter], Callable[[], Tensor]], None],
    unfreeze: bool = False,
) -> None:
    """Trains the connector in place, and with `unfreeze` the language model's blocks.

    `fit` runs the steps: it is given the parameters and a function for the loss of the next batch. The input
    embeddings and the head stay frozen even then, so that the lenses keep reading the same words.
    """
    llm.requires_grad_(unfreeze)
    for frozen in (llm.get_input_embeddings(), llm.get_output_embeddings()):
        frozen.requires_grad_(False)
    layout = Layout.of(connector, tokenizer)

    def next_loss() -> Tensor:
        batch = next(batches)
        tokens = connector(encoder.block_outputs(batch.pixel_values))
        return answer_loss(llm, tokenizer, layout, tokens, batch.examples)

    fit([*connector.parameters(), *llm.parameters()], next_loss)


def median_embedding_norm(llm: PreTrainedModel) -> float:
    """The median L2 norm of the input embedding rows."""
    return llm.get_input_embeddings().weight.detach().float().norm(dim=-1).median().item()


def _text_ids(tokenizer: PreTrainedTokenizerBase, layout: Layout, example: Example) -> tuple[list[int], int]:
    """Ids after the vision tokens, and how many of them are given."""
    given = [*layout.suffix, *tokenizer.encode(example.prompt, add_special_tokens=False)]
    answer = tokenizer.encode(example.answer, add_special_tokens=False)
    return [*given, *answer, tokenizer.eos_token_id], len(given)


def _padded(rows: list[tuple[list[int], int]], pad: int) -> tuple[Tensor, Tensor]:
    """Ids and labels (batch, token), padded at the right, where a causal model does not look."""
    width = max(len(ids) for ids, _ in rows)
    ids = torch.full((len(rows), width), pad)
    labels = torch.full((len(rows), width), _IGNORED)
    for row, (tokens, given) in enumerate(rows):
        ids[row, : len(tokens)] = torch.tensor(tokens)
        labels[row, given : len(tokens)] = torch.tensor(tokens[given:])
    return ids, labels
