"""How long work reports how far it is, without knowing who watches."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol


class Stage(Protocol):
    """One stage of a run."""

    def advance(self, count: int = 1, note: str = "") -> None:
        """Say that `count` more units are done; `note` names what is being computed now."""


class Progress(Protocol):
    """Who is told."""

    def say(self, line: str) -> None:
        """Leave a line that stays, such as an image that was refused."""

    def stage(self, title: str, total: int | None = None) -> AbstractContextManager[Stage]:
        """Begin a stage of `total` units (None: unknown); it ends when the context is left."""


class _SilentStage:
    def advance(self, count: int = 1, note: str = "") -> None:
        pass


class SilentProgress:
    """Tells nobody: for tests and for use as a library."""

    def say(self, line: str) -> None:
        """Nobody listens."""

    @contextmanager
    def stage(self, title: str, total: int | None = None) -> Iterator[Stage]:
        """Begin a stage that nobody watches."""
        yield _SilentStage()
