"""Shares, their 95 % intervals, and the interval of a difference between two models on the same images."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable
from dataclasses import astuple, dataclass

import numpy as np
import numpy.typing as npt

_Z = 1.959963984540054
_RESAMPLES = 4000
_ROUNDING = 1e-9
LEAST_IMAGES = 6
"""With fewer images a difference has no interval."""


@dataclass(frozen=True)
class Share:
    """`count` of `total` cells; `total` is at least 1."""

    count: int
    total: int

    def __post_init__(self) -> None:
        if not 0 <= self.count <= self.total or self.total < 1:
            raise ValueError(f"{self.count} of {self.total} is not a share")

    @property
    def rate(self) -> float:
        """Between 0 and 1."""
        return self.count / self.total

    @property
    def interval(self) -> tuple[float, float]:
        """The Wilson score interval at 95 %, within [0, 1]."""
        n, p, z2 = self.total, self.rate, _Z * _Z
        centre = (p + z2 / (2 * n)) / (1 + z2 / n)
        half = _Z / (1 + z2 / n) * math.sqrt(p * (1 - p) / n + z2 / (4 * n * n))
        return max(0.0, centre - half), min(1.0, centre + half)


def decimals_of(rate: float, least: int = 0) -> int:
    """How many decimals a percentage needs so that only 0 and 1 read as 0 % and 100 %.

    At least `least`, and no more than that where four are not enough.
    """
    if _is_end(rate):
        return least
    return next((n for n in range(least, 5) if float(f"{100 * rate:.{n}f}") not in (0, 100)), least)


def interval_text(share: Share, between: str = "–") -> str:
    """A share's interval in percent, like `73–88`; with decimals where whole numbers would mislead."""
    ends = share.interval
    decimals = max(decimals_of(end) for end in ends)
    while decimals < 2 and len({f"{100 * end:.{decimals}f}" for end in ends}) == 1:
        decimals += 1
    return between.join(f"{100 * end:.{0 if _is_end(end) else decimals}f}" for end in ends)


def _is_end(rate: float) -> bool:
    return min(abs(rate), abs(1 - rate)) < _ROUNDING


@dataclass(frozen=True)
class Tally:
    """Counts over some cells: verdicts that are true, and how many of the trials on other images were."""

    hits: int = 0
    cells: int = 0
    chance_hits: int = 0
    chance_trials: int = 0

    def __add__(self, other: Tally) -> Tally:
        return Tally(
            self.hits + other.hits,
            self.cells + other.cells,
            self.chance_hits + other.chance_hits,
            self.chance_trials + other.chance_trials,
        )

    @property
    def chance(self) -> float | None:
        """Between 0 and 1; None where nothing was tried."""
        return self.chance_hits / self.chance_trials if self.chance_trials else None


Tallies = dict[str, Tally]
"""By image."""
Sums = npt.NDArray[np.float64]
"""(draw, 4): hits, cells, hits by chance, trials of chance."""


@dataclass(frozen=True)
class Difference:
    """A figure of one model minus that of its baseline on the same images.

    `interval` is the 95 % interval, None with fewer than `LEAST_IMAGES`: resampling a handful of images
    tells nothing about others.
    """

    value: float
    interval: tuple[float, float] | None
    images: int

    @property
    def is_clear(self) -> bool:
        """Whether there is an interval and it excludes zero; equal sums may differ by rounding."""
        low, high = self.interval or (0, 0)
        return low > _ROUNDING or high < -_ROUNDING


def share(sums: Sums) -> Sums:
    """The share of hits."""
    return np.asarray(sums[:, 0] / sums[:, 1])


def share_above_chance(sums: Sums) -> Sums:
    """The share of hits minus that of chance; NaN where chance was not tried."""
    with np.errstate(invalid="ignore"):
        return np.asarray(share(sums) - sums[:, 2] / sums[:, 3])


def paired_difference(
    figure: Callable[[Sums], Sums], model: Tallies, baseline: Tallies, *key: object
) -> Difference | None:
    """The difference of a figure of pooled counts, with a bootstrap interval over the images of both.

    Whole images are drawn with replacement, the same ones for both models, because cells of one image are
    alike. Draws depend on `key` only. None without a common image, or where the figure is not known.
    """
    images = sorted(
        image for image in set(model) & set(baseline) if model[image].cells and baseline[image].cells
    )
    if not images:
        return None
    own, theirs = (
        np.array([astuple(tallies[image]) for image in images], np.float64) for tallies in (model, baseline)
    )  # (image, 4)
    value = _difference(figure, own.sum(axis=0, keepdims=True), theirs.sum(axis=0, keepdims=True))[0]
    draws = image_draws(len(images), *key)
    drawn = _difference(figure, draws @ own, draws @ theirs)
    if np.isnan(drawn).any() or np.isnan(value):
        return None
    low, high = np.quantile(drawn, [0.025, 0.975])
    interval = (float(low), float(high)) if len(images) >= LEAST_IMAGES else None
    return Difference(float(value), interval, len(images))


def image_draws(images: int, *key: object) -> npt.NDArray[np.int64]:
    """(draw, image) how often each of `images` is drawn, with replacement; depends on `key` only."""
    return _generator(*key).multinomial(images, np.full(images, 1 / images), _RESAMPLES)


def _difference(figure: Callable[[Sums], Sums], model: Sums, baseline: Sums) -> Sums:
    return np.asarray(figure(model) - figure(baseline))


def _generator(*key: object) -> np.random.Generator:
    digest = hashlib.sha256(repr(key).encode()).digest()
    return np.random.default_rng(int.from_bytes(digest[:8], "big"))
