"""Tensors by name from a file of torch.save, without running what a pickle may ask for.

`weights_only` replaces the pickle machine: of all that a pickle can name it builds tensors and plain
containers, and raises for everything else before anything is called.
"""

from __future__ import annotations

import pickle
import warnings
import zipfile
from collections.abc import Collection
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from data_pipeline.errors import InputError

FLOATING_POINT_TYPES = (torch.float32, torch.bfloat16, torch.float16)


def read_tensors(file: Path) -> dict[str, Tensor]:
    """The tensors in `file`, by name, not yet read from disk (they are mapped).

    Raises:
        InputError: no such file, not a file of torch.save in its present format, or one that holds anything
            but floating-point tensors by name.
    """
    content = read_pickled(file, "a checkpoint's weights", "tensors")
    if not isinstance(content, dict) or not content:
        raise InputError(f"{file}: holds {kind(content)}, expected tensors by name")
    for name, value in content.items():
        if not isinstance(name, str):
            raise InputError(f"{file}: holds an entry whose name is {kind(name)}, expected tensors by name")
        check_tensor(file, name, value)
    return content


def read_pickled(file: Path, expected: str, allowed: str) -> Any:
    """What torch.save wrote to `file`: tensors, not yet read from disk, and plain containers of them.

    Args:
        file: in torch.save's present format.
        expected: what errors say that the file should be, "a checkpoint's weights".
        allowed: what errors say that it may hold, "tensors".

    Raises:
        InputError: no such file, one of another format, or one whose pickle asks for more.
    """
    if not file.is_file():
        raise InputError(f"{file}: no such file, expected {expected}")
    if not zipfile.is_zipfile(file):
        raise InputError(f"{file}: is not a file that torch.save writes (since version 1.6, a zip archive)")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about archives of TorchScript, which are refused
            return torch.load(file, map_location="cpu", weights_only=True, mmap=True)
    except pickle.UnpicklingError as error:
        raise InputError(
            f"{file}: its pickle asks for more than {allowed}, so it was not run; expected {expected}"
        ) from error
    except Exception as error:  # a damaged or forged archive can fail anywhere in the reader
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise InputError(f"{file}: cannot be read as {expected} ({reason[:200]})") from error


def check_tensor(
    file: Path, name: str, value: Any, types: Collection[torch.dtype] = FLOATING_POINT_TYPES
) -> None:
    """Raise `InputError` unless `value`, called `name` in `file`, is a dense tensor of one of `types`."""
    if not isinstance(value, Tensor):
        raise InputError(f"{file}: {name!r} is {kind(value)}, expected a tensor")
    if value.layout != torch.strided or value.dtype not in types or value.device.type != "cpu":
        raise InputError(
            f"{file}: {name!r} is a tensor of {value.dtype}, expected dense floating-point numbers"
        )
    # A shape can claim more numbers than are stored by reading some of them again and again.
    if value.numel() * value.element_size() > value.untyped_storage().nbytes():
        raise InputError(f"{file}: {name!r} claims {value.numel()} numbers, more than the file holds")


def kind(value: Any) -> str:
    """What errors call a value of another kind than expected."""
    return "nothing" if value is None or value == {} else f"a {type(value).__name__}"
