"""Residual dropout at the positions of an answer, inside a frozen language model.

Without it a model could go on from the answer's own words and need the image less. In each block two
additions to the residual stream, those of attention and MLP, lose some of their numbers, and the others grow
to keep the mean.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from data_pipeline.block_outputs import decoder_of
from data_pipeline.errors import InputError

_ATTENTION = ("self_attn", "attention", "attn", "self_attention", "linear_attn")
_MLP = ("mlp", "feed_forward", "block_sparse_moe", "ffn")
_NORMS_AFTER = (
    ("post_attention_layernorm", "post_feedforward_layernorm"),  # OLMo 2, Gemma 2, Gemma 3 and others
    ("post_self_attn_layernorm", "post_mlp_layernorm"),  # GLM 4
)
"""Pairs of norms of what attention and MLP add, in classes that norm it."""


@dataclass(frozen=True, eq=False)
class ResponseDropout:
    """`share` of the numbers is dropped; `seed` is of one pass and decides which."""

    share: float
    seed: int

    @contextmanager
    def applied(self, llm: nn.Module, positions: Tensor) -> Iterator[None]:
        """While open, passes of `llm` drop at `positions`, (batch, sequence), where true.

        Raises:
            InputError: a class whose blocks add what is not known here.
        """
        random = torch.Generator(positions.device).manual_seed(self.seed)

        def drop(_module: nn.Module, _args: Any, output: Any) -> Any:
            state = output[0] if isinstance(output, tuple) else output
            kept = torch.rand(state.shape, generator=random, device=state.device) >= self.share
            dropped = torch.where(positions[..., None], state * kept / (1 - self.share), state)
            return (dropped, *output[1:]) if isinstance(output, tuple) else dropped

        handles = [module.register_forward_hook(drop) for module in _last_before_addition(llm)]
        try:
            yield
        finally:
            for handle in handles:
                handle.remove()


def _last_before_addition(llm: nn.Module) -> Iterator[nn.Module]:
    """Of each block the modules whose outputs are added to the residual stream."""
    for block in decoder_of(llm).layers:
        for norms in _NORMS_AFTER:
            if all(hasattr(block, name) for name in norms):
                yield from (getattr(block, name) for name in norms)
                break
        else:
            yield from (_part(block, _ATTENTION), _part(block, _MLP))


def _part(block: Any, names: Sequence[str]) -> nn.Module:
    parts = [getattr(block, name, None) for name in names]
    if (part := next((part for part in parts if isinstance(part, nn.Module)), None)) is None:
        raise InputError(
            f"training: what blocks of class {type(block).__name__} add to the residual stream is not known, "
            "which response_dropout drops of; train this LLM with response_dropout = 0"
        )
    return part
