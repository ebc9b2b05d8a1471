"""How many things are computed at once: as many as asked for, half as many where memory does not suffice."""

from __future__ import annotations

import errno
import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

import torch

from data_pipeline.errors import InputError
from data_pipeline.progress import Progress

_Result = TypeVar("_Result")
_SAYINGS = ("llocate memory", "not enough memory", "out of memory", "ALLOC_FAILED")
"""In a RuntimeError of the allocator of CPUs, of the system or of a library of the GPU's."""


@dataclass
class Batches:
    """Work on so many things at once that they fit into memory.

    After the first batch that does not fit, half as many at once, for all that follows.

    `name` is who computes (`model llama-clip`), `thing` what is counted (`image`), `most` how many at once.
    """

    name: str
    thing: str
    most: int
    device: torch.device
    dtype: torch.dtype
    progress: Progress

    def over(
        self,
        count: int,
        work: Callable[[range], _Result],
        alike: Callable[[range], range] = lambda batch: batch,
    ) -> Iterator[_Result]:
        """`work` of every batch of `count` things, in their order; `alike` may shorten a batch.

        Raises:
            InputError: not even one thing fits into memory.
        """
        start, tried = 0, 0
        while start < count:
            batch = alike(range(start, min(start + self.most, count)))
            found = self._tried(work, batch)
            if found:
                self._say(tried)
                start, tried = batch.stop, 0
                yield found[0]
            elif len(batch) == 1:
                raise InputError(shortage(f"{self.name}: one {self.thing}", self.device, self.dtype))
            else:
                tried = tried or len(batch)
                self.most = len(batch) // 2
                _free()

    def _tried(self, work: Callable[[range], _Result], batch: range) -> tuple[_Result] | None:
        """None where memory did not suffice; by then the error, which holds on to it, is gone."""
        try:
            return (work(batch),)
        except (MemoryError, RuntimeError, OSError) as error:
            if not is_shortage(error):
                raise
            return None

    def _say(self, tried: int) -> None:
        if tried:
            self.progress.say(
                f"{self.name}: {tried} {self.thing}s at once do not fit into the memory of "
                f"{place(self.device)}; going on with {self.most}"
            )


@contextmanager
def fitting(what: str, device: torch.device, dtype: torch.dtype) -> Iterator[None]:
    """Turns a lack of memory inside into an `InputError`: `what` does not fit."""
    try:
        yield
    except (MemoryError, RuntimeError, OSError) as error:
        if not is_shortage(error):
            raise
        raise InputError(shortage(what, device, dtype)) from error


def is_shortage(error: BaseException) -> bool:
    """Whether an error means that memory, of the machine or of its GPU, does not suffice."""
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    if isinstance(error, OSError):
        return error.errno == errno.ENOMEM
    return isinstance(error, RuntimeError) and any(saying in str(error) for saying in _SAYINGS)


def shortage(what: str, device: torch.device, dtype: torch.dtype) -> str:
    """One line: `what` does not fit, where, and what would help."""
    smaller = "dtype = 'bfloat16', " if dtype == torch.float32 else ""
    return (
        f"{what} does not fit into the memory of {place(device)}; what would help: {smaller}fewer "
        "layers, a device with more memory (--dry-run says how much it takes)"
    )


def place(device: torch.device) -> str:
    """A device's name and, of a GPU, its memory."""
    if device.type != "cuda":
        return "this machine" if device.type == "cpu" else str(device)
    properties = torch.cuda.get_device_properties(device)
    return f"{device} ({properties.name}, {properties.total_memory / 2**30:.0f} GiB)"


def _free() -> None:
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
