"""The study's older layout: layer_N/token_embeddings.json, and a .npy file for each vector."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import torch
from torch import Tensor

from data_pipeline.errors import InputError
from data_pipeline.importers.latentlens.places import Places

LIST_FILE = "token_embeddings.json"
_VOID = np.dtype("V1")
"""What numpy makes of float8_e4m3fn, which it does not know."""
_TYPES = (np.dtype("float16"), np.dtype("float32"))


@dataclass(frozen=True, eq=False)
class SingleVectors:
    """Vectors of files, one each; `names` (n,) from `folder`: there are too many for objects of their own."""

    folder: Path
    names: list[str]
    width: int

    @property
    def shape(self) -> tuple[int, int]:
        """How many, and their width."""
        return len(self.names), self.width

    def take(self, rows: np.ndarray) -> Tensor:
        """Some of them; (rows, width) float32.

        Raises:
            InputError: a file is missing, damaged or of another width.
        """
        found = torch.empty(len(rows), self.width)
        for place, row in enumerate(rows.tolist()):
            file = self.folder / self.names[row]
            vector = _vector(file)
            if len(vector) != self.width:
                raise InputError(f"{file}: {len(vector)} numbers, expected {self.width}")
            found[place] = vector
        return found


def read_single_vectors(folder: Path) -> tuple[Places, SingleVectors]:
    """Rows and vectors of a layer's folder.

    Raises:
        InputError: the list is damaged, or names files that are not there or not in the folder.
    """
    file = folder / LIST_FILE
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{file}: cannot be read ({error.strerror})") from error
    except ValueError as error:
        raise InputError(f"{file}: not JSON ({error})") from error
    lists = content.items() if isinstance(content, dict) else ()
    entries = [
        {**entry, "token_str": token}
        for token, found in lists
        if isinstance(found, list)
        for entry in found
        if isinstance(entry, dict)
    ]
    if not entries or len(entries) != sum(len(found) if isinstance(found, list) else 1 for _, found in lists):
        raise InputError(f"{file}: expected for each token a list of its vectors")
    names = [_name(folder, entry.get("embedding_path"), file) for entry in entries]
    return Places.of(entries, file), SingleVectors(folder, names, len(_vector(folder / names[0])))


def _name(folder: Path, name: Any, list_file: Path) -> str:
    """The file of a vector: as named, or in the folder `embeddings`; never outside of the layer's folder."""
    path = PurePosixPath(name) if isinstance(name, str) else PurePosixPath("..")
    is_outside = path.is_absolute() or ".." in path.parts
    if is_outside or path.suffix != ".npy" or not _can_be_a_name(str(path)):
        raise InputError(
            f"{list_file}: embedding_path {str(name)[:80]!r}, expected a .npy file in its folder"
        )
    for place in (path, "embeddings" / path):
        if (folder / place).is_file():
            return str(place)
    raise InputError(f"{folder / path}: missing, but {list_file.name} lists it")


def _can_be_a_name(path: str) -> bool:
    """Without halves of characters, which JSON can hold, and without the character that ends a name."""
    return "\0" not in path and not any("\ud800" <= letter <= "\udfff" for letter in path)


def _vector(file: Path) -> Tensor:
    """(width,) float32."""
    try:
        values = np.load(file, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise InputError(f"{file}: cannot be read as a vector ({reason[:200]})") from error
    if not isinstance(values, np.ndarray) or values.dtype not in (_VOID, *_TYPES) or values.size == 0:
        found = f"{values.size} of {values.dtype}" if isinstance(values, np.ndarray) else "an archive"
        raise InputError(f"{file}: holds {found}, expected float8 (as V1), float16 or float32")
    flat = np.ascontiguousarray(values.reshape(-1))
    if values.dtype == _VOID:
        return torch.from_numpy(flat.view(np.uint8)).view(torch.float8_e4m3fn).float()
    return torch.from_numpy(flat.astype(np.float32))
