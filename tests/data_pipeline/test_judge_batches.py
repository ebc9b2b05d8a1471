"""Judging in batches: every answer is taken once, and a batch is never sent twice."""

from __future__ import annotations

import json
from collections import Counter
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from benchmarks.judge_server import MODEL, JudgeServer
from data_pipeline.errors import InputError
from data_pipeline.judges.endpoint import Address
from data_pipeline.judges.judge_runs import Judged, JudgeRun
from data_pipeline.judges.judging import Judging
from data_pipeline.judges.planning import PlanSettings, make_plan
from data_pipeline.judges.questions import Choice
from data_pipeline.judges.spending import Prices
from data_pipeline.progress import SilentProgress

pytestmark = pytest.mark.skipif(find_spec("openai") is None, reason="the extra [judge] is not installed")

COST = (1500 * 1 + 200 * 4) / 1e6  # of one answer


@pytest.fixture
def planned(tiny_results: Path) -> Path:
    make_plan(
        tiny_results, PlanSettings(patches=2, vision_layers=("0",), models=("alpha-round", "beta-round"))
    )
    return tiny_results


def judging(folder: Path, server: JudgeServer, **changes: Any) -> Judging:
    run = JudgeRun(Address(MODEL, server.url), prices=Prices(1, 4), batch=True, poll=0.01, **changes)
    return Judging(folder, run, SilentProgress())


def judge(folder: Path, server: JudgeServer, **changes: Any) -> Judged:
    return judging(folder, server, **changes).judge_all()


def test_a_plan_is_one_batch_and_every_question_is_asked_once(planned: Path) -> None:
    with JudgeServer() as server:
        judged = judge(planned, server)
        assert judge(planned, server).asked_now == 0
    assert (judged.answered, judged.failed) == (judged.lists, 0)
    assert len(server.batches.batches) == 1
    assert set(Counter(server.batches.asked).values()) == {1}
    assert judged.spent == pytest.approx(COST * len(server.batches.asked))
    assert server.counts.requests == 0  # of single questions


def test_broken_answers_are_asked_for_in_another_batch(planned: Path) -> None:
    with JudgeServer() as server:
        names = [asked.name for asked in judging(planned, server).todo()]
        server.batches.faults = {names[0]: "schema", names[1]: "500"}
        judged = judge(planned, server)
        assert judged.failed >= 1  # no answer came, and nothing was paid: the next run asks
        assert Counter(server.batches.asked)[names[0]] == 2
        assert Counter(server.batches.asked)[names[1]] == 1
        assert judge(planned, server).failed == 0
    assert len(server.batches.batches) == 3


@pytest.mark.parametrize("told", [True, False])
def test_a_batch_that_a_dead_process_sent_is_found_again(planned: Path, told: bool) -> None:
    """The process dies while the batch runs, before or after it hears the batch's number."""
    with JudgeServer() as server:
        first = judging(planned, server)
        server.batches.looks = 10**9
        with pytest.raises(_Killed):
            _dying(first).judge_all()
        state = planned / "judge_answers" / MODEL / "batches.json"
        (sent,) = json.loads(state.read_text())
        assert sent["batch_id"] == "batch_0"
        if not told:
            state.write_text(json.dumps([{**sent, "batch_id": None}]))
        server.batches.looks = 1
        judged = judge(planned, server)
    assert judged.answered == judged.lists
    assert list(server.batches.batches) == ["batch_0"]
    assert json.loads(state.read_text()) == []


class _Killed(Exception):  # noqa: N818
    pass


def _dying(one: Judging) -> Judging:
    def die(_line: str) -> None:
        raise _Killed

    one.progress.say = die  # type: ignore[method-assign]  # said once the batch is sent
    return one


def test_answers_that_were_kept_are_not_taken_again(planned: Path) -> None:
    """The process dies between two answers of a batch that is done."""
    with JudgeServer() as server:
        judge(planned, server)
        place = planned / "judge_answers" / MODEL
        lines = (place / "answers.jsonl").read_bytes().splitlines(keepends=True)
        (place / "answers.jsonl").write_bytes(b"".join(lines[:2]) + lines[2][:30])
        names = [json.loads(line)["asked"] for line in lines]
        (place / "batches.json").write_text(
            json.dumps([{"mark": "m", "asked": names, "batch_id": "batch_0"}])
        )
        judged = judge(planned, server)
    assert judged.answered == judged.lists
    assert judged.spent == pytest.approx(COST * len(names))
    assert len(server.batches.batches) == 1


def test_a_budget_bounds_what_is_sent(planned: Path) -> None:
    with JudgeServer() as server:
        judge(planned, server, choice=Choice(patches=1, lenses=("logit",)))  # prices are measured
        before = len(server.batches.asked)
        judged = judge(planned, server, budget=COST * (before + 2))
    assert judged.out_of_budget
    assert len(server.batches.asked) == before + 2


def test_an_endpoint_without_batches_is_said(planned: Path) -> None:
    with JudgeServer(has_batches=False) as server, pytest.raises(InputError, match="has no batches"):
        judge(planned, server)


def test_a_batch_that_failed_is_said_with_its_reason_and_forgotten(planned: Path) -> None:
    with JudgeServer() as server:
        server.batches.refuses = "too many questions"
        with pytest.raises(InputError, match="batch batch_0 failed: too many questions"):
            judge(planned, server)
        server.batches.refuses = None
        judged = judge(planned, server)
    assert judged.answered == judged.lists
