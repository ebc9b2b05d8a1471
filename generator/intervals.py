"""Shares, their 95 % intervals, and the interval of a difference between two models on the same images."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

_Z = 1.959963984540054
_RESAMPLES = 4000


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


@dataclass(frozen=True)
class Difference:
    """Rate of one model minus rate of its baseline on the same images, with a 95 % interval."""

    value: float
    low: float
    high: float
    images: int

    @property
    def is_clear(self) -> bool:
        """Whether the interval excludes zero."""
        return self.low > 0 or self.high < 0


Counts = dict[str, tuple[int, int]]
"""By image: (interpretable, judged) cells."""


def paired_difference(model: Counts, baseline: Counts, *key: object) -> Difference | None:
    """The difference of two pooled rates, with a bootstrap interval over the images that both have.

    Whole images are drawn with replacement, the same ones for both models, because cells of one image are
    alike. Draws depend on `key` only. None with fewer than two common images.
    """
    images = sorted(image for image in set(model) & set(baseline) if model[image][1] and baseline[image][1])
    if len(images) < 2:
        return None
    pairs = np.array([[*model[image], *baseline[image]] for image in images], np.float64)  # (image, 4)
    draws = _generator(*key).multinomial(len(images), np.full(len(images), 1 / len(images)), _RESAMPLES)
    low, high = np.quantile(_differences(draws @ pairs), [0.025, 0.975])
    value = _differences(pairs.sum(axis=0, keepdims=True))[0]
    return Difference(float(value), float(low), float(high), len(images))


def _differences(sums: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Rates of the model minus rates of the baseline, from sums (draw, 4)."""
    return np.asarray(sums[:, 0] / sums[:, 1] - sums[:, 2] / sums[:, 3])


def _generator(*key: object) -> np.random.Generator:
    digest = hashlib.sha256(repr(key).encode()).digest()
    return np.random.default_rng(int.from_bytes(digest[:8], "big"))
