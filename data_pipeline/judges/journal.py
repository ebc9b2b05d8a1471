"""Every answer that came, one JSON line each, on the disk before anything else is done with it.

Answers cost money, so they are kept as they came: verdicts are read from them, and can be read again. A line
that a killed process left half-written is passed over.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any

from data_pipeline.judges.verdicts import Reply

ANSWERS_FILE = "answers.jsonl"


@dataclass
class Answered:
    """What is known of one question: paid answers in the order in which they came, or why there is none."""

    replies: list[Reply] = field(default_factory=list)
    gave_up: str | None = None


class Journal:
    """The answers of one judge. Used as a context; any thread may append."""

    def __init__(self, folder: Path) -> None:
        """Read what lies in `folder`, which need not exist."""
        self.path = folder / ANSWERS_FILE
        self.answers: dict[str, Answered] = {}
        self.torn = 0
        self.batched: set[tuple[str, str]] = set()
        """Questions with the batch that answered them."""
        self._lock = threading.Lock()
        self._file: int | None = None
        if self.path.is_file():
            for line in self.path.read_bytes().split(b"\n"):
                self._take(line)

    def __enter__(self) -> Journal:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        ends_well = not self.path.is_file() or self.path.read_bytes()[-1:] in (b"", b"\n")
        self._file = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        if not ends_well:
            os.write(self._file, b"\n")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def keep(self, asked: str, about: Mapping[str, Any], reply: Reply) -> None:
        """Store an answer to the question `asked`; `about` is for those who read the file."""
        self._append({"asked": asked, **about, **asdict(reply)})

    def give_up(self, asked: str, about: Mapping[str, Any], reason: str) -> None:
        """Store that no answer came, which cost nothing."""
        self._append({"asked": asked, **about, "gave_up": reason})

    def _append(self, line: dict[str, Any]) -> None:
        line["at"] = datetime.now(UTC).isoformat(timespec="seconds")
        content = json.dumps(line, ensure_ascii=True).encode() + b"\n"
        with self._lock:
            if self._file is None:
                raise ValueError("the journal is not open")
            _write_all(self._file, content)
            os.fsync(self._file)
            self._take(content)

    def _take(self, line: bytes) -> None:
        if not line.strip():
            return
        try:
            row = json.loads(line)
            asked, gave_up = row["asked"], row.get("gave_up")
            reply = None if gave_up else Reply(**{name: row[name] for name in Reply.__dataclass_fields__})
        except (ValueError, KeyError, TypeError):
            self.torn += 1
            return
        if "batch" in row:
            self.batched.add((asked, str(row["batch"])))
        answered = self.answers.setdefault(asked, Answered())
        answered.gave_up = gave_up
        if reply:
            answered.replies.append(reply)


def _write_all(file: int, content: bytes) -> None:
    while content:
        content = content[os.write(file, content) :]
