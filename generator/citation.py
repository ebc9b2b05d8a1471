"""What a citation of a model's page says of its origin, as the page's script needs it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from data_pipeline.manifest import StudyInfo
from data_pipeline.schema import SCHEMA_VERSION
from data_pipeline.versions import __version__
from generator.records import Model, Run

MAKING_STAGES = ("capture", "import")
"""The stages that make a model's readings; judges come later and change none."""


def citation(study: StudyInfo, model: Model, runs: Sequence[Run]) -> dict[str, Any]:
    """The provenance of one model's page; `runs` in the order in which they began."""
    return {
        "version": __version__,
        "schema": SCHEMA_VERSION,
        "studyConfiguration": study.config_hash,
        "configuration": model.config_hash,
        "corpus": model.corpus,
        "run": _day(model, runs),
    }


def _day(model: Model, runs: Sequence[Run]) -> str | None:
    """The day on which the model's readings were last made; a run without a model is about all of them."""
    made = [run for run in runs if run.stage in MAKING_STAGES and run.model_id in (model.model_id, None)]
    return made[-1].started.date().isoformat() if made else None
