"""What a training finds on its machine: the device, its threads and its memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch

from data_pipeline.batches import is_shortage, place
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
def fitting_model(model_id: str, device: torch.device, dtype: str, unfrozen: bool) -> Iterator[None]:
    """Says that a model does not fit, whatever its passes take: weights, gradients or AdamW's moments."""
    with _told(
        lambda: (
            f"model {model_id!r} does not fit into the memory of {place(device)} for training; "
            f"what would help: {_savings(dtype, unfrozen)}"
        )
    ):
        yield


@contextmanager
def fitting_pass(
    model_id: str, images: int, device: torch.device, dtype: str, unfrozen: bool
) -> Iterator[None]:
    """Says what to change where a pass of so many images does not fit beside the model."""

    def said() -> str:
        smaller = f"set micro_batch = {images // 2}"
        advice = smaller if images > 1 else f"a smaller sequence_length, {_savings(dtype, unfrozen)} may help"
        counted = "1 image" if images == 1 else f"{images} images"
        return (
            f"model {model_id!r}: passes of {counted} do not fit into the memory of {place(device)}; "
            f"{advice}, and the same command goes on from the last checkpoint"
        )

    with _told(said):
        yield


@contextmanager
def _told(sentence: Callable[[], str]) -> Iterator[None]:
    try:
        yield
    except (MemoryError, RuntimeError, OSError) as error:
        if not is_shortage(error):
            raise
        raise InputError(sentence()) from error


def _savings(dtype: str, unfrozen: bool) -> str:
    if unfrozen:  # what is trained is in float32 whatever the study's type
        return "a frozen LLM (no key 'unfreeze'), a device with more memory"
    return "dtype = 'bfloat16', " * (dtype == "float32") + "a device with more memory"
