"""The toy study's connectors: trained as `vlens train` does it, then kept in half precision."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from data_pipeline.connectors import Connector
from data_pipeline.image_sources import ImageSource, SourceImage
from data_pipeline.language_models import load_causal_lm
from data_pipeline.progress import SilentProgress
from data_pipeline.study import Study, TrainingSettings
from data_pipeline.toy.answer_losses import answer_losses
from data_pipeline.toy.shipped_study import model_of, trained_along, with_trainings
from data_pipeline.toy.tokenizer import build_tokenizer
from data_pipeline.training.checkpoints import RECORD, read_record
from data_pipeline.training.connector_training import train_study_model
from data_pipeline.training.loss_log import LOSSES, logged_losses

_ENDS = 25
_QUICK = {"steps": 6, "batch_size": 4}
_CPU = torch.device("cpu")


class Lines(SilentProgress):
    """Prints what is said, behind a model's name."""

    def __init__(self, name: str) -> None:
        self._name = name

    def say(self, line: str) -> None:
        """One line at once: several trainings may write to one log."""
        print(line if line.startswith(self._name) else f"{self._name}: {line}", flush=True)


def train_connector_model(
    study: Study, model_id: str, weights: Path, source: ImageSource, tune: Sequence[SourceImage]
) -> dict[str, Any]:
    """Train a model of the study in `weights`, or go on with it; gives its record.

    What `vlens train` leaves stays in the folder `trainings`. Shipped is the connector in half precision, and
    the LLM where it was trained along. The record's `tune_losses` are those of the scenes `tune`.
    """
    own = with_trainings(study, model_id, weights)
    folder = train_study_model(own, model_id, "cpu", Lines(model_id), source).folder
    model = model_of(study, model_id)
    Connector.from_pretrained(folder).half().save_pretrained(str(model.connector))
    if trained_along(study, model):
        trained = Path(own.llm_of(model_of(own, model_id)).path)
        llm = load_causal_lm(trained, torch.float32, _CPU).half()
        llm.save_pretrained(study.llm_of(model).path)
        build_tokenizer().save_pretrained(study.llm_of(model).path)  # a loaded one tells where it lay
    losses = answer_losses(study, model_id, tune)
    return {**_record(folder), "tune_losses": asdict(losses)}


def _record(folder: Path) -> dict[str, Any]:
    """What a finished training took and reached, with all that decided it; losses are means of 25 steps."""
    rows, record = logged_losses(folder / LOSSES).to_pylist(), read_record(folder / RECORD)
    first, last = ([row["loss"] for row in part] for part in (rows[:_ENDS], rows[-_ENDS:]))
    return {
        "steps": rows[-1]["step"],
        "seconds": round(rows[-1]["seconds"], 1),
        "first_loss": sum(first) / len(first),
        "final_loss": sum(last) / len(last),
        "settings": record["settings"],
        "inputs": record["inputs"],
    }


def quick(study: Study) -> Study:
    """The study with trainings of a few steps, which only show that everything works."""
    models = tuple(
        model if model.vlm else model.model_copy(update={"training": _shorter(model.training)})
        for model in study.model
    )
    return study.model_copy(update={"model": models})


def _shorter(training: TrainingSettings | None) -> TrainingSettings:
    return (training or TrainingSettings()).model_copy(update=_QUICK)
