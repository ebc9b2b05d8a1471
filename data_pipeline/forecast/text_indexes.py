"""What text indexes would take on disk: the most, as contexts that repeat are known only when all is read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from data_pipeline.study import ModelSettings, Study, resolve_layers
from data_pipeline.text_index.layer_files import bytes_of_vector


@dataclass(frozen=True)
class TextIndexForecast:
    """Of one LLM; `vocabulary` and `width` are those of its input embeddings."""

    layers: tuple[int, ...]
    vocabulary: int
    width: int
    contexts_per_token: int

    @property
    def bytes_of_vector(self) -> int:
        """On disk."""
        return bytes_of_vector(self.width)

    def vectors(self, tokens: int) -> int:
        """Of a layer above 0, at most: so many contexts of every token, and never more than `tokens`."""
        return min(self.contexts_per_token * self.vocabulary, tokens)

    def bytes(self, tokens: int) -> int:
        """Of all layers, at most; at layer 0 all contexts of a token are one."""
        rows = sum(
            self.vectors(tokens) if layer else min(self.vocabulary, self.vectors(tokens))
            for layer in self.layers
        )
        return rows * self.bytes_of_vector


def text_index_forecast(study: Study, text: Any, model: ModelSettings) -> TextIndexForecast | None:
    """Of the model's LLM with the configuration `text`; None where the study builds no text index.

    Raises:
        InputError: a text layer that the LLM does not have.
    """
    if "contextual" not in study.lenses or study.text.source == "index":
        return None
    what, choice = f"model {model.id!r}: text layer", model.text_layers or study.text.layers
    layers = resolve_layers(choice, int(text.num_hidden_layers), what, start=1)
    return TextIndexForecast(
        layers, int(text.vocab_size), int(text.hidden_size), study.text.contexts_per_token
    )
