"""Training by steps, not by seconds: a slow or busy machine ends with the same weights as a quick one."""

from __future__ import annotations

import json
import math
import os
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

_WARMUP_SHARE = 0.05


@dataclass(frozen=True)
class Schedule:
    """Cosine learning rate with a short warm-up over a fixed number of steps."""

    steps: int
    learning_rate: float
    weight_decay: float
    seed: int

    def rate(self, step: int) -> float:
        """Learning rate at a step, counted from 0."""
        warmup = max(1, round(self.steps * _WARMUP_SHARE))
        if step < warmup:
            return self.learning_rate * (step + 1) / warmup
        done = (step - warmup) / max(1, self.steps - warmup)
        return self.learning_rate * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * done)))


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
        trained = [parameter for parameter in parameters if parameter.requires_grad]
        optimizer = torch.optim.AdamW(
            trained, betas=(0.9, 0.95), weight_decay=schedule.weight_decay, fused=True
        )
        losses: list[float] = []
        start = time.monotonic()
        for step in range(schedule.steps):
            losses.append(_step(optimizer, trained, loss_of_next_batch, schedule.rate(step)))
            if not math.isfinite(losses[-1]):
                raise FloatingPointError(f"{self.name}: loss is {losses[-1]} at step {step}")
            if (step + 1) % self.log_every == 0:
                seconds = time.monotonic() - start
                print(
                    f"{self.name} {step + 1}/{schedule.steps} {_tail(losses, 25):.4f} {seconds:.0f}s",
                    flush=True,
                )
        seconds = time.monotonic() - start
        size = sum(parameter.numel() for parameter in trained)
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


def _step(
    optimizer: torch.optim.Optimizer,
    parameters: list[nn.Parameter],
    loss_of_next_batch: Callable[[], Tensor],
    rate: float,
) -> float:
    for group in optimizer.param_groups:
        group["lr"] = rate
    loss = loss_of_next_batch()
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    nn.utils.clip_grad_norm_(parameters, 1.0)
    optimizer.step()
    return loss.item()


def _tail(losses: list[float], count: int) -> float:
    last = losses[-count:]
    return sum(last) / len(last)
