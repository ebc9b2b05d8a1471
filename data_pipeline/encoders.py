"""Everything that knows a vision-encoder family: loading, the grid, and the output of every block.

Block outputs are read with hooks. The `hidden_states` of the library would do for most blocks, but what a
family puts last (before or after its final norm) differs and has changed between releases.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import isqrt
from pathlib import Path

import torch
from torch import Tensor, nn
from transformers import CLIPVisionModel, Dinov2Model, PreTrainedModel, SiglipVisionModel

from data_pipeline.config_checks import channel_numbers
from data_pipeline.language_models import load_whole, model_type

Statistics = tuple[tuple[float, ...], tuple[float, ...]]
_IMAGENET: Statistics = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
_OPENAI: Statistics = ((0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711))
_HALF: Statistics = ((0.5,) * 3, (0.5,) * 3)


@dataclass(frozen=True)
class _Family:
    """Of each block's output the first `prefix_tokens` are no patches.

    `statistics` are mean and deviation of pixels, where a folder does not say them.
    """

    model_class: type[PreTrainedModel]
    blocks: Callable[[PreTrainedModel], nn.ModuleList]
    prefix_tokens: int
    statistics: Statistics


def _clip_like_blocks(model: PreTrainedModel) -> nn.ModuleList:
    # The wrapper module between model and tower comes and goes between releases of transformers.
    return getattr(model, "vision_model", model).encoder.layers


_CLIP = _Family(CLIPVisionModel, _clip_like_blocks, 1, _OPENAI)
_SIGLIP = _Family(SiglipVisionModel, _clip_like_blocks, 0, _HALF)
_DINOV2 = _Family(Dinov2Model, lambda model: model.encoder.layer, 1, _IMAGENET)
_FAMILIES: dict[str, _Family] = {
    "clip": _CLIP,
    "clip_vision_model": _CLIP,
    "dinov2": _DINOV2,
    "siglip": _SIGLIP,
    "siglip_vision_model": _SIGLIP,
}


class VisionEncoder(nn.Module):
    """A vision transformer that gives one vector per patch after each of its blocks."""

    def __init__(
        self,
        model: PreTrainedModel,
        statistics: Statistics | None = None,
        image_size: int | None = None,
    ) -> None:
        """Wraps a loaded model.

        `statistics` are mean and deviation per RGB channel of pixels in [0, 1]. `image_size` in pixels may
        differ from the model's own, whose position embeddings are then interpolated.
        """
        super().__init__()
        self._family = _family_of(model.config.model_type)
        self.model = model.eval()
        self.mean, self.std = statistics or self._family.statistics
        own_size = model.config.image_size
        self.image_size: int = own_size if image_size is None else image_size
        self._interpolate = self.image_size != own_size
        if self._interpolate and self._family is _DINOV2:
            _fit_positions(model, self.image_size // model.config.patch_size)
        self.patch_size: int = model.config.patch_size
        self.rows = self.cols = self.image_size // self.patch_size
        self.num_blocks: int = model.config.num_hidden_layers
        self.hidden_size: int = model.config.hidden_size

    @classmethod
    def from_pretrained(
        cls,
        folder: str | Path,
        dtype: torch.dtype = torch.float32,
        device: str | torch.device = "cpu",
        image_size: int | None = None,
    ) -> VisionEncoder:
        """From a folder; a whole CLIP or SigLIP model gives its vision half."""
        family = _family_of(model_type(Path(folder)))
        model = load_whole(family.model_class, Path(folder), dtype)
        return cls(model.to(device), _pixel_statistics(Path(folder)), image_size)

    @torch.no_grad()
    def block_outputs(self, pixel_values: Tensor) -> list[Tensor]:
        """Index l is the output of block l, 0 what enters the first; each (batch, rows * cols, hidden_size).

        `pixel_values` (batch, 3, image_size, image_size) are normalised with `mean` and `std`. Patches run
        row by row; class and register tokens are left out, and so is the norm after the last block.
        """
        with _recorded_outputs(self._family.blocks(self.model)) as states:
            self.model(pixel_values=pixel_values, **self._size_arguments())
        if len(states) != self.num_blocks + 1:
            raise RuntimeError(f"expected {self.num_blocks + 1} block states, found {len(states)}")
        return [self._patches(state) for state in states]

    def _size_arguments(self) -> dict[str, bool]:
        # DINOv2's positions are fitted already, and it takes no such argument.
        return {"interpolate_pos_encoding": True} if self._interpolate and self._family is not _DINOV2 else {}

    def _patches(self, state: Tensor) -> Tensor:
        patches = state[:, self._family.prefix_tokens :]
        if patches.shape[1] != self.rows * self.cols:
            raise ValueError(f"expected {self.rows} x {self.cols} patches, found {patches.shape[1]}")
        return patches


@torch.no_grad()
def _fit_positions(model: PreTrainedModel, side: int) -> None:
    """Interpolate DINOv2's positions to `side` x `side` patches as its authors and the published study do.

    Both add a tenth of a patch before they divide (facebookresearch/dino, issue 8), which moves the last
    positions by a seventh of a patch from 518 to 336 pixels; transformers no longer does.
    """
    table = model.embeddings.position_embeddings  # (1, 1 + patches, hidden)
    before = isqrt(table.shape[1] - 1)
    if before == side:
        return
    patches = table[:, 1:].float().reshape(1, before, before, -1).permute(0, 3, 1, 2)
    fitted = nn.functional.interpolate(
        patches, scale_factor=((side + 0.1) / before,) * 2, mode="bicubic", align_corners=False
    )  # (1, hidden, side, side)
    whole = torch.cat([table[:, :1].float(), fitted.flatten(2).transpose(1, 2)], dim=1)
    model.embeddings.position_embeddings = nn.Parameter(whole.to(table.dtype), requires_grad=False)


def _family_of(model_type: str) -> _Family:
    if model_type not in _FAMILIES:
        raise ValueError(f"unknown vision encoder type {model_type!r}; known: {', '.join(sorted(_FAMILIES))}")
    return _FAMILIES[model_type]


@contextmanager
def _recorded_outputs(blocks: nn.ModuleList) -> Iterator[list[Tensor]]:
    """While open, the list fills with what enters the first block and what leaves each."""
    states: list[Tensor] = []

    def enter(_module: nn.Module, args: tuple[Tensor, ...], kwargs: dict[str, Tensor]) -> None:
        states.append(args[0] if args else kwargs["hidden_states"])

    def leave(_module: nn.Module, _args: tuple[Tensor, ...], output: Tensor | tuple[Tensor, ...]) -> None:
        states.append(output[0] if isinstance(output, tuple) else output)

    handles = [blocks[0].register_forward_pre_hook(enter, with_kwargs=True)]
    handles += [block.register_forward_hook(leave) for block in blocks]
    try:
        yield states
    finally:
        for handle in handles:
            handle.remove()


def _pixel_statistics(folder: Path) -> Statistics | None:
    """Mean and deviation of the image processor that is saved beside the weights; None without one.

    Raises:
        ValueError: they are not three numbers each, or the deviation is not above 0.
    """
    for name, inside in (("preprocessor_config.json", None), ("processor_config.json", "image_processor")):
        if not (folder / name).exists():
            continue
        content = json.loads((folder / name).read_text(encoding="utf-8"))
        settings = content.get(inside, {}) if inside and isinstance(content, dict) else content
        if not isinstance(settings, dict):
            raise ValueError(f"{name} is not the settings of an image processor")
        if "image_mean" in settings and "image_std" in settings:
            mean = channel_numbers(settings, "image_mean", above=-math.inf)
            return mean, channel_numbers(settings, "image_std", above=0)
    return None
