"""JSON values that know where they stand, so that every complaint names the file and the place in it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from data_pipeline.errors import InputError

_LARGEST = 3.4e38  # scores are stored in 32 bits


class Node:
    """A JSON value, its parent and its name there; the place is only spelt out for an error."""

    __slots__ = ("name", "parent", "value")

    def __init__(self, value: Any, name: str, parent: Node | None = None) -> None:
        """`name` says what the value is called within `parent`, or which file it is."""
        self.value = value
        self.name = name
        self.parent = parent

    @property
    def where(self) -> str:
        """The way from the file down to this value."""
        return self.name if self.parent is None else f"{self.parent.where}, {self.name}"

    def fail(self, problem: str) -> InputError:
        """An error that begins with the place."""
        return InputError(f"{self.where}: {problem}")

    def has(self, key: str) -> bool:
        """Whether this is an object that holds something under `key`."""
        return isinstance(self.value, dict) and self.value.get(key) is not None

    def get(self, key: str) -> Any:
        """The value under `key`, which must be there."""
        try:
            return self.value[key]
        except (KeyError, TypeError, IndexError):
            raise self.fail(f"no {key!r}, expected it here") from None

    def child(self, key: str) -> Node:
        """The value under `key` as a node."""
        return Node(self.get(key), key, self)

    def items(self, key: str, name: str) -> Iterator[Node]:
        """The entries of the list under `key`, each called by `name` and its 0-based place."""
        values = self.get(key)
        if not isinstance(values, list):
            raise self.fail(f"{key} is {type(values).__name__}, expected a list")
        for place, value in enumerate(values):
            yield Node(value, f"{name} {place}", self)

    def text(self, key: str) -> str:
        """A string that can be written as UTF-8, verbatim."""
        value = self.get(key)
        if not isinstance(value, str):
            raise self.fail(f"{key} is {_short(value)}, expected a string")
        if not value.isascii() and any("\ud800" <= character <= "\udfff" for character in value):
            raise self.fail(
                f"{key} is {_short(value)}, expected whole characters instead of half a surrogate pair"
            )
        return value

    def optional_text(self, key: str) -> str | None:
        """The same, None where it is not there."""
        return self.text(key) if self.has(key) else None

    def integer(self, key: str, largest: int) -> int:
        """An integer from 0 to `largest`."""
        value = self.get(key)
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= largest:
            raise self.fail(f"{key} is {_short(value)}, expected an integer from 0 to {largest}")
        return value

    def optional_integer(self, key: str, largest: int) -> int | None:
        """The same, None where it is not there."""
        return self.integer(key, largest) if self.has(key) else None

    def number(self, key: str) -> float:
        """A finite number."""
        value = self.get(key)
        if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= _LARGEST:
            raise self.fail(f"{key} is {_short(value)}, expected a finite number")
        return float(value)


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:60] + "…"
