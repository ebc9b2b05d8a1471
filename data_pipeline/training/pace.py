"""How fast a training goes and how long it will still take."""

from __future__ import annotations

import time
from collections import deque

_RECENT = 50


class Pace:
    """Counts steps and their images against the clock."""

    def __init__(self, seconds: float, steps: int) -> None:
        """`seconds` were spent before, by earlier runs of the same training; `steps` is how many it has."""
        self._before, self._steps = seconds, steps
        self._start = time.monotonic()
        self._recent: deque[tuple[float, int]] = deque([(self._start, 0)], maxlen=_RECENT)

    @property
    def seconds(self) -> float:
        """Of training so far."""
        return self._before + time.monotonic() - self._start

    def step(self, images: int) -> None:
        """One more step is done."""
        self._recent.append((time.monotonic(), self._recent[-1][1] + images))

    def note(self, done: int, loss: float) -> str:
        """Loss, images per second over the last steps, and the time left after `done` steps."""
        (first, before), (last, after) = self._recent[0], self._recent[-1]
        elapsed = max(last - first, 1e-9)
        left = (self._steps - done) * elapsed / (len(self._recent) - 1)
        said = f"loss {loss:.4f}, {(after - before) / elapsed:.1f} images/s"
        return f"{said}, {duration(left)} left" if done < self._steps else said


def duration(seconds: float) -> str:
    """Such as "41 s", "12 min" or "3 h 05 min"."""
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02d} min"
