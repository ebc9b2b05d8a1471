"""`vlens judge run`: a plan is put before a model, and its verdicts become table `judgments`."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from data_pipeline.errors import InputError
from data_pipeline.folder_lock import written_by_one
from data_pipeline.judges.answer_folders import answer_folder
from data_pipeline.judges.asked import Asked, Interview
from data_pipeline.judges.asking import Asking, Messages, Tally
from data_pipeline.judges.batch_asking import BatchAsking
from data_pipeline.judges.endpoint import Endpoint
from data_pipeline.judges.items import Item, check_fits, items_of, places_of, read_plan
from data_pipeline.judges.journal import Journal
from data_pipeline.judges.judge_identity import check_identity, keep_identity, model_judge
from data_pipeline.judges.judge_runs import Judged, JudgeRun
from data_pipeline.judges.judgment_rows import (
    judged_before,
    judgment_rows,
    write_judgments,
)
from data_pipeline.judges.outcomes import Outcome, outcome_of
from data_pipeline.judges.pace import Pace
from data_pipeline.judges.pictures import draw_pictures, read_canvases
from data_pipeline.judges.prompt import Prompt
from data_pipeline.judges.questions import chosen_lists
from data_pipeline.judges.shown import ShownLists
from data_pipeline.judges.spending import Estimate, Purse, estimate
from data_pipeline.progress import Progress
from data_pipeline.store import Results
from data_pipeline.versions import recorded_versions

_WRITE_EVERY = 120.0
_PATIENCE = 60.0


class Judging:
    """A plan, a model, and what is known of its answers."""

    def __init__(self, folder: Path, run: JudgeRun, progress: Progress) -> None:
        """Read the plan and the answers so far.

        Raises:
            InputError: no plan or one of other results, no canvases, or the judge is another model.
        """
        self.folder, self.run, self.progress = folder, run, progress
        if run.budget is not None and not run.prices.known:
            raise InputError("--budget needs --price-in and --price-out, dollars per million tokens")
        self.results = Results(folder)
        self.prompt = Prompt.load()
        self.judge = model_judge(run.judge_id, run.address, self.prompt)
        items = read_plan(self.results, run.choice.plan)
        every = items_of(self.results.read("judge_items"))
        self.lists = ShownLists(self.results.paths, places_of([*items, *every]))
        check_fits(self.results, items, self.lists)
        chosen = chosen_lists(self.results, items, run.choice)
        self.interview = Interview(chosen, self.lists, self.prompt, run.address.model)
        if not self.interview.own:
            raise InputError(
                f"{folder}: plan {items[0].plan} has nothing to judge of these lenses and layers"
            )
        before = judged_before(self.results, self.judge.judge)
        judged = {key for _, key in chosen} | set(before)
        self._measured = {key for key, chance in before.items() if chance}
        if run.null:
            self._measured |= set(self.interview.null)
        pairs = [pair for pair in _pairs(every) if pair[1] in judged]
        self._all = Interview(pairs, self.lists, self.prompt, run.address.model)
        self._canvases = self._read_canvases()
        self.place = answer_folder(folder, self.judge.judge)
        check_identity(self.place, self.judge, run.address, self.results)
        self.journal = Journal(self.place)

    def todo(self) -> list[Asked]:
        """The questions that have no verdict and may still be asked."""
        found = []
        for asked in self.interview.questions(self.run.null):
            outcome = outcome_of(asked, self.journal.answers.get(asked.name))
            if outcome is None or outcome.may_ask_again:
                found.append(asked)
        return found

    def forecast(self) -> Estimate:
        """What is still to come, measured on answers as far as there are any."""
        replies = [reply for answered in self.journal.answers.values() for reply in answered.replies]
        characters = len(self.prompt.text)
        return estimate(len(self.todo()), characters, replies, self.run.prices)

    def judge_all(self) -> Judged:
        """Ask what is to be asked and write what is known, whatever stops it.

        Raises:
            InputError: the endpoint cannot be asked, or another process asks for this judge.
            KeyboardInterrupt: stopped by the user; answers are kept.
        """
        endpoint = Endpoint(self.run.address) if self.todo() else None  # refused before anything is written
        with written_by_one(self.place, "vlens judge run"), Journal(self.place) as self.journal:
            keep_identity(self.place, self.judge, self.run.address)
            before = self._counts()
            started, clock, asked_now, out = datetime.now(UTC), time.perf_counter(), 0, False
            written = True
            try:
                todo = self.todo()
                if todo and endpoint:
                    asked_now, out = self._ask(endpoint, todo)
            finally:
                seconds = time.perf_counter() - clock
                run = self._run_row(started, seconds) if self._counts() != before else None
                written = self._write(_PATIENCE, run)
            answered, interpretable, failed = self._counts()
            lists = len(self.interview.own)
            spent = self._spent()
            return Judged(
                self.judge.judge, lists, answered, interpretable, failed, spent, asked_now, out, written
            )

    def _ask(self, endpoint: Endpoint, todo: list[Asked]) -> tuple[int, bool]:
        """Ask the first question alone: it tells whether the endpoint works, and what a question costs."""
        tally, done = self._tally(), 0
        spent_before = self._spent()
        purse = Purse(self.run.budget, spent_before, self.forecast().each)
        with self.progress.stage(f"Judging by {self.judge.judge}", len(todo)) as stage:

            def told(asked: Asked, outcome: Outcome) -> None:
                nonlocal done
                tally.count(asked, outcome)
                done += 1
                stage.advance(1, _note_of(tally, purse.spent, self.run.prices.known))

            pace = Pace(self.run.per_minute)
            if self.run.batch:
                batches = BatchAsking(
                    endpoint,
                    self.journal,
                    self.place,
                    self._messages,
                    self.run.prices,
                    pace,
                    self.progress,
                    told,
                    self.run.poll,
                    self._affordable,
                )
                batches.ask_all(todo)
                return done, batches.out_of_budget
            asking = Asking(
                endpoint,
                self.journal,
                self._messages,
                purse,
                self.run.prices,
                pace,
                told,
                self.progress.say,
                self.run.first_wait,
            )
            asking.ask_all(todo[:1], 1, lambda: None)
            if len(todo) > 1 and not asking.out_of_budget:
                self.progress.say(self.forecast().in_words())
                pace.stopping.clear()
                asking.ask_all(todo[1:], self.run.concurrency, self._write_now_and_then())
        return done, asking.out_of_budget

    def _affordable(self) -> int | None:
        """How many questions the budget still holds."""
        each = self.forecast().each
        if self.run.budget is None or not each:
            return None
        return int((self.run.budget - self._spent()) / each + 1e-9)

    def _messages(self, asked: Asked) -> Messages:
        return self.prompt.messages(asked.words, self._pictures(asked.canvas_id, asked.cell))

    def _read_canvases(self) -> Mapping[str, Mapping[str, Any]]:
        wanted = {asked.canvas_id for asked in self.interview.own.values()}
        rows = {row["canvas_id"]: row for row in read_canvases(self.results.paths("canvases"), wanted)}
        if lost := sorted(wanted - set(rows)):
            raise InputError(
                f"{self.folder}: holds no canvas {lost[0]}, and a judge must see what the models saw"
            )
        self._pictures = lru_cache(maxsize=64)(lambda canvas_id, cell: draw_pictures(rows[canvas_id], cell))
        return rows

    def _tally(self) -> Tally:
        """Verdicts and failures of the questions that are through."""
        tally = Tally()
        for asked in self.interview.questions(self.run.null):
            outcome = outcome_of(asked, self.journal.answers.get(asked.name))
            if outcome and not outcome.may_ask_again:
                tally.count(asked, outcome)
        return tally

    def _counts(self) -> tuple[int, int, int]:
        """Lists with a verdict, interpretable ones among them, and failed ones."""
        outcomes = [
            outcome_of(asked, self.journal.answers.get(asked.name)) for asked in self.interview.own.values()
        ]
        verdicts = [outcome.verdict for outcome in outcomes if outcome and outcome.verdict]
        failed = sum(1 for outcome in outcomes if outcome and not outcome.verdict)
        return len(verdicts), sum(verdict.interpretable for verdict in verdicts), failed

    def _spent(self) -> float:
        replies = [reply for answered in self.journal.answers.values() for reply in answered.replies]
        return sum(reply.cost or 0.0 for reply in replies)

    def _write_now_and_then(self) -> Any:
        last = time.monotonic()

        def write() -> None:
            nonlocal last
            if time.monotonic() - last > _WRITE_EVERY:
                self._write(0, None)
                last = time.monotonic()

        return write

    def _write(self, patience: float, run: Mapping[str, Any] | None) -> bool:
        rows = judgment_rows(self.judge, self._all, dict(self.journal.answers), self._measured)
        return not rows or write_judgments(self.folder, self.judge, rows, self.lists, patience, run)

    def _run_row(self, started: datetime, seconds: float) -> dict[str, Any]:
        name = f"judge {self.judge.judge} {started.isoformat()}"
        return {
            "run_id": hashlib.sha256(name.encode()).hexdigest()[:16],
            "stage": "judge",
            "started": started,
            "seconds": seconds,
            "command": self.run.command,
            "versions": json.dumps(recorded_versions(("openai", "pillow", "pyarrow"))),
        }


def _pairs(items: list[Item]) -> list[tuple[Item, Any]]:
    return [(item, key) for item in items for key in item.own_keys()]


def _note_of(tally: Tally, spent: float, priced: bool) -> str:
    money = f", ${spent:,.2f}" if priced else ""
    return f"{tally.interpretable} of {tally.answered} interpretable, {tally.failed} failed{money}"
