"""The questions that pages ask of the results, and their answers as typed records.

Each function runs one file of `generator/sql/`. Whole columns (a model's neighbours, judgments and
statistics) stay Arrow tables: they are coded, never looped over.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, TypeVar

import pyarrow as pa

from generator.database import Database

Record = TypeVar("Record")
ImageRange = tuple[str, str]
"""The first image id of a range, and the id that ends it without being part of it."""
EVERY_IMAGE: ImageRange = ("", "\U0010ffff")


@dataclass(frozen=True)
class Model:
    """One model of the study; see table `models` of the contract."""

    model_id: str
    position: int
    title: str
    group: str
    llm: str
    vision_encoder: str
    connector: str
    baseline_model_id: str | None
    description: str | None
    num_layers: int
    vision_layers: tuple[int, ...]
    text_layers: tuple[int, ...]
    hidden_size: int | None
    vocab_size: int | None
    dtype: str | None
    embedding_note: str | None
    logit_note: str | None
    contextual_note: str | None
    corpus: str | None
    config_hash: str


@dataclass(frozen=True)
class ModelImage:
    """One image as one model saw it; sizes of the canvas in canvas pixels."""

    image_id: str
    position: int
    """Place of the image in the study, 0-based."""
    caption: str | None
    source_width: int
    source_height: int
    generated_caption: str | None
    caption_tokens: int | None
    caption_loss_image: float | None
    caption_loss_shuffled: float | None
    caption_loss_none: float | None
    media_type: str
    bytes: bytes
    width: int
    height: int
    rows: int
    cols: int
    cell_width: float
    cell_height: float
    grid_x: float
    grid_y: float
    affine: tuple[float, ...]
    padding: tuple[float, ...]


@dataclass(frozen=True)
class Region:
    """One annotated region of an image, its box in source pixels."""

    image_id: str
    region: int
    kind: str
    words: tuple[str, ...]
    attributes: tuple[str, ...]
    x0: float
    y0: float
    x1: float
    y1: float
    mask: bytes | None
    """One-bit PNG of the box's size: its visible pixels. None: the whole box."""


@dataclass(frozen=True)
class Verdicts:
    """Counts of one judge's verdicts on one lens of one model at one vision layer (or one image)."""

    model_id: str
    lens: str
    judge: str
    vision_layer: int
    image_id: str
    judged: int
    """Cells with a verdict: status ok."""
    interpretable: int
    failed: int
    skipped: int
    chance_hits: int
    chance_trials: int
    object_cells: int
    """Judged cells that an object fills and whose truth could be named."""
    named: int
    """Object cells for which a candidate is a noun or an attribute of the object."""
    named_by_noun: int
    named_chance_hits: int
    named_chance_trials: int
    noun_chance_hits: int
    noun_chance_trials: int


@dataclass(frozen=True)
class CaptionLoss:
    """One model's caption losses in nats per token, each a mean over the tokens for which it is known."""

    model_id: str
    images: int
    tokens: int
    with_image: float | None
    shuffled: float | None
    without: float | None


@dataclass(frozen=True)
class Run:
    """One run of one stage; see table `runs`."""

    run_id: str
    stage: str
    model_id: str | None
    started: datetime
    seconds: float
    command: str
    versions: str
    device: str | None
    dtype: str | None
    seed: int | None


@dataclass(frozen=True)
class StudySize:
    """How much there is."""

    images: int
    neighbors: int
    top_k: int
    contexts: int
    judgments: int


@dataclass(frozen=True)
class LostContexts:
    """How many neighbours of a model, in how many images, name a sentence that is not in the results."""

    model_id: str
    neighbors: int
    images: int


@dataclass(frozen=True)
class ModelJudge:
    """A judge that judged a model."""

    model_id: str
    judge: str


@dataclass(frozen=True)
class Judge:
    """One judge and what is behind it; `cost` in US dollars."""

    judge: str
    judge_model: str | None
    prompt_hash: str | None
    judgments: int
    failed: int
    cost: float


def models(database: Database) -> list[Model]:
    """All models, in the order of the study file."""
    return _records(Model, database.rows("models"))


def lost_contexts(database: Database) -> list[LostContexts]:
    """The models with neighbours whose sentences are not there."""
    return _records(LostContexts, database.rows("lost_contexts"))


def present_blocks(database: Database) -> set[tuple[str, str, str, int]]:
    """Model, image, lens and vision layer of every block that has a neighbour.

    The same as `completeness.present_blocks`, at a fifth of its memory.
    """
    return {
        (row["model_id"], row["image_id"], row["lens"], row["vision_layer"])
        for row in database.rows("present_blocks")
    }


def models_with_images(database: Database) -> set[str]:
    """Ids of the models that saw at least one image."""
    return {row["model_id"] for row in database.rows("models_with_images")}


def samples(database: Database) -> list[tuple[str, str]]:
    """Model and image of each sample."""
    return [(row["model_id"], row["image_id"]) for row in database.rows("samples")]


def model_images(database: Database, model_id: str) -> list[ModelImage]:
    """What the model saw, in the order of the study's images."""
    return _records(ModelImage, database.rows("model_images", {"model_id": model_id}))


def image_regions(database: Database, model_id: str) -> list[Region]:
    """Annotated regions of the images that the model saw."""
    return _records(Region, database.rows("image_regions", {"model_id": model_id}))


def model_neighbors(
    database: Database, model_id: str, lens: str, images: ImageRange = EVERY_IMAGE
) -> pa.Table:
    """All neighbours of one lens of one model in a range of images."""
    return database.table("model_neighbors", {**_within(model_id, images), "lens": lens})


def model_text_layers(database: Database, model_id: str) -> list[int]:
    """The text layers of one model's text neighbours."""
    return [row["text_layer"] for row in database.rows("model_text_layers", {"model_id": model_id})]


def model_contexts(database: Database, model_id: str, images: ImageRange = EVERY_IMAGE) -> pa.Table:
    """The sentences of one model's text neighbours in a range of images."""
    return database.table("model_contexts", _within(model_id, images))


def model_judgments(database: Database, model_id: str, images: ImageRange = EVERY_IMAGE) -> pa.Table:
    """All judgments on one model's cells in a range of images."""
    return database.table("model_judgments", _within(model_id, images))


def model_statistics(database: Database, model_id: str, images: ImageRange = EVERY_IMAGE) -> pa.Table:
    """The statistics of one model's cells in a range of images."""
    return database.table("model_statistics", _within(model_id, images))


def _within(model_id: str, images: ImageRange) -> dict[str, str]:
    return {"model_id": model_id, "first_image": images[0], "before_image": images[1]}


def verdicts(database: Database) -> list[Verdicts]:
    """Counts of verdicts for each model, lens, judge, vision layer and image."""
    return _records(Verdicts, database.rows("verdicts"))


def model_judges(database: Database) -> list[ModelJudge]:
    """Which judges judged which models, by name."""
    return _records(ModelJudge, database.rows("model_judges"))


def judges(database: Database) -> list[Judge]:
    """The judges of the study."""
    return _records(Judge, database.rows("judges"))


def caption_losses(database: Database) -> list[CaptionLoss]:
    """Caption losses of the models that have any."""
    return _records(CaptionLoss, database.rows("caption_losses"))


def runs(database: Database) -> list[Run]:
    """All stage runs, in the order in which they began."""
    return _records(Run, database.rows("runs"))


def study_size(database: Database) -> StudySize:
    """How many images, neighbours, sentences and judgments the study holds."""
    return _records(StudySize, database.rows("study_size"))[0]


def _records(kind: type[Record], rows: list[dict[str, Any]]) -> list[Record]:
    names = [field.name for field in fields(kind)]  # type: ignore[arg-type]
    return [kind(**{name: _frozen(row[name]) for name in names}) for row in rows]


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
