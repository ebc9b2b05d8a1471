"""Columns of whole numbers and texts → one small piece of printable text for a page.

A block is a JSON header and columns, compressed as one zlib stream, whose checksum the browser compares. Each
column is cut into byte planes (lowest bytes first), and each plane is compressed by itself, with repeats
looked for or not: in scores and codes a repeat is chance, and naming it costs more than it saves. Many texts
are packed by bzip2 first, which needs a seventh less. `assets/js/blocks.js` reads the stream back.
"""

from __future__ import annotations

import bz2
import json
import zlib
from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from generator.printable import printable

Ints = npt.NDArray[np.int64]

_BLOCK_SIZE = 3  # 300 kB, which a processor keeps at hand while the order of bytes is restored
_STREAM_START = b"\x78\xda"  # zlib's mark
_STREAM_END = b"\x03\x00"  # an empty last block
_TEXT_END = b"\xff"  # never part of UTF-8, so texts may hold any character, NUL included


def fold_sign(values: Ints) -> Ints:
    """0, -1, 1, -2, … as 0, 1, 2, 3, …, so that small numbers of either sign stay small."""
    return np.where(values < 0, -2 * values - 1, 2 * values)


class Block:
    """Columns by name, in the order in which they were added, and a JSON header of loose facts."""

    def __init__(self) -> None:
        self.header: dict[str, Any] = {}
        self._columns: list[list[Any]] = []
        self._planes: list[bytes] = []

    def add(self, name: str, values: npt.NDArray[Any]) -> None:
        """Add whole numbers of either sign; their shape is not kept."""
        flat = np.ascontiguousarray(values).ravel().astype(np.int64)
        signed = bool(flat.size and flat.min() < 0)
        flat = fold_sign(flat) if signed else flat
        width = _byte_width(flat)
        self._columns.append([name, int(flat.size), width, int(signed)])
        for plane in range(width):
            self._planes.append(((flat >> (8 * plane)) & 255).astype(np.uint8).tobytes())

    def add_texts(self, name: str, texts: Iterable[str]) -> None:
        """Add texts of any content; plain ASCII stands apart, as its bytes are distributed otherwise."""
        listed = list(texts)
        plain = [text.isascii() for text in listed]
        self.add(f"{name}.plain", np.array(plain, np.int64))
        for part, kind in ((f"{name}.ascii", True), (f"{name}.other", False)):
            chosen = (text for text, is_plain in zip(listed, plain, strict=True) if is_plain is kind)
            content = b"".join(text.encode() + _TEXT_END for text in chosen)
            packed = bz2.compress(content, _BLOCK_SIZE)
            if len(packed) < len(_deflated(content)):
                self._columns.append([part, len(packed), 1, 0, len(content)])
                self._planes.append(packed)
            else:
                self._columns.append([part, len(content), 1, 0])
                self._planes.append(content)

    def text(self) -> str:
        """The whole block, ready to be put into a page."""
        header = json.dumps({**self.header, "columns": self._columns}, separators=(",", ":")).encode()
        planes = (len(header).to_bytes(4, "little") + header, *self._planes)
        checksum = zlib.adler32(b"".join(planes)).to_bytes(4, "big")
        return printable(b"".join([_STREAM_START, *map(_deflated, planes), _STREAM_END, checksum]))


def _deflated(plane: bytes) -> bytes:
    """`plane` as a piece of a deflate stream that refers to no other piece: the shorter of two tries."""
    return min(
        (_piece(plane, strategy) for strategy in (zlib.Z_HUFFMAN_ONLY, zlib.Z_DEFAULT_STRATEGY)), key=len
    )


def _piece(plane: bytes, strategy: int) -> bytes:
    compressor = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS, 9, strategy)
    return compressor.compress(plane) + compressor.flush(zlib.Z_SYNC_FLUSH)


def _byte_width(values: Ints) -> int:
    largest = int(values.max()) if values.size else 0
    if largest >= 1 << 32:
        raise ValueError(f"{largest} does not fit into the 32 bits of a page's column")
    return max(1, (largest.bit_length() + 7) // 8)
