"""Rows of tables `judgments` and `judges` from the answers of a model, and how they are written."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from data_pipeline.errors import InputError
from data_pipeline.folder_lock import written_by_one
from data_pipeline.judges.asked import Asked, Interview
from data_pipeline.judges.journal import Answered
from data_pipeline.judges.outcomes import Outcome, outcome_of
from data_pipeline.judges.prompt import Prompt
from data_pipeline.judges.shown import Shown, ShownLists
from data_pipeline.schema import TABLES
from data_pipeline.store import Results, ResultsWriter, read_manifest, readable


@dataclass(frozen=True)
class ModelJudge:
    """Who judges: a model behind an endpoint."""

    judge: str
    model: str
    prompt: Prompt
    note: str

    def row(self) -> dict[str, Any]:
        """Its row of table `judges`."""
        return {
            "judge": self.judge,
            "kind": "model",
            "title": self.model,
            "judge_model": self.model,
            "prompt": self.prompt.text,
            "prompt_hash": self.prompt.hash,
            "note": self.note,
        }


def judgment_file(judge: str) -> str:
    """The name of the parts that hold a judge's verdicts, one in each model's folder."""
    return f"judge-{judge}.parquet"


def judged_before(results: Results, judge: str) -> dict[Shown, bool]:
    """The lists that earlier runs of `judge` were asked about, and whether chance was measured there.

    Lists that nobody asked about may share an answer, but only where they say the same as others: rows of
    these would be a biased sample.
    """
    keys: dict[Shown, bool] = {}
    for path in results.paths("judgments"):
        if path.name == judgment_file(judge):
            with readable(path):
                table = pq.read_table(path, columns=[*Shown._fields, "chance_trials"], partitioning=None)
            for row in table.to_pylist():
                trials = row.pop("chance_trials")
                keys[Shown(**row)] = trials is not None
    return keys


def judgment_rows(
    judge: ModelJudge, interview: Interview, answers: Mapping[str, Answered], measured: Collection[Shown]
) -> dict[Shown, dict[str, Any]]:
    """A row for each list whose question is through; with chance for the lists that are `measured`.

    Words that measure chance may be another list's own and have an answer though nobody asked for chance:
    chance of such lists alone would be a biased sample.

    Tokens and cost of an answer stand at the first list that it is for, so that their sum is what was spent.
    """
    rows: dict[Shown, dict[str, Any]] = {}
    booked: set[str] = set()
    for key, asked in interview.own.items():
        outcome = outcome_of(asked, answers.get(asked.name))
        if outcome is None:
            continue
        null_asked = interview.null.get(key)
        null = outcome_of(null_asked, answers.get(null_asked.name)) if null_asked else None
        bill = _bill([(asked, outcome), (null_asked, null)], booked)
        row = _row(judge, interview.candidates(key), outcome, null if key in measured else None)
        rows[key] = {**key._asdict(), **row, **bill}
    return rows


def _row(
    judge: ModelJudge, candidates: tuple[str, ...], outcome: Outcome, null: Outcome | None
) -> dict[str, Any]:
    verdict, chance = outcome.verdict, null.verdict if null else None
    return {
        "judge": judge.judge,
        "status": "ok" if verdict else "failed",
        "interpretable": verdict.interpretable if verdict else None,
        "concrete_words": verdict.concrete if verdict else (),
        "abstract_words": verdict.abstract if verdict else (),
        "global_words": verdict.global_ if verdict else (),
        "candidates": candidates,
        "reasoning": verdict.reasoning if verdict else None,
        "chance_hits": int(chance.interpretable) if chance else None,
        "chance_trials": 1 if chance else None,
        "judge_model": judge.model,
        "prompt_hash": judge.prompt.hash,
        "failure": outcome.failure,
    }


def _bill(asked: Iterable[tuple[Asked | None, Outcome | None]], booked: set[str]) -> dict[str, Any]:
    """Tokens and cost of the questions that were not `booked` yet."""
    # by name: words of another image may be the cell's own, and then there is one question
    new = {one.name: outcome for one, outcome in asked if one and outcome and one.name not in booked}
    booked.update(new)
    tokens = [outcome.tokens for outcome in new.values() if outcome.tokens is not None]
    costs = [outcome.cost for outcome in new.values() if outcome.cost is not None]
    return {"tokens": sum(tokens) if tokens else None, "cost": sum(costs) if costs else None}


def write_judgments(
    folder: Path,
    judge: ModelJudge,
    rows: Mapping[Shown, Mapping[str, Any]],
    lists: ShownLists,
    patience: float,
    run: Mapping[str, Any] | None = None,
) -> bool:
    """Write the rows, a part for each model of the study; False where another process keeps writing.

    Args:
        folder: the results.
        judge: whose row of table `judges` is written too.
        rows: all that is known of this judge's verdicts; they take the place of what was written before.
        lists: what was shown, whose hash each part bears.
        patience: seconds to wait for another process.
        run: a row of table `runs`, if the run has ended.
    """
    deadline = time.monotonic() + patience
    while True:
        try:
            with written_by_one(folder, "vlens command"):
                _write(ResultsWriter(folder, read_manifest(folder)), judge, rows, lists, run)
                return True
        except InputError:
            if time.monotonic() >= deadline:
                return False
        time.sleep(0.5)


def _write(
    writer: ResultsWriter,
    judge: ModelJudge,
    rows: Mapping[Shown, Mapping[str, Any]],
    lists: ShownLists,
    run: Mapping[str, Any] | None,
) -> None:
    writer.write_part(f"judges/{judge.judge}.parquet", _table("judges", [judge.row()]))
    for model_id in dict.fromkeys(key.model_id for key in rows):
        own = {key: row for key, row in rows.items() if key.model_id == model_id}
        path = f"judgments/{model_id}/{judgment_file(judge.judge)}"
        writer.write_part(path, _table("judgments", own.values()), lists.digest(own))
    if run:
        writer.write_part(f"runs/{run['run_id']}.parquet", _table("runs", [run]))


def _table(name: str, rows: Iterable[Mapping[str, Any]]) -> pa.Table:
    schema = TABLES[name].schema
    return pa.Table.from_pylist([{c: row.get(c) for c in schema.names} for row in rows], schema=schema)
