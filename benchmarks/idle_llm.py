"""A language model that does nothing: all that a build of a text index takes with it is beyond the model."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from torch import Tensor, nn


class IdleConfig(SimpleNamespace):
    """What is asked of a configuration."""

    def get_text_config(self) -> IdleConfig:
        """Itself."""
        return self


class _IdleDecoder(nn.Module):
    def __init__(self, vocabulary: int, width: int, blocks: int) -> None:
        super().__init__()
        self.embed_tokens = nn.Embedding(vocabulary, width)
        self.layers = nn.ModuleList(nn.Identity() for _ in range(blocks))
        self.norm = nn.Identity()

    def forward(self, input_ids: Tensor, **_: Any) -> Tensor:
        states: Tensor = self.embed_tokens(input_ids)
        for block in self.layers:
            states = block(states)
        return states


class IdleLLM(nn.Module):
    """Its hidden states at every layer are the input embeddings."""

    def __init__(self, vocabulary: int, width: int, blocks: int) -> None:
        """With random embeddings (vocabulary, width)."""
        super().__init__()
        self._decoder = _IdleDecoder(vocabulary, width, blocks)
        self.config = IdleConfig(num_hidden_layers=blocks)

    def get_decoder(self) -> nn.Module:
        """The stack of blocks."""
        return self._decoder

    def get_input_embeddings(self) -> nn.Module:
        """Of tokens."""
        return self._decoder.embed_tokens

    def forward(self, input_ids: Tensor, **_: Any) -> SimpleNamespace:
        """`hidden_states` of all layers."""
        states = self._decoder(input_ids)
        return SimpleNamespace(hidden_states=(states,) * (len(self._decoder.layers) + 1))
