"""Asking through an endpoint's batches: questions go up as files and are answered within a day, for less.

What was sent is written down before it is sent and until its answers are in the journal. A process that is
stopped leaves its batches to the endpoint; the same command finds them again, even one whose number it did
not live to hear, by the mark that it bears.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from data_pipeline.errors import InputError
from data_pipeline.judges.asked import Asked
from data_pipeline.judges.asking import Messages
from data_pipeline.judges.endpoint import Endpoint, NoAnswerError, reply_of
from data_pipeline.judges.journal import Journal
from data_pipeline.judges.outcomes import MOST_ANSWERS, Outcome, outcome_of
from data_pipeline.judges.pace import Pace
from data_pipeline.judges.spending import Prices
from data_pipeline.progress import Progress
from data_pipeline.store import write_atomically

_MOST_QUESTIONS = 10_000
_MOST_BYTES = 90_000_000
_TRIES = 6
_ENDED = ("completed", "failed", "expired", "cancelled")
BATCHES_FILE = "batches.json"
_MARK = "vlens"


@dataclass
class SentBatch:
    """A batch whose answers are not in yet; `batch_id` None: nobody knows whether it arrived."""

    mark: str
    asked: list[str]
    batch_id: str | None = None


@dataclass
class BatchAsking:
    """One session of batches for one judge, whose folder is `place`."""

    endpoint: Endpoint
    journal: Journal
    place: Path
    messages: Callable[[Asked], Messages]
    prices: Prices
    pace: Pace
    progress: Progress
    told: Callable[[Asked, Outcome], None]
    poll: float
    """Seconds between two looks at a batch."""
    affordable: Callable[[], int | None]
    """How many more questions the budget holds; None: any number."""
    out_of_budget: bool = False
    _sent: list[SentBatch] = field(default_factory=list)

    def ask_all(self, questions: Sequence[Asked]) -> None:
        """Ask until all have a verdict or have failed, or the budget holds no more.

        Raises:
            InputError: the endpoint has no batches, refuses one, or cannot be asked at all.
        """
        self._sent = self._read_state()
        self._find_again()
        by_name = {asked.name: asked for asked in questions}
        self._collect_all(by_name)
        for attempt in range(MOST_ANSWERS):
            todo = [asked for asked in questions if self._may_ask(asked, attempt > 0)]
            most = self.affordable()
            if most is not None and most < len(todo):
                self.out_of_budget, todo = True, todo[: max(most, 0)]
            if not todo:
                break
            for chunk in self._files(todo):
                self._send(*chunk)
            self._collect_all(by_name)
            if self.out_of_budget:
                break

    def _may_ask(self, asked: Asked, again: bool) -> bool:
        """What got no answer is asked by the next run and not `again` by this one; broken answers are."""
        answered = self.journal.answers.get(asked.name)
        outcome = outcome_of(asked, answered)
        gave_up = again and answered is not None and answered.gave_up is not None
        return outcome is None or (outcome.may_ask_again and not gave_up)

    def _files(self, questions: Iterable[Asked]) -> Iterator[tuple[list[Asked], bytes]]:
        """Questions with the file that asks them, as many at once as endpoints take."""
        chunk: list[Asked] = []
        content = b""
        for asked in questions:
            line = {
                "custom_id": asked.name,
                "method": "POST",
                "url": "/v1/chat/completions",
                "body": self.endpoint.body(self.messages(asked)),
            }
            coded = json.dumps(line).encode() + b"\n"
            if chunk and (len(chunk) >= _MOST_QUESTIONS or len(content) + len(coded) > _MOST_BYTES):
                yield chunk, content
                chunk, content = [], b""
            chunk.append(asked)
            content += coded
        yield chunk, content

    def _send(self, questions: list[Asked], content: bytes) -> None:
        with self._told_plainly():
            file = self._client.files.create(file=("questions.jsonl", content), purpose="batch")
        sent = SentBatch(uuid.uuid4().hex, [asked.name for asked in questions])
        self._sent.append(sent)
        self._write_state()
        with self._told_plainly():
            batch = self._client.batches.create(
                input_file_id=file.id,
                endpoint="/v1/chat/completions",
                completion_window="24h",
                metadata={_MARK: sent.mark},
            )
        sent.batch_id = batch.id
        self._write_state()
        self.progress.say(f"Batch {batch.id}: {len(questions):,} questions sent")

    def _find_again(self) -> None:
        """Batches that were sent when the process died: by their marks, or they never arrived."""
        if all(sent.batch_id for sent in self._sent):
            return
        with self._told_plainly():
            marks = {(batch.metadata or {}).get(_MARK): batch.id for batch in self._client.batches.list()}
        for sent in self._sent:
            sent.batch_id = sent.batch_id or marks.get(sent.mark)
        self._sent = [sent for sent in self._sent if sent.batch_id]
        self._write_state()

    def _collect_all(self, by_name: dict[str, Asked]) -> None:
        """Wait for every batch and put its answers into the journal."""
        while self._sent:
            for sent in list(self._sent):
                with self._told_plainly():
                    batch = self._client.batches.retrieve(str(sent.batch_id))
                if batch.status in _ENDED:
                    self._collect(sent, batch, by_name)
                    self._sent.remove(sent)
                    self._write_state()
            if self._sent:
                self.pace.sleep(self.poll)

    def _collect(self, sent: SentBatch, batch: Any, by_name: dict[str, Asked]) -> None:
        missing = set(sent.asked)
        for file in (batch.output_file_id, batch.error_file_id):
            if file:
                with self._told_plainly():
                    content = self._client.files.content(file).content
                for line in content.splitlines():
                    missing.discard(self._take(line, batch.id, by_name))
        if len(missing) == len(sent.asked) and batch.status == "failed":
            self._sent.remove(sent)
            self._write_state()
            errors = batch.errors.data if batch.errors and batch.errors.data else []
            reason = errors[0].message if errors else "no reason given"
            raise InputError(f"{self.endpoint.address.shown_url}: batch {batch.id} failed: {reason}")
        for name in sorted(missing):
            self.journal.give_up(name, {"batch": batch.id}, f"the batch was {batch.status} without an answer")
        for asked in [by_name[name] for name in sent.asked if name in by_name]:
            answered = self.journal.answers.get(asked.name)
            outcome = outcome_of(asked, answered)
            if outcome and answered and (answered.gave_up or not outcome.may_ask_again):
                self.told(asked, outcome)

    def _take(self, line: bytes, batch_id: str, by_name: dict[str, Asked]) -> str | None:
        """Keep one line of a batch's answers, once; the name of its question."""
        try:
            row = json.loads(line)
            name, response = str(row["custom_id"]), row.get("response") or {}
            if (name, batch_id) in self.journal.batched:
                return name
            about: dict[str, Any] = {"batch": batch_id}
            if name in by_name:
                about |= {**by_name[name].about._asdict(), "null": by_name[name].is_null}
            if response.get("status_code") == 200:
                self.journal.keep(name, about, self.prices.priced(reply_of(response["body"])))
            else:
                self.journal.give_up(name, about, _reason(row))
        except (ValueError, KeyError, TypeError, AttributeError):
            return None  # a line that is not of the protocol: its question counts as unanswered
        return name

    @property
    def _client(self) -> Any:
        return self.endpoint.client.with_options(max_retries=_TRIES)

    @contextmanager
    def _told_plainly(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            told = self.endpoint.explained(error, "has no batches")
            if told is None:
                raise
            if isinstance(told, NoAnswerError):
                told = InputError(f"{self.endpoint.address.shown_url}: {told}")
            raise told from error

    def _read_state(self) -> list[SentBatch]:
        path = self.place / BATCHES_FILE
        if not path.is_file():
            return []
        try:
            return [SentBatch(**row) for row in json.loads(path.read_text(encoding="utf-8"))]
        except (ValueError, TypeError) as error:
            raise InputError(f"{path}: is not the list of batches that were sent ({error})") from error

    def _write_state(self) -> None:
        content = json.dumps([asdict(sent) for sent in self._sent], indent=1)
        write_atomically(self.place / BATCHES_FILE, content.encode())


def _reason(row: dict[str, Any]) -> str:
    response = row.get("response") or {}
    error = row.get("error") or (response.get("body") or {}).get("error") or {}
    return f"status {response.get('status_code', 'unknown')}: {error.get('message', 'no reason given')}"
