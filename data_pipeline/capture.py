"""One forward pass per image: the hidden states of its vision tokens at every layer that is asked for.

All lenses read from these states. Causal attention keeps them free of what follows the image, so the prompt
that a model was trained with does for all of them.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from data_pipeline.block_outputs import recorded_layers
from data_pipeline.errors import InputError
from data_pipeline.finite_weights import cause
from data_pipeline.models import Look, VisionLanguageModel

_LOGIT_TOLERANCE = {torch.float32: 1e-3, torch.bfloat16: 0.05, torch.float16: 0.02}
"""Of the largest logit in absolute value where that is above 1; docs/methods.md states it."""


@dataclass(frozen=True, eq=False)
class Capture:
    """Hidden states by vision layer, each (image, cell, hidden), not normed; the last is always there."""

    states: dict[int, Tensor]
    last_layer: int

    @property
    def final(self) -> Tensor:
        """Output of the last block, (image, cell, hidden)."""
        return self.states[self.last_layer]


@torch.no_grad()
def capture(
    vlm: VisionLanguageModel,
    looks: Sequence[Look],
    layers: Collection[int],
    model_id: str,
    image_ids: Sequence[str],
) -> Capture:
    """Run the model once on looks of equal shape.

    Raises:
        InputError: a hidden state is not finite (model, image, layer and cell are named), or final norm and
            head do not give the model's own logits.
    """
    prompt = vlm.prompt(looks)
    last = vlm.language.num_layers
    ends: list[Tensor] = []

    def vision_tokens(layer: int, state: Tensor) -> Tensor:
        """A copy of them alone, so that no block's whole output stays in memory."""
        if layer == last:
            ends.append(state[:, -1].clone())
        return state[:, prompt.vision.to(state.device)]

    with recorded_layers(vlm.model, {*layers, last}, vision_tokens) as recorded:
        logits = vlm.model(**prompt.inputs, use_cache=False, logits_to_keep=1).logits[:, -1]
    _check_unembedding(vlm, ends[-1], logits, model_id)
    states = {layer: recorded[layer] for layer in sorted(recorded)}
    for layer, state in states.items():
        _check_finite(vlm, state, layer, model_id, image_ids)
    return Capture(states, last)


def _check_finite(
    vlm: VisionLanguageModel, state: Tensor, layer: int, model_id: str, image_ids: Sequence[str]
) -> None:
    finite = torch.isfinite(state).all(-1)  # (image, cell)
    if finite.all():
        return
    image, cell = (~finite).nonzero()[0].tolist()
    raise InputError(
        f"model {model_id}: the hidden state at vision layer {layer}, image {image_ids[image]}, cell {cell} "
        f"is not finite; {_cause(vlm, state.dtype)}"
    )


def _cause(vlm: VisionLanguageModel, dtype: torch.dtype) -> str:
    """Why a state is not finite, or what to try."""
    parts: list[tuple[str, nn.Module]] = [("", vlm.model)]
    for name in ("encoder", "connector"):  # of a composed model
        if isinstance(part := getattr(vlm, name, None), nn.Module):
            parts.append((f" of its {name}", part))
    return cause(parts, dtype)


def _check_unembedding(vlm: VisionLanguageModel, state: Tensor, logits: Tensor, model_id: str) -> None:
    """The known answer that the logit lens rests on, asked in every pass; `state` and `logits` (image, …)."""
    if not torch.isfinite(state).all():
        return  # _check_finite says where
    own = logits.float()
    difference = (vlm.language.unembed_as_model(state).float() - own).abs().max().item()
    allowed = _LOGIT_TOLERANCE[vlm.language.input_embeddings.dtype] * max(1.0, own.abs().max().item())
    if not difference <= allowed:
        raise InputError(
            f"model {model_id}: final norm and head miss the model's own logits by {difference:.3g}; "
            f"class {type(vlm.model).__name__} does more than V-Lens knows"
        )


def equal_shapes(looks: Sequence[Look], most: int) -> list[range]:
    """Runs of neighbouring looks that can share a batch, at most `most` in each."""
    runs: list[range] = []
    for index, look in enumerate(looks):
        run = runs[-1] if runs else range(0)
        if run and len(run) < most and looks[run.start].shape == look.shape:
            runs[-1] = range(run.start, index + 1)
        else:
            runs.append(range(index, index + 1))
    return runs
