"""The toy study as it is shipped, over weights in any folder: where its models are made and measured."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from data_pipeline.study import ModelSettings, Study, find_study, parse_study

_TRAININGS = "trainings"
_SHIPPED = "toy:"


def toy_study(weights: Path) -> Study:
    """The study whose `toy:…` are folders in `weights`."""
    file = find_study("toy")
    return parse_study(_moved(tomllib.loads(file.read_text(encoding="utf-8")), weights.resolve()), file)


def composed_models(study: Study) -> tuple[ModelSettings, ...]:
    """Those that have a connector: the nine pairs, then the ablations of one of them."""
    return tuple(model for model in study.model if not model.vlm)


def model_of(study: Study, model_id: str) -> ModelSettings:
    """The model with that id."""
    return next(model for model in study.model if model.id == model_id)


def trained_along(study: Study, model: ModelSettings) -> bool:
    """Whether the model's LLM is made together with its connector."""
    return bool(model.training and model.training.unfreeze)


def with_trainings(study: Study, model_id: str, weights: Path) -> Study:
    """The study that trains a model: what is written goes to the folder `trainings` in `weights`."""
    model = model_of(study, model_id)
    root = weights.resolve()

    def moved(location: str) -> str:
        return str(root / _TRAININGS / Path(location).relative_to(root))

    llms = study.llm
    if trained_along(study, model):
        llms = tuple(
            llm.model_copy(update={"path": moved(llm.path)}) if llm.id == model.llm else llm for llm in llms
        )
    trained = model.model_copy(update={"connector": moved(str(model.connector))})
    models = tuple(trained if other.id == model_id else other for other in study.model)
    return study.model_copy(update={"model": models, "llm": llms})


def _moved(value: Any, weights: Path) -> Any:
    if isinstance(value, dict):
        return {key: _moved(item, weights) for key, item in value.items()}
    if isinstance(value, list):
        return [_moved(item, weights) for item in value]
    if isinstance(value, str) and value.startswith(_SHIPPED):
        return str(weights / value.removeprefix(_SHIPPED))
    return value
