"""The questions that pages ask of the results, and their answers as the records of `records.py`.

Each function runs one file of `generator/sql/`. Whole columns (a model's neighbours, judgments and
statistics) stay Arrow tables: they are coded, never looped over.
"""

from __future__ import annotations

from dataclasses import fields
from typing import Any, TypeVar

import pyarrow as pa

from generator.database import Database
from generator.records import (
    CaptionLoss,
    Checkpoint,
    Judge,
    LostContexts,
    Model,
    ModelImage,
    ModelJudge,
    Region,
    Run,
    StudySize,
    TrainingLoss,
    Verdicts,
)

Record = TypeVar("Record")
ImageRange = tuple[str, str]
"""The first image id of a range, and the id that ends it without being part of it."""
EVERY_IMAGE: ImageRange = ("", "\U0010ffff")


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


def checkpoints(database: Database) -> list[Checkpoint]:
    """The models that show steps of trainings, in the order of the steps."""
    return _records(Checkpoint, database.rows("checkpoints"))


def training_losses(database: Database) -> list[TrainingLoss]:
    """The losses of every training, step by step."""
    return _records(TrainingLoss, database.rows("training_losses"))


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
