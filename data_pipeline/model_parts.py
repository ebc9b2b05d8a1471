"""The parts of a study's model by their configurations: the grid of its vision tokens, and its parameters."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from data_pipeline.architectures import Architecture, architecture_of, count_parameters
from data_pipeline.connectors import ConnectorConfig, read_connector_config
from data_pipeline.errors import InputError
from data_pipeline.framing import Framing
from data_pipeline.language_models import loadable
from data_pipeline.locations import TOY_WEIGHTS
from data_pipeline.study import ModelSettings, Study
from data_pipeline.vlm_families.molmo_size import GRID, MOLMO, SIDE, molmo_parameters, most_molmo_tokens


@dataclass(frozen=True)
class Parts:
    """Configurations of a model's parts; of a whole model, `llm` is all there is."""

    llm: Architecture | None
    encoder: Architecture | None
    connector: ConnectorConfig | None


def parts_of(study: Study, model: ModelSettings) -> Parts:
    """The configurations that are at hand."""
    if model.vlm:
        return Parts(architecture_of(model.vlm, study.folder), None, None)
    llm = architecture_of(study.llm_of(model).path, study.folder)
    encoder = architecture_of(study.encoder_of(model).path, study.folder)
    return Parts(llm, encoder, _connector(str(model.connector), study.folder))


def _connector(location: str, base: Path) -> ConnectorConfig | None:
    if location.startswith("hub:"):
        return None
    toy = location.startswith("toy:")
    folder = TOY_WEIGHTS / location.removeprefix("toy:") if toy else base / location
    if not (folder / "config.json").is_file():
        return None
    with loadable(folder):
        return read_connector_config(folder)


def grid_of(study: Study, model: ModelSettings, parts: Parts) -> tuple[int, int] | None:
    """Rows and columns of vision tokens; None where they depend on the image or on a missing config."""
    if model.vlm:
        return _own_grid(parts.llm)
    if parts.encoder is None:
        return None
    framing = framing_of(study, model, parts.encoder)
    return framing.grid.rows, framing.grid.cols


def _own_grid(architecture: Architecture | None) -> tuple[int, int] | None:
    """Of the canvas: of the whole image, also where a model cuts further tiles of it."""
    if architecture is None:
        return None
    config, kind = architecture.config, architecture.config.model_type
    if kind == MOLMO:
        return GRID
    if kind == "gemma3":
        side = math.isqrt(int(config.mm_tokens_per_image))  # as the class pools
        return side, side
    merged = {
        "llava": 1,
        "llava_next": 1,
        "llava_onevision": 1,
        "idefics3": getattr(config, "scale_factor", 1),
        "smolvlm": getattr(config, "scale_factor", 1),
        "internvl": round(1 / getattr(config, "downsample_ratio", 1)),
    }
    if kind not in merged:
        return None
    side = canvas_side(architecture) // (_first(architecture.vision.patch_size) * int(merged[kind]))
    return side, side


def canvas_side(architecture: Architecture) -> int:
    """Pixels of the square canvas of a whole model whose grid is known."""
    return SIDE if architecture.config.model_type == MOLMO else _first(architecture.vision.image_size)


def _first(size: int | Sequence[int]) -> int:
    return int(size[0] if isinstance(size, Sequence) else size)


def most_image_tokens(architecture: Architecture) -> int | None:
    """The most tokens of one image, where further tiles of it are cut; None where this cannot be known.

    A class without such tiles gives its grid's cells.
    """
    grid, config = _own_grid(architecture), architecture.config
    if grid is None:
        return None
    if config.model_type == MOLMO:
        return most_molmo_tokens()
    cells = grid[0] * grid[1]
    if config.model_type == "llava_next":
        side, tile = canvas_side(architecture), grid[0]
        return cells + max(
            high // side * tile * (wide // side * tile + 1) for high, wide in config.image_grid_pinpoints
        )
    return cells if config.model_type in ("llava", "gemma3") else None


def framing_of(study: Study, model: ModelSettings, encoder: Architecture) -> Framing:
    """How a composed model's images become canvases; raises `InputError` for an encoder without patches."""
    settings, config = study.encoder_of(model), encoder.vision
    if not hasattr(config, "image_size") or not hasattr(config, "patch_size"):
        raise InputError(f"{settings.path}: class {config.model_type!r} is not a vision encoder with patches")
    side, patch = int(settings.image_size or config.image_size), int(config.patch_size)
    return Framing(side, side, patch, patch, settings.canvas, settings.interpolation)


@dataclass(frozen=True)
class Counts:
    """Parameters; `blocks` is the LLM without its input and output matrices."""

    blocks: int
    encoder: int
    total: int


def counts_of(model: ModelSettings, parts: Parts) -> Counts | None:
    """The model's parameters; None where the configuration of its LLM or its encoder is missing."""
    if parts.llm is None or not (model.vlm or parts.encoder):
        return None
    if parts.llm.config.model_type == MOLMO:
        return _molmo_counts(parts.llm)
    vision = parts.llm.vision if parts.encoder is None else parts.encoder.vision
    known = parts.encoder is not None or _own_grid(parts.llm) is not None
    encoder = count_parameters(vision, "vision_encoder") if known else 0
    whole = count_parameters(parts.llm.config, "vlm" if model.vlm else "llm")
    text = parts.llm.text
    tied = bool(getattr(parts.llm.config, "tie_word_embeddings", False))
    matrices = int(text.vocab_size) * int(text.hidden_size) * (1 if tied else 2)
    connector = _connector_parameters(parts.connector) if parts.connector else 0
    if model.vlm:
        return Counts(whole - encoder - matrices, encoder, whole)
    return Counts(whole - matrices, encoder, whole + encoder + connector)


def _molmo_counts(architecture: Architecture) -> Counts:
    counts, text = molmo_parameters(architecture.config), architecture.config
    matrices = 2 * int(text.vocab_size) * int(text.hidden_size)
    encoder = counts["vision_encoder"]
    return Counts(counts["vlm"] - encoder - matrices, encoder, counts["vlm"])


def _connector_parameters(config: ConnectorConfig) -> int:
    wide, hidden, out = config.in_features, config.hidden_features, config.out_features
    matrices = wide * out if config.kind == "linear" else 2 * wide * hidden + hidden * out
    return matrices + 2 * wide * config.padding_embeddings + 4 * out * config.image_marks
