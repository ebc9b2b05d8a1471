"""One text layer on disk: a safetensors file of its codes and of how to decode them.

It is laid out before its first row is known and filled row by row, so that a build needs no memory for it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch

from data_pipeline.errors import InputError
from data_pipeline.text_index.codes import Coding, Encoded

_TYPES: dict[str, np.dtype[Any]] = {
    "I8": np.dtype("int8"),
    "F32": np.dtype("<f4"),
    "I32": np.dtype("<i4"),
}
_LONGEST_HEADER = 1 << 20


def file_name(layer: int) -> str:
    """The file of a text layer."""
    return f"layer-{layer:03d}.safetensors"


def bytes_of_vector(width: int) -> int:
    """Bytes of one vector of `width`, without what all vectors of a layer share."""
    return width + 4 + 4 * len(Coding.of(torch.ones(1, width)).places)


@dataclass(frozen=True, eq=False)
class LayerFile:
    """The arrays of one text layer, mapped by name.

    Of each of n vectors of width d: `codes` (n, d), `apart` (n, m), `scales` (n,). Of all: `columns` (d,),
    `places` (m,), see `Coding`, and `reach` (1,), see `Encoded`.
    """

    path: Path
    arrays: dict[str, np.memmap[Any, np.dtype[Any]]]

    @classmethod
    def create(cls, path: Path, rows: int, coding: Coding) -> LayerFile:
        """A file for `rows` vectors, all 0 as yet, to be filled by `put`."""
        header, size = _header(rows, len(coding.columns), len(coding.places))
        with path.open("wb") as file:
            file.write(header)
            file.truncate(len(header) + size)
        made = cls.open(path, writable=True)
        made.arrays["columns"][:] = coding.columns.numpy()
        if len(coding.places):
            made.arrays["places"][:] = coding.places.numpy()
        return made

    @classmethod
    def open(cls, path: Path, writable: bool = False) -> LayerFile:
        """Map a file.

        Raises:
            InputError: there is none, or it is damaged or something else.
        """
        try:
            with path.open("rb") as file:
                length = int.from_bytes(file.read(8), "little")
                header = json.loads(file.read(length)) if length <= _LONGEST_HEADER else {}
            arrays = {
                name: _mapped(path, 8 + length, header[name], writable)
                for name in _layout(0, 0, 0)
                if name in header
            }
            found = cls(path, arrays)
            found._check()
        except OSError as error:
            raise InputError(f"{path}: cannot be read ({error.strerror})") from error
        except (ValueError, KeyError, TypeError) as error:
            raise InputError(f"{path}: not the vectors of a text index ({error})") from error
        return found

    def _check(self) -> None:
        rows, width = self.arrays["codes"].shape
        apart = len(self.arrays["places"]) if "places" in self.arrays else 0
        for name, (_, shape) in _layout(rows, width, apart).items():
            if 0 not in shape and self.arrays[name].shape != shape:
                raise ValueError("its shapes do not fit")
        if apart and not 0 <= self.arrays["places"].min() <= self.arrays["places"].max() < width:
            raise ValueError("it keeps columns apart that it does not have")

    @property
    def shape(self) -> tuple[int, int]:
        """How many vectors, and their width."""
        rows, width = self.arrays["codes"].shape
        return rows, width

    @property
    def reach(self) -> float:
        """See `Encoded.reach`."""
        return float(self.arrays["reach"][0])

    @cached_property
    def coding(self) -> Coding:
        """How its vectors are coded."""
        places = np.array(self.arrays["places"]) if "places" in self.arrays else np.empty(0)
        columns = torch.from_numpy(np.array(self.arrays["columns"]))
        return Coding(columns, torch.from_numpy(places.astype(np.int64)))

    def put(self, rows: np.ndarray, encoded: Encoded) -> None:
        """Write vectors to the places `rows`."""
        self.arrays["codes"][rows] = encoded.codes.numpy()
        self.arrays["scales"][rows] = encoded.scales.numpy()
        if "apart" in self.arrays:
            self.arrays["apart"][rows] = encoded.apart.numpy()
        self.arrays["reach"][0] = max(self.reach, encoded.reach)

    def get(self, rows: slice) -> Encoded:
        """Some vectors, read from disk: of a map, all that was ever touched would stay in memory."""
        start, stop, _ = rows.indices(self.shape[0])
        read = {
            name: torch.from_numpy(self._read(name, start, stop))
            for name in ("codes", "apart", "scales")
            if name in self.arrays
        }
        return Encoded(**{"apart": torch.empty(stop - start, 0), **read})

    def _read(self, name: str, start: int, stop: int) -> np.ndarray:
        array = self.arrays[name]
        row = int(np.prod(array.shape[1:]))
        offset = array.offset + start * row * array.itemsize
        found = np.fromfile(self.path, array.dtype, (stop - start) * row, offset=offset)
        return found.reshape(stop - start, *array.shape[1:])

    def flush(self) -> None:
        """See that what was put is on disk."""
        for array in self.arrays.values():
            array.flush()


def _layout(rows: int, width: int, apart: int) -> dict[str, tuple[str, tuple[int, ...]]]:
    """Type and shape of each array, in the order in which they lie in a file."""
    return {
        "apart": ("F32", (rows, apart)),
        "scales": ("F32", (rows,)),
        "columns": ("F32", (width,)),
        "places": ("I32", (apart,)),
        "reach": ("F32", (1,)),
        "codes": ("I8", (rows, width)),
    }


def _header(rows: int, width: int, apart: int) -> tuple[bytes, int]:
    """The header, and how many bytes follow it; arrays without numbers are left out."""
    entries: dict[str, Any] = {}
    end = 0
    for name, (kind, shape) in _layout(rows, width, apart).items():
        if 0 in shape:
            continue
        start, end = end, end + int(np.prod(shape)) * _TYPES[kind].itemsize
        entries[name] = {"dtype": kind, "shape": shape, "data_offsets": [start, end]}
    text = json.dumps(entries, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)  # so that numbers begin at multiples of their size
    return len(text).to_bytes(8, "little") + text, end


def _mapped(path: Path, begin: int, entry: dict[str, Any], writable: bool) -> np.memmap[Any, np.dtype[Any]]:
    start, end = entry["data_offsets"]
    kind, shape = _TYPES[entry["dtype"]], tuple(entry["shape"])
    if end - start != int(np.prod(shape)) * kind.itemsize:
        raise ValueError("an array's bytes do not fit its shape")
    return np.memmap(path, kind, "r+" if writable else "r", begin + start, shape)
