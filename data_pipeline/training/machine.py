"""What a training finds on its machine: the device, its threads and its memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from data_pipeline.errors import InputError
from data_pipeline.training.processes import Processes

_SMALL_HIDDEN_SIZE = 512


def device_of(wanted: str, processes: Processes) -> torch.device:
    """The device of a process; `wanted` is `cpu`, `cuda`, or `auto` for CUDA where there is one."""
    there = torch.cuda.is_available()
    if wanted == "cuda" and not there:
        raise InputError("--device cuda: torch finds no CUDA device here; leave it out to train on the CPU")
    if wanted == "cpu" or not there:
        return torch.device("cpu")
    torch.cuda.set_device(processes.local)
    return torch.device("cuda", processes.local)


@contextmanager
def fitting_threads(hidden_size: int) -> Iterator[None]:
    """One thread while a model is small, as in a run."""
    before = torch.get_num_threads()
    if hidden_size <= _SMALL_HIDDEN_SIZE:
        torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextmanager
def enough_memory(model_id: str, images: int) -> Iterator[None]:
    """Says what to change where a pass of so many images does not fit."""
    try:
        yield
    except (torch.OutOfMemoryError, RuntimeError) as error:
        if not isinstance(error, torch.OutOfMemoryError) and "can't allocate memory" not in str(error):
            raise
        smaller = f"set micro_batch = {max(images // 2, 1)}"
        advice = smaller if images > 1 else "a smaller sequence_length may help"
        raise InputError(
            f"model {model_id!r}: out of memory with {images} images a pass; {advice}, and the same command "
            "goes on from the last checkpoint"
        ) from error
