"""What benchmarks measure with: the processor's time, memory at most, and processes of their own."""

from __future__ import annotations

import importlib.util
import multiprocessing
import re
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any


def has_peer() -> bool:
    """Whether the package to compare with is installed."""
    return importlib.util.find_spec("latentlens") is not None


def seconds(work: Callable[[], object]) -> float:
    """The processor's time for `work`, all threads together."""
    start = time.process_time()
    work()
    return time.process_time() - start


def peak() -> int:
    """Bytes of memory that this process has had at most; `getrusage` would count its parent's."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(re.search(r"VmHWM:\s*(\d+) kB", status)[1]) * 1024


def apart(work: Callable[..., Any], *arguments: Any) -> Any:
    """What `work` returns in a process of its own."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(work, *arguments).result()


class Timed:
    """A function, and the processor's seconds that it has taken."""

    def __init__(self, work: Callable[..., Any]) -> None:
        """`work` is the function."""
        self._work, self.seconds = work, 0.0

    def __call__(self, *args: Any) -> Any:
        """What the function returns."""
        start = time.process_time()
        found = self._work(*args)
        self.seconds += time.process_time() - start
        return found
