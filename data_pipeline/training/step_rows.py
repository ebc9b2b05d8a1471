"""Checkpoints as models of a study: `steps = [0, 500]` of a model becomes two models more.

Each is an ablation whose baseline is the model itself, as nothing but the length of training differs. A
checkpoint is a folder like any connector's, so lenses need not know of steps. Whose training it is of, and
whether that has come so far, shows in where the folder lies.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from data_pipeline.training.names import STEP_FOLDER, step_folder

if TYPE_CHECKING:  # the study imports this module
    from data_pipeline.study import LLMSettings, ModelSettings, Study

_RECORD = "training.json"  # in a folder from the first moment of its training; see `checkpoints`


@dataclass(frozen=True)
class CheckpointOf:
    """Whose training a model is a checkpoint of, and after how many steps."""

    trained: ModelSettings
    step: int


def with_step_rows(study: Study) -> Study:
    """The study with a model for each of its models' `steps`, in their order, after the model itself."""
    models: list[ModelSettings] = []
    llms: list[LLMSettings] = list(study.llm)
    for model in study.model:
        models.append(model)
        for step in sorted(set(model.steps)) if model.connector else ():
            llm = _llm_of_step(study, model, step)
            llms += [llm] if llm else []
            models.append(_row(model, step, llm))
    return study.model_copy(update={"model": tuple(models), "llm": tuple(llms)})


def checkpoint_of(study: Study, model: ModelSettings) -> CheckpointOf | None:
    """What `model` is a checkpoint of; None where its folder lies in no other model's connector."""
    around, _, name = str(model.connector).rpartition("/")
    step = STEP_FOLDER.fullmatch(name)
    trained = next((other for other in study.model if around and other.connector == around), None)
    return CheckpointOf(trained, int(step[1])) if step and trained else None


def not_yet_trained(study: Study, model: ModelSettings) -> str:
    """Why a model is not there, where its training has begun and not ended; empty otherwise."""
    checkpoint = checkpoint_of(study, model)
    location = str(checkpoint.trained.connector if checkpoint else model.connector)
    folder = study.folder / location
    if location.startswith(("toy:", "hub:")) or not (folder / _RECORD).is_file() or _is_there(folder):
        return ""
    if checkpoint and _is_there(folder / step_folder(checkpoint.step)):
        return ""
    last = _last_checkpoint(folder)
    return f"not trained yet: the last checkpoint is {'none' if last is None else f'step {last}'}"


def _is_there(folder: Path) -> bool:
    return (folder / "config.json").is_file()


def _last_checkpoint(folder: Path) -> int | None:
    found = (STEP_FOLDER.fullmatch(entry.name) for entry in folder.iterdir())
    return max((int(match[1]) for match in found if match), default=None)


def _row(model: ModelSettings, step: int, llm: LLMSettings | None) -> ModelSettings:
    return model.model_copy(
        update={
            "id": f"{model.id}-step-{step}",
            "title": f"{model.title}, step {step}",
            "group": "ablation",
            "baseline": model.id,
            "connector": f"{model.connector}/{step_folder(step)}",
            "llm": llm.id if llm else model.llm,
            "description": "",
            "training": None,
            "steps": (),
        }
    )


def _llm_of_step(study: Study, model: ModelSettings, step: int) -> LLMSettings | None:
    """The LLM as it was at a step, where it is trained along."""
    own = next((llm for llm in study.llm if llm.id == model.llm), None)
    if own is None or not (model.training and model.training.unfreeze):
        return None
    path = f"{model.connector}/{step_folder(step)}/llm"
    names = {"id": f"{model.id}-step-{step}", "title": f"{own.title}, step {step}"}
    return own.model_copy(update={**names, "path": path})
