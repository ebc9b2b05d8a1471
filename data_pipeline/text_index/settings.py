"""What decides an index beside its model and its corpus."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

MAX_TOKENS = 512
"""Tokens of a sentence that are read at most, unless said."""


@dataclass(frozen=True)
class BuildSettings:
    """How a language model's index is made.

    Sentences are cut after `max_tokens` tokens, or earlier where the model's own context ends, and read
    `batch_size` at a time. Of each token at most `max_per_token` contexts are kept, drawn by `seed`.
    """

    layers: Sequence[int]
    """Text layers; 0 is what enters the first block, l what leaves block l."""
    llm_id: str
    """What the model is called in the index and in errors."""
    llm_hash: str
    """Of the model's files: an index serves the model with this hash and no other."""
    max_per_token: int = 50
    seed: int = 0
    batch_size: int = 64
    max_tokens: int = MAX_TOKENS
