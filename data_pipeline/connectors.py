"""The connector between a vision encoder and a language model: one vision token for every patch.

A connector's folder holds `config.json` and `model.safetensors`; nothing is ever unpickled.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import MISSING, asdict, dataclass, fields
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn import functional

KINDS: tuple[str, ...] = ("gated_mlp", "linear")
MARKS: tuple[str, ...] = ("image start", "image end", "patch", "row end")
"""What the rows of `Connector.marks` stand for."""
_CONFIG, _WEIGHTS = "config.json", "model.safetensors"


@dataclass(frozen=True)
class ConnectorConfig:
    """Shape of a connector and the prompt that it was trained in.

    `vision_blocks` are indices into `VisionEncoder.block_outputs` (0 = what enters the blocks), whose
    features are concatenated to `in_features`. `prefix` and `suffix` stand before and after the vision
    tokens and are tokenised without added special tokens. `output_scale` multiplies the result: vision
    tokens start at the norm of text embeddings. With `padding_embeddings` the connector has a vector for
    cells that are all padding and one for those that are partly; with `image_marks` it has input vectors
    for the image's start, its end, a patch and a row's end, as the published study trained them.
    """

    kind: str
    in_features: int
    hidden_features: int
    out_features: int
    vision_blocks: tuple[int, ...]
    layer_norm_features: bool
    output_scale: float
    prefix: str
    suffix: str
    padding_embeddings: bool = False
    image_marks: bool = False

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"unknown connector kind {self.kind!r}; expected one of {', '.join(KINDS)}")
        if not self.vision_blocks or self.in_features % len(self.vision_blocks):
            raise ValueError(
                f"{self.in_features} input features do not divide among blocks {self.vision_blocks}"
            )


class Connector(nn.Module):
    """Maps encoder block outputs to vision tokens in the language model's embedding space.

    `padding` is (2, in_features): added to the features of cells that are all padding, and partly. `marks` is
    (4, out_features), in the order of `MARKS`. Either is there if the config says so.
    """

    def __init__(self, config: ConnectorConfig) -> None:
        super().__init__()
        self.config = config
        width = config.out_features if config.kind == "linear" else config.hidden_features
        self.gate = nn.Linear(config.in_features, width, bias=False)
        if config.kind == "gated_mlp":
            self.up = nn.Linear(config.in_features, width, bias=False)
            self.down = nn.Linear(width, config.out_features, bias=False)
        if config.padding_embeddings:
            self.padding = nn.Parameter(torch.zeros(2, config.in_features))
        if config.image_marks:
            self.marks = nn.Parameter(torch.zeros(len(MARKS), config.out_features))

    def forward(self, block_outputs: Sequence[Tensor], padding: Tensor | None = None) -> Tensor:
        """From `VisionEncoder.block_outputs`, each (batch, patch, d), to (batch, patch, out_features).

        `padding` (batch, patch) is the share of each patch that is padding, 0 to 1; None: no patch has any.
        """
        return self.project(self.padded(self.features(block_outputs), padding))

    def features(self, block_outputs: Sequence[Tensor]) -> Tensor:
        """The chosen blocks side by side, each normed by itself; (batch, patch, in_features)."""
        if max(self.config.vision_blocks) >= len(block_outputs):
            raise ValueError(
                f"connector reads blocks {self.config.vision_blocks} of only {len(block_outputs) - 1}"
            )
        chosen = [block_outputs[block] for block in self.config.vision_blocks]
        if self.config.layer_norm_features:
            chosen = [functional.layer_norm(state, state.shape[-1:]) for state in chosen]
        return torch.cat(chosen, dim=-1)

    def padded(self, features: Tensor, padding: Tensor | None) -> Tensor:
        """`features` with the padding embeddings added where `padding` is 1, or above 0; same shape."""
        if padding is None or not self.config.padding_embeddings:
            return features
        share = padding.to(features.device)[..., None]
        whole, part = (share >= 1).to(features.dtype), ((share > 0) & (share < 1)).to(features.dtype)
        return features + whole * self.padding[0] + part * self.padding[1]

    def project(self, features: Tensor) -> Tensor:
        """From (batch, patch, in_features) to (batch, patch, out_features)."""
        hidden = self.gate(features)
        if self.config.kind == "gated_mlp":
            hidden = self.down(functional.silu(hidden) * self.up(features))
        return self.config.output_scale * hidden

    def save_pretrained(self, folder: str | Path) -> None:
        """Writes the folder; weights keep the module's dtype."""
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        save_file({name: value.contiguous() for name, value in self.state_dict().items()}, folder / _WEIGHTS)
        defaults = {field.name: field.default for field in fields(ConnectorConfig)}
        said = {name: value for name, value in asdict(self.config).items() if value != defaults[name]}
        (folder / _CONFIG).write_text(json.dumps(said, indent=2) + "\n")

    @classmethod
    def from_pretrained(
        cls, folder: str | Path, dtype: torch.dtype = torch.float32, device: str | torch.device = "cpu"
    ) -> Connector:
        """From a folder that `save_pretrained` wrote."""
        connector = cls(read_connector_config(folder))
        connector.load_state_dict(load_file(Path(folder) / _WEIGHTS))
        return connector.to(device=device, dtype=dtype).eval()


def read_connector_config(folder: str | Path) -> ConnectorConfig:
    """The config of a saved connector; unknown and missing keys are refused."""
    path = Path(folder) / _CONFIG
    values = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(values, dict):
        raise ValueError(f"{path}: is not the config of a connector")
    known = {field.name for field in fields(ConnectorConfig)}
    needed = {field.name for field in fields(ConnectorConfig) if field.default is MISSING}
    if not needed <= set(values) <= known:
        odd = ", ".join(sorted((set(values) - known) | (needed - set(values))))
        raise ValueError(f"{path}: unknown or missing keys: {odd}")
    for name, value in values.items():
        if not _FITS[name](value):
            raise ValueError(f"{path}: {name} = {json.dumps(value)} is not what a connector has there")
    return ConnectorConfig(**{**values, "vision_blocks": tuple(values["vision_blocks"])})


def _is_size(value: Any) -> bool:
    return type(value) is int and value >= 1


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_flag(value: Any) -> bool:
    return isinstance(value, bool)


_FITS: dict[str, Callable[[Any], bool]] = {
    "kind": _is_text,
    "in_features": _is_size,
    "hidden_features": lambda value: type(value) is int and value >= 0,  # a linear one has none
    "out_features": _is_size,
    "vision_blocks": lambda value: isinstance(value, list) and all(type(block) is int for block in value),
    "layer_norm_features": _is_flag,
    "output_scale": lambda value: type(value) in (int, float) and math.isfinite(value),
    "prefix": _is_text,
    "suffix": _is_text,
    "padding_embeddings": _is_flag,
    "image_marks": _is_flag,
}
"""Of each key whether a value of a file can stand there."""
