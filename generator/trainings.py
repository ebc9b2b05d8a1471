"""Trainings of a study: the models that show their steps, in order, and their losses."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass, replace

from generator.records import Checkpoint, Model, TrainingLoss


@dataclass(frozen=True)
class Step:
    """One model as a step of a training: a checkpoint, or its end."""

    model: Model
    step: int | None
    """Updates of the weights so far; None for an end of which nobody wrote how many steps it took."""


@dataclass(frozen=True)
class Training:
    """One model's training; `losses` are those of the steps from 1, in nats per token."""

    model: Model
    steps: tuple[Step, ...]
    """Ascending; the trained model itself is the last."""
    losses: tuple[tuple[int, float], ...]

    @property
    def checkpoints(self) -> tuple[Model, ...]:
        """The models that are nothing but steps of this training."""
        return tuple(step.model for step in self.steps if step.model is not self.model)

    def without(self, left_out: Container[str]) -> Training:
        """The same as if the models with these ids were not read."""
        return replace(self, steps=tuple(one for one in self.steps if one.model.model_id not in left_out))


def trainings(
    models: Sequence[Model], checkpoints: Iterable[Checkpoint], losses: Iterable[TrainingLoss]
) -> tuple[Training, ...]:
    """Every training with checkpoints or losses, in the order of the study's models."""
    known = {model.model_id: model for model in models}
    logged: dict[str, list[tuple[int, float]]] = defaultdict(list)
    for loss in losses:
        logged[loss.model_id].append((loss.step, loss.loss))
    shown: dict[str, dict[str, int | None]] = defaultdict(dict)
    for row in checkpoints:
        if row.model_id in known:
            shown[row.trained_model_id][row.model_id] = row.step
    return tuple(
        _training(model, shown[model.model_id], logged[model.model_id], known)
        for model in models
        if len(shown[model.model_id]) > 1 or logged[model.model_id]
    )


def _training(
    model: Model, shown: dict[str, int | None], losses: list[tuple[int, float]], known: dict[str, Model]
) -> Training:
    """A checkpoint after the last step is the trained model again, and no step of its own."""
    end = shown.get(model.model_id)
    if end is None and losses:
        end = losses[-1][0]
    steps = [
        Step(known[model_id], step)
        for model_id, step in shown.items()
        if model_id != model.model_id and step is not None and step != end
    ]
    steps.sort(key=lambda step: (step.step, step.model.position))
    return Training(model, (*steps, Step(model, end)), tuple(losses))
