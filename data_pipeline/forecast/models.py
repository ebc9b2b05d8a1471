"""What a run of a study would take: passes, memory, disk, operations; from configurations, never guessed.

Every quantity that cannot be computed is None, and a note says what is missing. The formulas stand in the
docstrings below; `vlens run --dry-run` prints in words what they leave out.
"""

from __future__ import annotations

from dataclasses import dataclass

from data_pipeline.architectures import Architecture
from data_pipeline.connector_fit import check_connector_fits
from data_pipeline.forecast.memory import Memory, memory_of
from data_pipeline.forecast.parts_as_trained import parts_as_trained
from data_pipeline.forecast.pictures import OwnGrids, Pictures, own_grids, visual_parameters
from data_pipeline.forecast.text_indexes import TextIndexForecast, text_index_forecast
from data_pipeline.model_parts import (
    Counts,
    Parts,
    canvas_side,
    counts_of,
    framing_of,
    grid_of,
    most_image_tokens,
)
from data_pipeline.study import ModelSettings, Study, resolve_layers
from data_pipeline.vlm_families.molmo_size import MOLMO

BYTES_PER_NEIGHBOR = {"embedding": 7.1, "logit": 12.4, "contextual": 8.9, "contextual_percentile": 13.8}
"""Of a row in Parquet, as measured on the toy study (10 images, 19 models); so are the next two."""
BYTES_PER_CELL, BYTES_PER_JUDGMENT = 25.1, 10.7
_BYTES_PER_PIXEL = 3  # canvases are compressed without loss, so this is the most


@dataclass(frozen=True)
class Workload:
    """What does not depend on the model; `images` is None where nobody can know it yet."""

    images: int | None
    captioned: bool
    batch: int
    pictures: Pictures | None = None  # some of the images, where they are at hand


@dataclass(frozen=True)
class ModelForecast:
    """One model; `tokens` and `flops` are per image; None wherever a number is not known.

    Of `flops` the `lens_flops` are in float32, the others in the study's type. `flops_per_text_token` is what
    the LLM does for each token of the corpus; `text_index` is None also where none is built.
    """

    id: str
    llm_id: str
    vision_layers: tuple[int, ...] | None
    num_layers: int | None
    cells: int | None
    passes: int
    tokens: int | None
    parameters: int | None
    memory: Memory | None
    disk_per_image: float | None
    flops: int | None
    lens_flops: int | None
    flops_per_text_token: int | None
    text_index: TextIndexForecast | None
    source: str
    missing: str


def forecast(study: Study, model: ModelSettings, work: Workload) -> ModelForecast:
    """What `model` would take.

    Raises:
        InputError: a layer that the model does not have, or a configuration that cannot be read.
    """
    parts = parts_as_trained(study, model)
    text = parts.llm.text if parts.llm else None
    if text and parts.encoder and parts.connector:
        check_connector_fits(parts.connector, int(text.hidden_size), parts.encoder.vision, model.id)
    depth = int(text.num_hidden_layers) if text else None
    layers = _layers(study, model, depth)
    grid, own = grid_of(study, model, parts), own_grids(study, model, parts.llm, work.pictures)
    cells = own.mean_cells if own else grid[0] * grid[1] if grid else None
    length = own.mean_cells if own else sequence_length(grid, parts, bool(model.vlm))
    counts = _counts(model, parts, own)
    tokens = None if length is None else tokens_per_image(length, study.caption_tokens, work.captioned)
    known = parts.llm is not None and layers is not None and cells is not None
    return ModelForecast(
        id=model.id,
        llm_id=model.id if model.vlm else str(model.llm),
        vision_layers=layers,
        num_layers=depth,
        cells=cells,
        passes=passes_per_image(work.captioned),
        tokens=tokens,
        parameters=counts.total if counts else None,
        memory=memory_of(study, work.batch, parts, counts, own.most_cells if own else length, layers),
        disk_per_image=_disk(
            study, model, parts, cells, layers, _canvas_bytes(study, model, parts, work, own)
        )
        if cells and layers
        else None,
        flops=_flops(study, work, parts, counts, tokens, cells, layers)
        if known and tokens and cells
        else None,
        lens_flops=_lens_flops(study, parts, cells, layers) if known else None,
        flops_per_text_token=2 * counts.blocks if counts else None,
        text_index=text_index_forecast(study, text, model) if text else None,
        source=parts.llm.source if parts.llm else "",
        missing=own.said if own else _missing(study, model, parts, cells),
    )


def _counts(model: ModelSettings, parts: Parts, own: OwnGrids | None) -> Counts | None:
    """The parameters; of an encoder inside of a whole model as often as it has patches for each token."""
    counts = counts_of(model, parts)
    if counts is None or own is None or parts.llm is None:
        return counts
    visual = visual_parameters(parts.llm)
    return Counts(counts.blocks - visual, visual * own.patches, counts.total)


def passes_per_image(captioned: bool) -> int:
    """One for the lenses and one that begins a caption; with a caption three more, for its losses."""
    return 5 if captioned else 2


def tokens_per_image(length: int, caption: int, captioned: bool) -> int:
    """Tokens that an LLM reads or writes for an image whose sequence has `length` tokens.

    The lenses' pass reads `length`, writing reads it again and adds `caption`; the losses read a caption of
    as many tokens after this image, after another, and after none.
    """
    return 2 * length + caption + (2 * length + 3 * caption if captioned else 0)


def _layers(study: Study, model: ModelSettings, depth: int | None) -> tuple[int, ...] | None:
    if depth is None:
        return None
    choice = model.vision_layers or study.vision_layers
    return resolve_layers(choice, depth, f"model {model.id!r}: vision layer")


def sequence_length(grid: tuple[int, int] | None, parts: Parts, whole: bool) -> int | None:
    """Tokens of an image; of a whole model that cuts images into tiles the most, where that can be known."""
    if grid is None:
        return None
    if whole and parts.llm:
        return most_image_tokens(parts.llm)
    rows, cols = grid
    return rows * (cols + 1) + 2 if parts.connector and parts.connector.image_marks else rows * cols


def _disk(
    study: Study, model: ModelSettings, parts: Parts, cells: int, layers: tuple[int, ...], canvas: float
) -> float:
    rows = cells * len(layers)
    disk = rows * BYTES_PER_CELL + sum(
        rows * study.top_k * BYTES_PER_NEIGHBOR[lens] for lens in study.stored_lenses
    )
    if study.judge.kind == "annotations":
        disk += rows * len(study.stored_lenses) * BYTES_PER_JUDGMENT
    return disk + canvas


def _canvas_bytes(
    study: Study, model: ModelSettings, parts: Parts, work: Workload, own: OwnGrids | None
) -> float:
    """As measured on pictures at hand, else without compression."""
    pictures = work.pictures
    if own and pictures is None:
        return _BYTES_PER_PIXEL * own.most_cells * own.cell**2
    if pictures is None:
        return _BYTES_PER_PIXEL * _pixels(study, model, parts)
    if own:
        return pictures.stretched_bytes(own.sizes)
    if parts.encoder is not None:
        return pictures.framed_bytes(framing_of(study, model, parts.encoder))
    side = canvas_side(parts.llm) if parts.llm else 0
    return pictures.stretched_bytes([(side, side)] * len(pictures.images)) if side else 0.0


def _pixels(study: Study, model: ModelSettings, parts: Parts) -> int:
    if parts.encoder is not None:
        framing = framing_of(study, model, parts.encoder)
        return framing.width * framing.height
    return canvas_side(parts.llm) ** 2 if parts.llm else 0


def _flops(
    study: Study,
    work: Workload,
    parts: Parts,
    counts: Counts | None,
    tokens: int | None,
    cells: int | None,
    layers: tuple[int, ...] | None,
) -> int | None:
    """Two operations a parameter: of the LLM's blocks for each token, of the encoder for each patch and look.

    And those of `_lens_flops`.
    """
    if counts is None or parts.llm is None or tokens is None or cells is None or layers is None:
        return None
    looks = 4 if work.captioned else 2
    products = counts.blocks * tokens + counts.encoder * cells * looks
    return 2 * products + (_lens_flops(study, parts, cells, layers) or 0)


def _lens_flops(study: Study, parts: Parts, cells: int | None, layers: tuple[int, ...] | None) -> int | None:
    """Two operations a number of what embedding and logit lens compare each cell with, at every layer.

    The logit lens, from which entropy and divergence also come, reads the last layer in any case.
    """
    if parts.llm is None or cells is None or layers is None:
        return None
    text = parts.llm.text
    read = len(layers) * ("embedding" in study.lenses) + len({*layers, int(text.num_hidden_layers)})
    return 2 * cells * read * int(text.vocab_size) * int(text.hidden_size)


def _missing(study: Study, model: ModelSettings, parts: Parts, cells: int | None) -> str:
    if parts.llm is None:
        path = model.vlm or study.llm_of(model).path
        return f"no config.json at hand for {path}"
    if not model.vlm and parts.encoder is None:
        return f"no config.json at hand for {study.encoder_of(model).path}"
    if cells is None and parts.llm.config.model_type.startswith("qwen"):
        return "its vision tokens depend on the size of each image"
    if cells is None:
        return "how many vision tokens it makes of an image, only its image processor knows"
    if model.vlm:
        return _about_tiles(parts.llm, cells)
    if parts.connector is None:
        return "the connector is not at hand: its weights and marks are not counted"
    return ""


def _about_tiles(architecture: Architecture, cells: int) -> str:
    most = most_image_tokens(architecture)
    if most is None:
        return "how many tokens its further tiles add depends on the size of each image"
    if most > cells:
        code = "; a run executes the code that comes with its weights"
        counted = f"counted with {most} tokens an image, the most that its further tiles can add up to"
        return counted + code * (architecture.config.model_type == MOLMO)
    return ""
