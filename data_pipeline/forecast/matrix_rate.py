"""How many operations of bare matrix products this machine does in a second: a bound for every run."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import torch

_SECONDS = 0.5
_SIDE = {"cpu": 1024, "cuda": 8192}


@dataclass(frozen=True)
class MatrixRate:
    """Operations (multiplications and additions) per second, and the device that did them.

    `per_second` is in a study's own type, `float32_per_second` in the lenses'.
    """

    per_second: float
    float32_per_second: float
    device: str


def measure_matrix_rate(dtype: str) -> MatrixRate:
    """Multiply square matrices in a study's `dtype` and in float32, on a GPU if there is one."""
    device = "cuda" if torch.cuda.is_available() else "cpu"
    own = products_per_second(getattr(torch, dtype), device)
    single = own if dtype == "float32" else products_per_second(torch.float32, device)
    name = torch.cuda.get_device_name() if device == "cuda" else f"CPU, {torch.get_num_threads()} threads"
    return MatrixRate(own, single, name)


def products_per_second(
    dtype: torch.dtype, device: str, clock: Callable[[], float] = time.perf_counter
) -> float:
    """Operations per second of products of square matrices, tried for half a second of `clock`."""
    side = _SIDE[device]
    matrix = torch.ones(side, side, dtype=dtype, device=device)
    _timed(matrix, 1, clock)  # the first product also sets the library up
    products, seconds = 0, 0.0
    while seconds < _SECONDS:
        seconds += _timed(matrix, 4, clock)
        products += 4
    return products * 2 * side**3 / seconds


def _timed(matrix: torch.Tensor, products: int, clock: Callable[[], float]) -> float:
    started = clock()
    for _ in range(products):
        result = matrix @ matrix
    float(result[0, 0])  # waits for the device
    return clock() - started
