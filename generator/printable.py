"""Bytes → text that can stand in a page or in a script as it is: 7 bits a byte, 14 % more than the bytes.

Bits are written seven at a time as the ASCII character of that number. Fourteen characters could not stand
everywhere in HTML and in a script's strings, or are changed by browsers (NUL, carriage return), by whatever
renews ends of lines, or by editors (tabulators become spaces). Instead of one of them stands a character of
two bytes, which says which one it is and what the next seven bits are: that costs nothing, and fourteen are
all that two bytes have room for. `assets/js/printable.js` reads the text back and notices other characters.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

UNSAFE = b'\x00\x08\t\n\x0b\x0c\r\x1a\x1b"&<\\\x7f'
_BITS = 7
_FIRST = 0xA0  # the first character beyond the second block of control characters
_PLACE = np.full(1 << _BITS, -1, np.int32)
_PLACE[list(UNSAFE)] = range(len(UNSAFE))


def printable(content: bytes) -> str:
    """`content` as `LENGTH:CHARACTERS`, least significant bits first."""
    count = -(-8 * len(content) // _BITS)
    digits = _digits(content)[: count + 1]  # a last unsafe number needs one after it
    leads = _leads(_PLACE[digits] >= 0)
    places = np.flatnonzero(leads[:count])
    codes = _FIRST + (_PLACE[digits[places]] << _BITS) + digits[places + 1]
    digits[places], digits[places + 1] = 0xC0 | codes >> 6, 0x80 | codes & 63
    end = count + int(leads[count - 1 : count].any())
    return f"{len(content)}:{digits[:end].tobytes().decode()}"


def _digits(content: bytes) -> npt.NDArray[np.uint8]:
    """The bits of `content` and some zeros after it, seven at a time."""
    groups = len(content) // _BITS + 1
    sevens = np.zeros((groups, 8), np.uint8)
    sevens[:, :_BITS] = np.frombuffer(content.ljust(groups * _BITS, b"\0"), np.uint8).reshape(groups, _BITS)
    shifts = np.arange(0, 8 * _BITS, _BITS, dtype=np.uint64)
    numbers = (sevens.view("<u8") >> shifts) & np.uint64((1 << _BITS) - 1)
    return numbers.ravel().astype(np.uint8)


def _leads(unsafe: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Which unsafe numbers begin a pair: every second one of a row of unsafe numbers, from its first."""
    places = np.arange(len(unsafe))
    safe_before = np.maximum.accumulate(np.where(unsafe, -1, places))
    return unsafe & ((places - safe_before) % 2 == 1)
