"""Learning rates over steps, not seconds: a slow or busy machine ends with the weights of a quick one."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Schedule:
    """A linear warm-up from 0 to `learning_rate`, then a cosine down to `final_share` of it."""

    steps: int
    learning_rate: float
    warmup_steps: int
    final_share: float

    def rate(self, step: int) -> float:
        """The learning rate of a step, counted from 0."""
        if step < self.warmup_steps:
            return self.learning_rate * (step + 1) / self.warmup_steps
        done = (step - self.warmup_steps) / max(1, self.steps - self.warmup_steps)
        return self.learning_rate * (
            self.final_share + (1 - self.final_share) * 0.5 * (1 + math.cos(math.pi * done))
        )
