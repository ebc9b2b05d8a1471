"""Hidden states of a causal language model, read by hooks: layer 0 enters the blocks, layer l leaves block l.

`output_hidden_states` is not used, because there the last entry is already normed.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from typing import Any

from torch import Tensor, nn

_OTHER_NAMES = {
    "layers": ("h", "blocks"),
    "norm": ("final_layernorm", "final_layer_norm", "ln_f"),
    "embed_tokens": ("embed_in", "wte", "word_embeddings"),
}
"""What older classes (GPT-2, GPT-NeoX, Phi and others) call the parts of a decoder."""


def decoder_of(llm: nn.Module) -> Any:
    """The stack of blocks inside a Hugging Face causal language model, with its embeddings and final norm.

    Its parts are called `layers`, `embed_tokens` and `norm`, whatever the class calls them.
    """
    decoder = llm.get_decoder()  # type: ignore[operator]
    return decoder if all(hasattr(decoder, name) for name in _OTHER_NAMES) else _Renamed(decoder)


class _Renamed:
    """A decoder under the usual names."""

    def __init__(self, decoder: Any) -> None:
        self._decoder = decoder

    def __getattr__(self, name: str) -> Any:
        for candidate in (name, *_OTHER_NAMES.get(name, ())):
            if hasattr(self._decoder, candidate):
                return getattr(self._decoder, candidate)
        raise AttributeError(f"{type(self._decoder).__name__} has no part {name!r}")

    def __call__(self, **inputs: Any) -> Any:
        return self._decoder(**inputs)


def num_blocks(llm: nn.Module) -> int:
    """How many blocks there are: the number of the last layer."""
    return len(decoder_of(llm).layers)


@contextmanager
def recorded_layers(
    llm: nn.Module, layers: Collection[int], keep: Callable[[int, Tensor], Tensor] | None = None
) -> Iterator[dict[int, Tensor]]:
    """A dictionary that each forward pass of `llm` fills with the hidden states of `layers`.

    The states are (batch, sequence, hidden), in the model's own floating-point type, before the final norm.
    `keep` gets a layer and its state as soon as there is one, and returns what is kept of it instead.
    """
    blocks = decoder_of(llm).layers
    states: dict[int, Tensor] = {}

    def record(layer: int, state: Tensor) -> None:
        states[layer] = keep(layer, state.detach()) if keep else state.detach()

    def record_input(block: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        record(0, args[0] if args else kwargs["hidden_states"])

    def recorder(layer: int) -> Any:
        def record_output(block: nn.Module, args: tuple[Any, ...], output: Any) -> None:
            record(layer, output[0] if isinstance(output, tuple) else output)

        return record_output

    handles = [blocks[layer - 1].register_forward_hook(recorder(layer)) for layer in layers if layer > 0]
    if 0 in layers:
        handles.append(blocks[0].register_forward_pre_hook(record_input, with_kwargs=True))
    try:
        yield states
    finally:
        for handle in handles:
            handle.remove()
