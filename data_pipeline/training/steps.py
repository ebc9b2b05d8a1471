"""The loop that every training here runs: gradients of a step, a check, an update."""

from __future__ import annotations

import math
from collections.abc import Callable

from data_pipeline.errors import InputError
from data_pipeline.training.optimizer import Optimizer


class DivergedError(InputError):
    """A loss, or its gradient, that is not a finite number: nothing after it would mean anything."""

    def __init__(self, step: int, loss: float) -> None:
        """`step` is counted from 1, as users see it."""
        of_gradient = " with a gradient that is not finite" if math.isfinite(loss) else ""
        super().__init__(
            f"the loss of step {step} is {loss:g}{of_gradient}: the training stops; a lower learning_rate "
            "may help, or look for weights or images that are not what they should be"
        )


def run_steps(
    steps: range,
    optimizer: Optimizer,
    backward: Callable[[int], float],
    after: Callable[[int, float], None],
) -> None:
    """Runs `steps`, each counted from 0.

    Args:
        steps: which ones.
        optimizer: of what is trained.
        backward: computes a step's gradients and returns its loss.
        after: told each step's number and loss when its update is done.

    Raises:
        DivergedError: a loss or its gradient is not finite; the parameters are then as before its step.
    """
    for step in steps:
        optimizer.clear_gradients()
        loss = backward(step)
        if not math.isfinite(loss) or not optimizer.step(step):
            raise DivergedError(step + 1, loss)
        after(step, loss)
