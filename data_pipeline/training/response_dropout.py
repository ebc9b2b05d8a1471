"""Residual dropout at the positions of an answer, inside a frozen language model.

Without it a model could go on from the answer's own words and need the image less. In each block two
additions to the residual stream, those of attention and MLP, lose some of their numbers, and the others grow
to keep the mean.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from data_pipeline.block_outputs import decoder_of


@dataclass(frozen=True, eq=False)
class ResponseDropout:
    """`share` of the numbers is dropped; `seed` is of one pass and decides which."""

    share: float
    seed: int

    @contextmanager
    def applied(self, llm: nn.Module, positions: Tensor) -> Iterator[None]:
        """While open, passes of `llm` drop at `positions`, (batch, sequence), where true."""
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
    blocks: Any = decoder_of(llm).layers
    for block in blocks:
        if hasattr(block, "post_feedforward_layernorm"):  # OLMo 2, Gemma 2 and Gemma 3 norm what they add
            yield from (block.post_attention_layernorm, block.post_feedforward_layernorm)
        else:
            yield from (block.self_attn, block.mlp)
