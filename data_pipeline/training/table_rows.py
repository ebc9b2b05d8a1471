"""What results tell of trainings: which models are checkpoints of which, and the losses of each step."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

from data_pipeline.plan import ModelPlan, Plan
from data_pipeline.rows import table_of
from data_pipeline.schema import TABLES
from data_pipeline.study import ModelSettings
from data_pipeline.training.loss_log import LOSSES, logged_losses
from data_pipeline.training.step_rows import checkpoint_of

_RECORD = "training.json"


def checkpoint_rows(plan: Plan) -> pa.Table:
    """Table `checkpoints`: those that the study reads, and the models whose trainings they are of."""
    study = plan.study
    rows: list[tuple[str, str, int | None]] = []
    for model in _models(plan):
        checkpoint = checkpoint_of(study, model.settings)
        if checkpoint:
            rows.append((model.id, checkpoint.trained.id, checkpoint.step))
        elif any(_is_of(plan, other, model.settings) for other in _models(plan)):
            rows.append((model.id, model.id, _all_steps(_folder(plan, model))))
    names = TABLES["checkpoints"].schema.names
    return table_of("checkpoints", (dict(zip(names, row, strict=True)) for row in rows))


def training_loss_rows(plan: Plan) -> pa.Table:
    """Table `training_losses`, of the models in whose folders `vlens train` has left them.

    Raises:
        InputError: such a file cannot be read.
    """
    return pa.concat_tables([TABLES["training_losses"].schema.empty_table(), *_losses(plan)])


def _losses(plan: Plan) -> Iterator[pa.Table]:
    for model in _models(plan):
        file = _folder(plan, model) / LOSSES
        if model.framing and not checkpoint_of(plan.study, model.settings) and file.is_file():
            losses = logged_losses(file)
            names = pa.array([model.id] * len(losses), pa.string())
            schema = TABLES["training_losses"].schema
            yield losses.add_column(0, "model_id", names).select(schema.names).cast(schema)


def _models(plan: Plan) -> list[ModelPlan]:
    """Those that wait for the end of their training too, in the order of the study."""
    models = [*plan.models, *(waiting.model for waiting in plan.waiting)]
    return sorted(models, key=lambda model: model.position)


def _is_of(plan: Plan, model: ModelPlan, trained: ModelSettings) -> bool:
    checkpoint = checkpoint_of(plan.study, model.settings)
    return checkpoint is not None and checkpoint.trained.id == trained.id


def _folder(plan: Plan, model: ModelPlan) -> Path:
    """Of the connector; of a model that waits, where it will be."""
    if any(model is waiting.model for waiting in plan.waiting):
        return plan.study.folder / str(model.settings.connector)
    return model.folders.get("connector", Path())


def _all_steps(folder: Path) -> int | None:
    """How many a training has; None where its record says nothing of them."""
    try:
        steps = json.loads((folder / _RECORD).read_text(encoding="utf-8"))["settings"]["steps"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
    return steps if isinstance(steps, int) and steps >= 0 else None
