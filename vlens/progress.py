"""Progress in the terminal: a bar for each stage, and how long it took.

Where the output is not a terminal (a log, a pipe), each stage is one line, printed when it ends.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)


class TerminalStage:
    """One bar."""

    def __init__(self, bars: Progress, task: TaskID) -> None:
        """`task` is the bar's number among `bars`."""
        self._bars = bars
        self._task = task

    def advance(self, count: int = 1, note: str = "") -> None:
        """Say that `count` more units are done; `note` names what is being computed now."""
        self._bars.update(self._task, advance=count, note=note)


class TerminalProgress:
    """The `data_pipeline.progress.Progress` of the command line; used as a context."""

    def __init__(self, console: Console | None = None) -> None:
        """Write to `console` (None: standard output)."""
        self.console = console or Console()
        self._bars = Progress(
            SpinnerColumn(finished_text="[green]✓"),
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[note]}", style="dim", markup=False),
            console=self.console,
            disable=not self.console.is_terminal,
        )

    def __enter__(self) -> TerminalProgress:
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bars.stop()

    def say(self, line: str) -> None:
        """Print a line above the bars."""
        self.console.print(line, markup=False, highlight=False, soft_wrap=True)

    @contextmanager
    def stage(self, title: str, total: int | None = None) -> Iterator[TerminalStage]:
        """Begin a stage of `total` units (None: unknown); it ends when the context is left."""
        begin = time.perf_counter()
        task = self._bars.add_task(title, total=total, note="")
        yield TerminalStage(self._bars, task)
        seconds = time.perf_counter() - begin
        done = self._bars.tasks[task].completed if self.console.is_terminal else 0
        self._bars.update(task, total=total or max(done, 1), completed=total or max(done, 1), note="")
        self._bars.stop_task(task)
        if not self.console.is_terminal:
            self.console.print(f"{title}: {seconds:.1f} s", markup=False, highlight=False, soft_wrap=True)
