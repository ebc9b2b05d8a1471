"""Tensors by name from a file of torch.save, without running what a pickle may ask for.

`weights_only` replaces the pickle machine: of all that a pickle can name it builds tensors and plain
containers, and raises for everything else before anything is called.
"""

from __future__ import annotations

import pickle
import warnings
import zipfile
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from data_pipeline.errors import InputError

_TYPES = (torch.float32, torch.bfloat16, torch.float16)


def read_tensors(file: Path) -> dict[str, Tensor]:
    """The tensors in `file`, by name, not yet read from disk (they are mapped).

    Raises:
        InputError: no such file, not a file of torch.save in its present format, or one that holds anything
            but floating-point tensors by name.
    """
    if not file.is_file():
        raise InputError(f"{file}: no such file, expected a checkpoint's weights")
    if not zipfile.is_zipfile(file):
        raise InputError(f"{file}: is not a file that torch.save writes (since version 1.6, a zip archive)")
    content = _loaded(file)
    if not isinstance(content, dict) or not content:
        raise InputError(f"{file}: holds {_kind(content)}, expected tensors by name")
    for name, value in content.items():
        _check(file, name, value)
    return content


def _loaded(file: Path) -> Any:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about archives of TorchScript, which are refused
            return torch.load(file, map_location="cpu", weights_only=True, mmap=True)
    except pickle.UnpicklingError as error:
        raise InputError(
            f"{file}: its pickle asks for more than tensors, so it was not run; expected weights only"
        ) from error
    except Exception as error:  # a damaged or forged archive can fail anywhere in the reader
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise InputError(f"{file}: cannot be read as weights ({reason[:200]})") from error


def _check(file: Path, name: Any, value: Any) -> None:
    if not isinstance(name, str):
        raise InputError(f"{file}: holds an entry whose name is {_kind(name)}, expected tensors by name")
    if not isinstance(value, Tensor):
        raise InputError(f"{file}: {name!r} is {_kind(value)}, expected a tensor")
    if value.layout != torch.strided or value.dtype not in _TYPES or value.device.type != "cpu":
        raise InputError(
            f"{file}: {name!r} is a tensor of {value.dtype}, expected dense floating-point weights"
        )
    # A shape can claim more numbers than are stored by reading some of them again and again.
    if value.numel() * value.element_size() > value.untyped_storage().nbytes():
        raise InputError(f"{file}: {name!r} claims {value.numel()} numbers, more than the file holds")


def _kind(value: Any) -> str:
    return "nothing" if value is None or value == {} else f"a {type(value).__name__}"
