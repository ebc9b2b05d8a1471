"""Three tiny causal language models of the published families, trained from scratch on the toy documents."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import torch
from torch import Tensor
from transformers import (
    LlamaConfig,
    LlamaForCausalLM,
    OlmoConfig,
    OlmoForCausalLM,
    PreTrainedModel,
    PreTrainedTokenizerFast,
    Qwen2Config,
    Qwen2ForCausalLM,
)

from data_pipeline.toy.documents import ListAndText, raster_documents, short_text
from data_pipeline.toy.scenes import keyed_random
from data_pipeline.toy.schedule import Schedule, Trainer

FAMILIES: dict[str, tuple[type, type]] = {
    "llama": (LlamaConfig, LlamaForCausalLM),
    "olmo": (OlmoConfig, OlmoForCausalLM),
    "qwen2": (Qwen2Config, Qwen2ForCausalLM),
}
ROW_TOKENS = 112
_RASTER_ROWS = 16
_PACKED_ROWS = 16
# The caption after a list is what vision tokens will lean on, and the drop in its loss comes late.
_CAPTION_WEIGHT = 3.0


@dataclass(frozen=True)
class TokenBatch:
    """Token ids (row, token) and the weight of each token as a target (row, token), 0 for padding."""

    ids: Tensor
    weights: Tensor


def build_language_model(family: str, tokenizer: PreTrainedTokenizerFast, seed: int) -> PreTrainedModel:
    """A fresh model of 0.7 M parameters with untied embeddings."""
    config_class, model_class = FAMILIES[family]
    torch.manual_seed(seed)
    config = config_class(
        vocab_size=len(tokenizer),
        hidden_size=112,
        intermediate_size=224,
        num_hidden_layers=6,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=256,
        # The usual 0.02 learns far more slowly at this width.
        initializer_range=0.05,
        tie_word_embeddings=False,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    return model_class(config)


def document_batches(tokenizer: PreTrainedTokenizerFast, seed: int, scenes: int) -> Iterator[TokenBatch]:
    """Half of the rows hold one raster document each, the others short texts packed end to end."""
    rasters = raster_documents(seed, scenes)
    rng = keyed_random(str(seed), "short texts")
    packed = _packed_rows(tokenizer, rng)
    while True:
        rows = [_raster_row(tokenizer, document) for document in islice(rasters, _RASTER_ROWS)]
        rows += [(ids, [1.0] * len(ids)) for ids in islice(packed, _PACKED_ROWS)]
        yield _batch(rows, tokenizer.pad_token_id)


def next_token_loss(model: PreTrainedModel, batch: TokenBatch) -> Tensor:
    """Mean cross-entropy in nats, weighted by token; ()."""
    logits = model(input_ids=batch.ids).logits[:, :-1]  # padding is to the right: causal rows need no mask
    targets, weights = batch.ids[:, 1:], batch.weights[:, 1:]
    losses = torch.nn.functional.cross_entropy(
        logits.flatten(0, 1).float(), targets.flatten(), reduction="none"
    )
    return (losses * weights.flatten()).sum() / weights.sum()


def train_language_model(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerFast,
    schedule: Schedule,
    trainer: Trainer,
    scenes: int,
) -> None:
    """Trains in place; `trainer` keeps the checkpoints and the log."""
    batches = document_batches(tokenizer, schedule.seed, scenes)
    trainer.fit(list(model.parameters()), lambda: next_token_loss(model, next(batches)), schedule)


def _raster_row(tokenizer: PreTrainedTokenizerFast, document: ListAndText) -> tuple[list[int], list[float]]:
    cells = tokenizer.convert_tokens_to_ids(list(document.cells))
    text = tokenizer.encode(f": {document.text}", add_special_tokens=False)
    ids = [tokenizer.bos_token_id, *cells, *text, tokenizer.eos_token_id]
    return ids, [1.0] * (len(cells) + 2) + [_CAPTION_WEIGHT] * len(text)


def _packed_rows(tokenizer: PreTrainedTokenizerFast, rng: random.Random) -> Iterator[list[int]]:
    queue: list[int] = []
    while True:
        while len(queue) < ROW_TOKENS:
            queue += [*tokenizer.encode(short_text(rng)), tokenizer.eos_token_id]
        yield queue[:ROW_TOKENS]
        # A row starts with a whole text: the rest of a cut one would follow nothing.
        queue = []


def _batch(rows: list[tuple[list[int], list[float]]], pad: int) -> TokenBatch:
    width = max(len(ids) for ids, _ in rows)
    ids = torch.tensor([row + [pad] * (width - len(row)) for row, _ in rows])
    weights = torch.tensor([row + [0.0] * (width - len(row)) for _, row in rows])
    return TokenBatch(ids, weights)
