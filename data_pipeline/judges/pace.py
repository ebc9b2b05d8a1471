"""How fast questions may go out: so many a minute, and for nobody while the endpoint asks to wait."""

from __future__ import annotations

import threading
import time


class StoppedError(Exception):
    """The run is being stopped; nothing more is sent."""


class Pace:
    """Shared by all threads of a run."""

    def __init__(self, per_minute: float | None = None) -> None:
        """At most `per_minute` requests, evenly spaced; None: as fast as they come."""
        self._gap = 60 / per_minute if per_minute else 0.0
        self._next = 0.0
        self._lock = threading.Lock()
        self.stopping = threading.Event()

    def wait_turn(self) -> None:
        """Return when the next request may go out.

        Raises:
            StoppedError: the run is being stopped.
        """
        while True:
            with self._lock:
                now = time.monotonic()
                if now >= self._next and not self.stopping.is_set():
                    self._next = max(now, self._next) + self._gap
                    return
                rest = self._next - now
            self.sleep(rest)

    def hold(self, seconds: float) -> None:
        """Let nothing go out for so long."""
        with self._lock:
            self._next = max(self._next, time.monotonic() + seconds)

    def sleep(self, seconds: float) -> None:
        """Sleep, but not through a stop.

        Raises:
            StoppedError: the run is being stopped.
        """
        if self.stopping.wait(max(seconds, 0)):
            raise StoppedError
