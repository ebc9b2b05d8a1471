"""The connectors that the published study released, translated into a connector folder.

A release is a file of pickled tensors (`model.pt` or `connector.pt`) and the training's `config.yaml`. The
pickle is read by torch's restricted reader, which knows tensors and refuses everything else unexecuted; then
names, shapes and types are held against the config. LLM and vision encoder, which a whole checkpoint also
holds, are not read: a study file names these models themselves.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from data_pipeline.connectors import MARKS, Connector, ConnectorConfig
from data_pipeline.errors import InputError
from data_pipeline.importers.pickled_tensors import read_tensors
from data_pipeline.importers.training_configs import TrainingConfig, read_training_config

_WEIGHT_FILES = ("model.pt", "connector.pt")
_CONFIG_FILE = "config.yaml"
_PROJECTOR = "vision_backbone.image_projector"
_PADDING = "vision_backbone.pad_embed"
_ADDED = "transformer.wte.new_embedding"
_PARTS = (_PROJECTOR, _PADDING, _ADDED, "vision_backbone.image_pooling_2d", "vision_backbone.cls_projector")
_NOT_READ = ("transformer.", "vision_backbone.image_vit.")
# Rows of the added embeddings by the order in which the study's tokenizer adds its tokens:
# image start, image end, patch, row end, image.
_MARK_ROWS = slice(0, len(MARKS))
_SUFFIX = " long_caption :"  # what stands between image and caption in the study's training, a length aside


@dataclass(frozen=True, eq=False)
class Released:
    """A connector with what an importer found beside it: how many other weights, and whether of the LLM."""

    connector: Connector
    not_read: int
    language_model: bool


def import_connector(
    file: Path, config_file: Path | None = None, prefix: str | None = None, suffix: str = _SUFFIX
) -> Released:
    """The connector in `file`, which may also be the folder that holds it.

    Args:
        file: `model.pt` or `connector.pt`, or their folder.
        config_file: the training's config; `config.yaml` beside the file where None.
        prefix: the text before the image; the begin-of-text token of the config's tokenizer where None.
        suffix: the text between image and caption.

    Raises:
        InputError: a file that is missing, holds anything but the tensors that its config describes, or
            belongs to a kind of connector that V-Lens does not compute.
    """
    file = _weights_file(file)
    config = read_training_config(config_file or file.with_name(_CONFIG_FILE))
    tensors = read_tensors(file)
    taken = {name: value for name, value in tensors.items() if name.startswith(_PARTS)}
    others = [name for name in tensors if name not in taken]
    if odd := [name for name in others if not name.startswith(_NOT_READ)]:
        raise InputError(
            f"{file}: holds {odd[0]!r}, which is no weight of the study's connectors, LLMs or encoders"
        )
    connector = Connector(_connector_config(config, prefix, suffix))
    connector.load_state_dict(_translated(taken, config, file))
    return Released(connector, len(others), any(name.startswith("transformer.blocks") for name in others))


def _weights_file(file: Path) -> Path:
    if file.is_file():
        return file
    if not file.is_dir():
        named = " or ".join(_WEIGHT_FILES)
        raise InputError(f"{file}: no such file, expected {named}, or the folder that holds one of them")
    found = [file / name for name in _WEIGHT_FILES if (file / name).is_file()]
    if len(found) != 1:
        which = "both" if found else "neither"
        raise InputError(f"{file}: holds {which} of {' and '.join(_WEIGHT_FILES)}, expected one of them")
    return found[0]


def _connector_config(config: TrainingConfig, prefix: str | None, suffix: str) -> ConnectorConfig:
    if prefix is None:
        prefix = config.begin_of_text
    return ConnectorConfig(
        kind=config.kind,
        in_features=config.in_features,
        hidden_features=config.hidden_features,
        out_features=config.out_features,
        vision_blocks=config.vision_blocks,
        layer_norm_features=False,
        output_scale=1.0,
        prefix=prefix,
        suffix=suffix,
        padding_embeddings=config.padding_embeddings,
        image_marks=True,
    )


def _shapes(config: TrainingConfig) -> dict[str, tuple[str, tuple[int, ...]]]:
    """Released name → name in a `Connector` and shape, (output, input) for matrices."""
    wide, hidden, out = config.in_features, config.hidden_features, config.out_features
    shapes: dict[str, tuple[str, tuple[int, ...]]] = {}
    if config.kind == "linear":
        shapes[f"{_PROJECTOR}.weight"] = ("gate.weight", (out, wide))
    else:
        shapes[f"{_PROJECTOR}.w1.weight"] = ("gate.weight", (hidden, wide))
        shapes[f"{_PROJECTOR}.w3.weight"] = ("up.weight", (hidden, wide))
        shapes[f"{_PROJECTOR}.w2.weight"] = ("down.weight", (out, hidden))
    if config.padding_embeddings:
        shapes[_PADDING] = ("padding", (2, wide))
    shapes[_ADDED] = ("marks", (config.added_tokens, out))
    return shapes


def _translated(tensors: dict[str, Tensor], config: TrainingConfig, file: Path) -> dict[str, Tensor]:
    shapes = _shapes(config)
    if missing := [name for name in shapes if name not in tensors]:
        raise InputError(f"{file}: has no {missing[0]!r}, which {config.file} describes")
    if odd := [name for name in tensors if name not in shapes]:
        raise InputError(
            f"{file}: holds {odd[0]!r}, which the connector that {config.file} describes has not"
        )
    translated = {}
    for name, (new_name, shape) in shapes.items():
        if tuple(tensors[name].shape) != shape:
            raise InputError(
                f"{file}: {name} is {_by(tensors[name].shape)}, but {config.file} describes {_by(shape)}"
            )
        value = tensors[name].float()
        if not torch.isfinite(value).all():
            raise InputError(f"{file}: {name} holds a number that is not finite")
        translated[new_name] = value[_MARK_ROWS] if name == _ADDED else value
    return translated


def _by(shape: tuple[int, ...] | torch.Size) -> str:
    return " x ".join(str(size) for size in shape) or "a single number"
