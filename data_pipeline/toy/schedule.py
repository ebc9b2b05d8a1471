"""Training by steps, not by seconds: a slow or busy machine ends with the same weights as a quick one."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from torch import Tensor, nn

from data_pipeline.training import rates
from data_pipeline.training.optimizer import Optimizer, ParameterGroup
from data_pipeline.training.steps import run_steps

_WARMUP_SHARE, _FINAL_SHARE = 0.05, 0.02


@dataclass(frozen=True)
class Schedule:
    """How long and how fast a toy model learns."""

    steps: int
    learning_rate: float
    weight_decay: float
    seed: int

    def rate(self, step: int) -> float:
        """Learning rate at a step, counted from 0: a short warm-up, then a cosine."""
        warmup = max(1, round(self.steps * _WARMUP_SHARE))
        return rates.Schedule(self.steps, self.learning_rate, warmup, _FINAL_SHARE).rate(step)


@dataclass(frozen=True)
class TrainingRecord:
    """What a finished artefact cost: seconds of wall-clock time, losses in nats."""

    steps: int
    seconds: float
    first_loss: float
    final_loss: float
    seed: int
    parameters: int


@dataclass
class Trainer:
    """Runs a schedule, writing a line of log every `log_every` steps."""

    name: str
    log_every: int = 25
    record: TrainingRecord | None = None

    def fit(
        self, parameters: list[nn.Parameter], loss_of_next_batch: Callable[[], Tensor], schedule: Schedule
    ) -> None:
        """Optimises `parameters`; the record's losses are means over the first and last `log_every` steps."""
        trained = {str(n): value for n, value in enumerate(parameters) if value.requires_grad}
        optimizer = Optimizer([ParameterGroup(trained, schedule.rate, schedule.weight_decay)])
        losses: list[float] = []
        start = time.monotonic()

        def backward(_step: int) -> float:
            loss = loss_of_next_batch()
            loss.backward()
            return loss.item()

        def log(step: int, loss: float) -> None:
            losses.append(loss)
            if (step + 1) % self.log_every == 0:
                seconds = time.monotonic() - start
                mean = _tail(losses, 25)
                print(f"{self.name} {step + 1}/{schedule.steps} {mean:.4f} {seconds:.0f}s", flush=True)

        run_steps(range(schedule.steps), optimizer, backward, log)
        seconds = time.monotonic() - start
        size = sum(parameter.numel() for parameter in optimizer.parameters)
        head = losses[: self.log_every]
        self.record = TrainingRecord(
            schedule.steps, round(seconds, 1), sum(head) / len(head), _tail(losses, 25), schedule.seed, size
        )


def write_json(path: Path, value: object) -> None:
    """Writes to a temporary name and renames, so that a reader never meets half a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
    partial.write_text(json.dumps(value, indent=1) + "\n")
    partial.replace(path)


def record_json(record: TrainingRecord) -> dict[str, float | int]:
    """The record as JSON keeps it."""
    return asdict(record)


def _tail(losses: list[float], count: int) -> float:
    last = losses[-count:]
    return sum(last) / len(last)
