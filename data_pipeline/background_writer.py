"""Parts of a results folder written while the next ones are computed.

One thread makes the tables, compresses and writes them, in the order in which they were handed over, so the
folder fills as it would without it: a part is listed when it is whole, and a killed run lacks the last ones.
What goes wrong in the thread is raised in the thread that computes, as the same error.
"""

from __future__ import annotations

from collections.abc import Callable
from queue import Queue
from threading import Thread
from types import TracebackType

import pyarrow as pa

from data_pipeline.store import ResultsWriter

_MOST_WAITING = 8
"""Parts that may wait: computing is held up where writing cannot follow, and memory stays bounded."""

_Task = tuple[str, Callable[[], pa.Table], str]


class BackgroundWriter:
    """Used as a context; while it is open nobody else may write through the same `ResultsWriter`."""

    def __init__(self, writer: ResultsWriter) -> None:
        """`writer` is who writes."""
        self._writer = writer
        self._waiting: Queue[_Task | None] = Queue(_MOST_WAITING)
        self._error: BaseException | None = None
        self._thread = Thread(target=self._work, name="writer", daemon=True)

    def __enter__(self) -> BackgroundWriter:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Waits until all is written, also where computing failed: what is finished is kept."""
        self._waiting.put(None)
        self._thread.join()
        if error is None:
            self._raise()

    def write_part(self, path: str, table: Callable[[], pa.Table], input_hash: str) -> None:
        """Have `table()` written to `path`, as `ResultsWriter.write_part` does.

        Raises:
            Exception: what an earlier part failed with; nothing after it is written.
        """
        self._raise()
        self._waiting.put((path, table, input_hash))

    def _raise(self) -> None:
        if self._error is not None:
            raise self._error

    def _work(self) -> None:
        while (task := self._waiting.get()) is not None:
            if self._error is not None:
                continue  # takes what waits, so that nobody is held up
            path, table, input_hash = task
            try:
                self._writer.write_part(path, table(), input_hash)
            except BaseException as error:  # raised again where somebody can handle it
                self._error = error
