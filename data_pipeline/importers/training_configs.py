"""The published study's `config.yaml`, of which an importer needs a dozen lines."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from data_pipeline.errors import InputError

_LONGEST = 1_000_000  # bytes; the study's are 7 thousand
_KINDS = {"mlp": "gated_mlp", "linear": "linear"}
# The tokenizer's begin-of-text token, or its end-of-text token where it has none: so the study begins.
_BEGIN_OF_TEXT = {
    "allenai/dolma2-tokenizer": "<|endoftext|>",
    "meta-llama/Meta-Llama-3-8B": "<|begin_of_text|>",
    "Qwen/Qwen2-7B": "<|endoftext|>",
}
_ONLY = {  # what else the config may ask of a connector, and the only answer that a `Connector` computes
    "image_pooling_2d": "none",
    "image_pooling_h": 1,
    "image_pooling_w": 1,
    "vit_intermediate_layer": None,
    "normalize_input_embeds": False,
    "use_col_tokens": True,
    "crop_mode": "resize",
}
_GATES = ("swiglu", "llama_swiglu")
_NO_DEFAULT = object()


@dataclass(frozen=True)
class TrainingConfig:
    """Shape of a released connector; `vision_blocks` as in `ConnectorConfig`."""

    file: Path
    kind: str
    in_features: int
    hidden_features: int
    out_features: int
    vision_blocks: tuple[int, ...]
    padding_embeddings: bool
    added_tokens: int
    tokenizer: str

    @property
    def begin_of_text(self) -> str:
        """The token that begins a sequence; `InputError` for a tokenizer that the study did not use."""
        if self.tokenizer not in _BEGIN_OF_TEXT:
            known = ", ".join(_BEGIN_OF_TEXT)
            raise InputError(
                f"{self.file}: tokenizer {self.tokenizer!r} is not one of the study's ({known}), so its "
                "begin-of-text token is not known: give it with --prefix"
            )
        return _BEGIN_OF_TEXT[self.tokenizer]


def read_training_config(file: Path) -> TrainingConfig:
    """The config in `file`.

    Raises:
        InputError: no such file, not YAML of plain values, a key that is missing or no such number, or a kind
            of connector that V-Lens does not compute.
    """
    model = _Section(file, "model", _Section(file, "", _content(file)).value("model", dict))
    for key, wanted in _ONLY.items():
        if (found := model.values.get(key, wanted)) != wanted:
            raise InputError(f"{file}: model.{key} is {found!r}, and only {wanted!r} is computed by V-Lens")
    vision = _Section(file, "model.vision_backbone", model.value("vision_backbone", dict))
    kind = _kind(model)
    blocks = _vision_blocks(model, vision.count("image_num_layers"))
    padding = model.value("image_padding_embed", str, None)
    if padding not in (None, "pad_and_partial_pad"):
        raise InputError(
            f"{file}: model.image_padding_embed is {padding!r}, "
            "and only 'pad_and_partial_pad' or null is computed by V-Lens"
        )
    tokenizer = _Section(file, "model.tokenizer", model.value("tokenizer", dict)).value("identifier", str)
    out = model.count("d_model")
    return TrainingConfig(
        file=file,
        kind=kind,
        in_features=len(blocks) * vision.count("image_emb_dim"),
        hidden_features=out if kind == "linear" else model.count("mlp_hidden_size") // 2,
        out_features=out,
        vision_blocks=blocks,
        padding_embeddings=padding is not None,
        added_tokens=model.count("additional_vocab_size", least=4),
        tokenizer=tokenizer,
    )


@dataclass(frozen=True)
class _Section:
    """A mapping of the file, with the name that errors give it."""

    file: Path
    name: str
    values: dict[str, Any]

    def value(self, key: str, kind: type, default: Any = _NO_DEFAULT) -> Any:
        place = f"{self.name}.{key}" if self.name else key
        found = self.values.get(key, default)
        if found is _NO_DEFAULT:
            raise InputError(f"{self.file}: has no {place!r}, expected a config of the study's training")
        if found is default or (isinstance(found, kind) and not isinstance(found, bool)):
            return found
        raise InputError(f"{self.file}: {place} is {str(found)[:80]!r}, expected a {kind.__name__}")

    def count(self, key: str, least: int = 1) -> int:
        found: int = self.value(key, int)
        if not least <= found <= 1_000_000:
            raise InputError(f"{self.file}: {self.name}.{key} is {found}, expected {least} to 1000000")
        return found


def _content(file: Path) -> dict[str, Any]:
    if not file.is_file():
        raise InputError(f"{file}: no such file, expected the training's config (or name it with --config)")
    if file.stat().st_size > _LONGEST:
        raise InputError(f"{file}: has {file.stat().st_size} bytes, expected at most {_LONGEST}")
    try:
        content = yaml.safe_load(
            file.read_text(encoding="utf-8")
        )  # plain values only: no tag makes an object
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError, ValueError) as error:
        reason = " ".join(str(error).split())[:200]
        raise InputError(f"{file}: is not YAML of plain values ({reason})") from error
    if not isinstance(content, dict):
        raise InputError(f"{file}: holds a {type(content).__name__}, expected the training's settings")
    return content


def _kind(model: _Section) -> str:
    projector = model.value("image_projector", str)
    if projector not in _KINDS:
        expected = " or ".join(_KINDS)
        raise InputError(f"{model.file}: model.image_projector is {projector!r}, expected {expected}")
    if projector == "mlp" and (gate := model.value("activation_type", str)) not in _GATES:
        raise InputError(
            f"{model.file}: model.activation_type is {gate!r}, expected {' or '.join(_GATES)}: "
            "the study's gated connector uses SiLU"
        )
    return _KINDS[projector]


def _vision_blocks(model: _Section, num_blocks: int) -> tuple[int, ...]:
    """Counted from 1, 0 being what enters the first block; the file counts outputs from 0 or from the end."""
    layers = model.value("vit_layers", list)
    place = f"{model.file}: model.vit_layers"
    if not layers or not all(isinstance(layer, int) and not isinstance(layer, bool) for layer in layers):
        raise InputError(f"{place} is {str(layers)[:80]}, expected a list of whole numbers")
    if odd := [layer for layer in layers if not -num_blocks <= layer < num_blocks]:
        raise InputError(f"{place} names {odd[0]}, but the encoder has {num_blocks} blocks")
    return tuple(layer % num_blocks + 1 for layer in layers)
