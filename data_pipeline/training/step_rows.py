"""Checkpoints as models of a study: `steps = [0, 500]` of a model becomes two models more.

Each is an ablation whose baseline is the model itself, as nothing but the length of training differs. A
checkpoint is a folder like any connector's, so nothing else has to know of steps.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from data_pipeline.training.names import step_folder

if TYPE_CHECKING:  # the study imports this module
    from data_pipeline.study import LLMSettings, ModelSettings, Study


def with_step_rows(study: Study) -> Study:
    """The study with a model for each of its models' `steps`, before the model itself."""
    models: list[ModelSettings] = []
    llms: list[LLMSettings] = list(study.llm)
    for model in study.model:
        for step in model.steps if model.connector else ():
            llm = _llm_of_step(study, model, step)
            llms += [llm] if llm else []
            models.append(_row(model, step, llm))
        models.append(model)
    return study.model_copy(update={"model": tuple(models), "llm": tuple(llms)})


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
