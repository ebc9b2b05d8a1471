"""What a run of a model would take on the device."""

from __future__ import annotations

from dataclasses import dataclass

from data_pipeline.lenses.logit import COPIES, LOGITS_AT_ONCE
from data_pipeline.model_parts import Counts, Parts
from data_pipeline.study import Study

BYTES = {"float32": 4, "bfloat16": 2, "float16": 2}
"""Of a number."""


@dataclass(frozen=True)
class Memory:
    """Bytes on the device: weights, what the lenses keep beside them, and the states of one batch."""

    weights: int
    lenses: int
    activations: int
    unembedding: int

    @property
    def total(self) -> int:
        """All of it at once."""
        return self.weights + self.lenses + self.activations + self.unembedding


def memory_of(
    study: Study,
    batch: int,
    parts: Parts,
    counts: Counts | None,
    length: int | None,
    layers: tuple[int, ...] | None,
) -> Memory | None:
    """Weights; the embedding lens's matrix and, in half precision, a float32 head; states and cache.

    The states are those kept of each wanted layer, of one block at work (two widths of its MLP, four of the
    state), and the keys and values of all blocks while a caption is written.
    """
    if counts is None or parts.llm is None or length is None or layers is None:
        return None
    text, size = parts.llm.text, BYTES[study.dtype]
    matrix = int(text.vocab_size) * int(text.hidden_size) * 4
    heads = int(text.num_attention_heads)
    head = int(getattr(text, "head_dim", None) or text.hidden_size // heads)
    kept = length * int(text.hidden_size) * len({0, *layers, int(text.num_hidden_layers)})
    block = length * (2 * int(text.intermediate_size) + 4 * int(text.hidden_size))
    keys = int(getattr(text, "num_key_value_heads", None) or heads) * head
    logits = batch * length * int(text.vocab_size)
    cache = (length + study.caption_tokens) * 2 * keys * int(text.num_hidden_layers)
    return Memory(
        weights=counts.total * size,
        lenses=matrix * ("embedding" in study.lenses) + matrix * (study.dtype != "float32"),
        activations=batch * size * (kept + block + cache),
        unembedding=min(LOGITS_AT_ONCE, logits) * 4 * COPIES,
    )
