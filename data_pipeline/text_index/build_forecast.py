"""What building an index would take, from configurations alone: no weights are read, none downloaded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from data_pipeline.architectures import Architecture, architecture_of, count_parameters
from data_pipeline.corpus import Corpus
from data_pipeline.errors import InputError
from data_pipeline.forecast.dry_run import about_tokens
from data_pipeline.forecast.published_corpus import (
    PUBLISHED_PER_TOKEN,
    PUBLISHED_SENTENCES,
    PUBLISHED_VECTORS,
    TOKENS_A_PHRASE,
)
from data_pipeline.forecast.text_indexes import TextIndexForecast
from data_pipeline.language_models import is_language_model
from data_pipeline.model_parts import Parts, counts_of
from data_pipeline.study import ModelSettings
from data_pipeline.text_index.language import location_of

SHORT_NAMES = {
    "olmo-7b": "hub:allenai/OLMo-7B-1024-preview",
    "llama3-8b": "hub:meta-llama/Meta-Llama-3-8B",
    "qwen2-7b": "hub:Qwen/Qwen2-7B",
}
"""The published study's names for its language models."""


@dataclass(frozen=True)
class BuildForecast:
    """Of one model; `corpus` is None for the published study's."""

    architecture: Architecture
    index: TextIndexForecast
    blocks: int
    """Parameters of the blocks, which every token is multiplied with twice."""
    corpus: Corpus | None
    batch_size: int

    @property
    def sentences(self) -> int:
        """How many are read."""
        return len(self.corpus) if self.corpus else PUBLISHED_SENTENCES

    @property
    def tokens(self) -> int:
        """About how many these have."""
        return about_tokens(self.corpus.texts) if self.corpus else TOKENS_A_PHRASE * PUBLISHED_SENTENCES

    @property
    def as_published(self) -> bool:
        """Whether `vectors` is what the published study has found."""
        return self.corpus is None and self.index.contexts_per_token == PUBLISHED_PER_TOKEN

    @property
    def _most(self) -> int:
        return PUBLISHED_VECTORS if self.as_published else self.tokens

    @property
    def vectors(self) -> int:
        """Of a text layer above 0: as published, else at most."""
        return self.index.vectors(self._most)

    @property
    def bytes_of_layer(self) -> int:
        """On disk, above layer 0."""
        return self.vectors * self.index.bytes_of_vector

    @property
    def bytes(self) -> int:
        """Of all text layers; sentences and header are not in it."""
        return self.index.bytes(self._most)

    @property
    def passes(self) -> int:
        """Batches that the model reads."""
        return -(-self.sentences // self.batch_size)

    def seconds(self, tokens_per_second: float | None, rate: float) -> float:
        """Of reading all sentences: at a rate of tokens, else at `rate` operations a second."""
        return self.tokens / tokens_per_second if tokens_per_second else 2 * self.blocks * self.tokens / rate


def forecast_build(
    location: str,
    corpus: Corpus | None,
    layers: Callable[[int], tuple[int, ...]],
    max_per_token: int,
    batch_size: int,
) -> BuildForecast:
    """What an index of a model would take.

    Args:
        location: as `load_speaker` takes it, or one of `SHORT_NAMES`.
        corpus: None for the published study's.
        layers: the text layers to read of a model of so many blocks.
        max_per_token: contexts of a token that are kept at most.
        batch_size: sentences that are read at once.

    Raises:
        InputError: no configuration of that name is at hand.
    """
    location = SHORT_NAMES.get(location.casefold()) or location_of(location)
    architecture = architecture_of(location, Path())
    if architecture is None:
        names = "OLMo-7B, LLaMA3-8B and Qwen2-7B"
        raise InputError(
            f"{location.removeprefix('hub:')}: no configuration of it is on this machine, expected a folder "
            f"with config.json, a model in the Hub's cache, or a published one such as {names}"
        )
    text = architecture.text
    index = TextIndexForecast(
        layers(int(text.num_hidden_layers)), int(text.vocab_size), int(text.hidden_size), max_per_token
    )
    return BuildForecast(architecture, index, _blocks(architecture, location), corpus, batch_size)


def _blocks(architecture: Architecture, location: str) -> int:
    config, text = architecture.config, architecture.text
    if not is_language_model(config.model_type):
        counts = counts_of(ModelSettings(id="model", title="", vlm=location), Parts(architecture, None, None))
        return counts.blocks if counts else 0
    matrices = 1 if getattr(config, "tie_word_embeddings", False) else 2
    return count_parameters(config, "llm") - matrices * int(text.vocab_size) * int(text.hidden_size)
