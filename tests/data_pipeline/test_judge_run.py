"""Judging against an endpoint on this machine that fails in every way: nothing is lost or paid twice."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from benchmarks.judge_server import FAULTS, MODEL, JudgeServer, at_random, verdict, words_of
from data_pipeline.errors import InputError
from data_pipeline.folder_lock import written_by_one
from data_pipeline.integrity import inspect
from data_pipeline.judges.endpoint import Address
from data_pipeline.judges.items import read_plan
from data_pipeline.judges.judge_runs import Judged, JudgeRun
from data_pipeline.judges.judging import Judging
from data_pipeline.judges.planning import PlanSettings, make_plan
from data_pipeline.judges.questions import Choice
from data_pipeline.judges.spending import Prices
from data_pipeline.progress import SilentProgress
from data_pipeline.store import Results, ResultsWriter
from tests.data_pipeline.test_judge_plan import change_neighbors
from vlens.cli import main

pytestmark = pytest.mark.skipif(find_spec("openai") is None, reason="the extra [judge] is not installed")

ROOT = Path(__file__).parents[2]
JUDGE = "made-up-judge"
PRICES = Prices(1.0, 4.0)
COST = (1500 * 1 + 200 * 4) / 1e6  # of one answer


MODELS = ("alpha-round", "beta-round")


@pytest.fixture(scope="module")
def template(tiny_study_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two models of the tiny study on one canvas, with a plan: three cells, two layers, three lenses."""
    folder = shutil.copytree(tiny_study_folder, tmp_path_factory.mktemp("judge") / "tiny")
    manifest = Results(folder).manifest
    manifest.expected = [entry for entry in manifest.expected if entry.model_id in MODELS]
    manifest.absent = []
    others = {row["model_id"] for row in Results(folder).read("models").to_pylist()} - set(MODELS)
    writer = ResultsWriter(folder, manifest)
    writer.drop_stale_parts(
        path
        for path in list(manifest.parts)
        if not others & {piece.removesuffix(".parquet") for piece in path.split("/")}
    )
    make_plan(folder, PlanSettings(patches=3, vision_layers=("0", "N"), models=MODELS, stratify="truth"))
    return folder


@pytest.fixture
def planned(template: Path, tmp_path: Path) -> Path:
    """A copy that the test may change."""
    return shutil.copytree(template, tmp_path / "tiny")


def judge(folder: Path, server: JudgeServer, **changes: Any) -> Judged:
    timeout = changes.pop("timeout", 20.0)
    address = Address(
        changes.pop("model", MODEL), server.url, timeout=timeout, extra=changes.pop("extra", {})
    )
    run = JudgeRun(address, prices=PRICES, first_wait=0.01, **changes)
    return Judging(folder, run, SilentProgress()).judge_all()


def rows(folder: Path, name: str = JUDGE) -> list[dict[str, Any]]:
    return [row for row in Results(folder).read("judgments").to_pylist() if row["judge"] == name]


def lists_of(folder: Path) -> int:
    return sum(len(item.lenses) * len(item.vision_layers) for item in read_plan(Results(folder)))


def test_every_list_of_the_plan_gets_the_verdict_that_was_given(planned: Path) -> None:
    with JudgeServer(keep_bodies=True) as server:
        judged = judge(planned, server)
    found = rows(planned)
    assert len(found) == judged.lists == lists_of(planned) == judged.answered
    assert {row["status"] for row in found} == {"ok"}
    given = {tuple(words_of(body)): verdict(words_of(body), _question(body)) for body in server.counts.bodies}
    for row in found:
        distinct = tuple({word.casefold(): word for word in row["candidates"][::-1]}.values())
        assert {word.casefold() for word in distinct} in [{w.casefold() for w in words} for words in given]
        named = {*row["concrete_words"], *row["abstract_words"], *row["global_words"]}
        assert row["interpretable"] == bool(named)
        assert named <= set(row["candidates"])
        assert row["reasoning"] == "Made up: nobody looked."
    assert judged.interpretable == sum(row["interpretable"] for row in found) not in (0, len(found))
    assert sum(row["tokens"] or 0 for row in found) == 1700 * server.counts.paid.total()
    assert sum(row["cost"] or 0 for row in found) == pytest.approx(judged.spent)
    assert judged.spent == pytest.approx(COST * server.counts.paid.total())
    (row,) = [row for row in Results(planned).read("judges").to_pylist() if row["judge"] == JUDGE]
    assert row["kind"] == "model"
    assert row["prompt_hash"] == found[0]["prompt_hash"]
    assert "{candidates}" in row["prompt"]
    assert inspect(planned).problems == ()


def _question(body: dict[str, Any]) -> str:
    from benchmarks.judge_server import question_of

    return question_of(body)


def test_what_was_answered_is_not_asked_again(planned: Path) -> None:
    with JudgeServer() as server:
        first = judge(planned, server, choice=Choice(patches=2))
        assert first.lists < lists_of(planned)
        judge(planned, server)
        before, again = server.counts.requests, judge(planned, server)
    assert server.counts.requests == before
    assert again.asked_now == 0
    assert set(server.counts.paid.values()) == {1}
    assert len(rows(planned)) == lists_of(planned)


def test_what_was_not_asked_about_gets_no_row_even_where_an_answer_would_fit(planned: Path) -> None:
    """Rows of lists that happen to equal others would be a biased sample."""
    item = read_plan(Results(planned))[0]
    change_neighbors(planned, item)  # now the same words at all layers
    make_plan(planned, PlanSettings(patches=3, vision_layers=("0", "N"), models=(item.model_id,)))
    choice = Choice(lenses=("logit",), vision_layers=("0",))
    with JudgeServer() as server:
        judged = judge(planned, server, choice=choice)
        assert {(row["lens"], row["vision_layer"]) for row in rows(planned)} == {("logit", 0)}
        before = server.counts.requests
        judge(planned, server, choice=replace(choice, vision_layers=("N",)))
        assert server.counts.requests < before + judged.lists  # one answer was there
    assert {row["vision_layer"] for row in rows(planned)} == {0, 4}


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_is_got_over(planned: Path, fault: str) -> None:
    """Every question meets the fault first."""
    timeout = 1.5 if fault == "timeout" else 20
    choice = Choice(patches=1, lenses=("logit",), vision_layers=("0",))
    with JudgeServer(lambda _, before: fault if before == 0 else "ok", hang=2) as server:
        judged = judge(planned, server, timeout=timeout, choice=choice)
    assert (judged.answered, judged.failed) == (judged.lists, 0)
    assert server.counts.faults[fault] == len(server.counts.asked)
    paid = 2 if fault in ("truncated", "refusal", "schema", "strange") else 1
    assert set(server.counts.paid.values()) == {paid}
    assert judged.spent == pytest.approx(COST * server.counts.paid.total())


def test_an_endpoint_is_obeyed_that_asks_to_wait(planned: Path) -> None:
    begin = time.monotonic()
    with JudgeServer(lambda _, before: "429" if before == 0 else "ok", retry_after="1") as server:
        judge(planned, server, choice=Choice(patches=1, lenses=("logit",), vision_layers=("0",)))
    assert time.monotonic() - begin > 2  # the first question alone, then those that were asked at once


@pytest.mark.parametrize(
    ("fault", "reason"),
    [("refusal", "refused"), ("truncated", "cut off"), ("strange", "not among"), ("schema", "form")],
)
def test_a_question_without_a_verdict_fails_with_its_reason_and_is_no_negative(
    planned: Path, fault: str, reason: str
) -> None:
    choice = Choice(patches=1)
    with JudgeServer(lambda question, _: fault if question < "8" else "ok") as server:
        judged = judge(planned, server, choice=choice)
        before, _ = server.counts.requests, judge(planned, server, choice=choice)
        assert server.counts.requests == before  # three answers were paid for; no more are
    failed = [row for row in rows(planned) if row["status"] == "failed"]
    assert len(failed) == judged.failed > 0
    assert judged.failed + judged.answered == judged.lists
    assert all(row["interpretable"] is None and reason in row["failure"] for row in failed)
    assert {count for question, count in server.counts.paid.items() if question < "8"} == {3}


def test_what_got_no_answer_has_failed_and_is_asked_by_the_next_run(
    planned: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("data_pipeline.judges.asking.MOST_TRIES", 2)
    asked = Counter[str]()
    broken = True

    def choose(question: str, _before: int) -> str:
        asked[question] += 1
        return "500" if broken and len(asked) == 3 and question == list(asked)[2] else "ok"

    with JudgeServer(choose) as server:
        judged = judge(planned, server, concurrency=1)
        assert judged.failed > 0
        assert "status 500" in next(row["failure"] for row in rows(planned) if row["status"] == "failed")
        broken = False
        assert judge(planned, server).failed == 0
    assert set(server.counts.paid.values()) == {1}


def command(server: JudgeServer, folder: Path, *options: str) -> list[str]:
    return ["judge", "run", str(folder), "--model", MODEL, "--base-url", server.url, *options]


# A shell that puts tests into the background has their children ignore SIGINT.
INTERRUPTIBLE = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
from vlens.cli import main
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.parametrize("kill", [signal.SIGKILL, signal.SIGINT])
def test_a_run_that_is_stopped_anywhere_loses_nothing_and_pays_nothing_twice(
    planned: Path, kill: signal.Signals
) -> None:
    with JudgeServer(at_random(0.1, ("500", "schema")), delay=0.2) as server:
        process = subprocess.Popen(
            [sys.executable, "-c", INTERRUPTIBLE, *command(server, planned, "--concurrency", "2")],
            cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        while server.counts.paid.total() < 4:
            time.sleep(0.01)
            assert process.poll() is None, process.communicate()
        process.send_signal(kill)
        process.communicate(timeout=60)
        time.sleep(0.3)
        path = planned / "judge_answers" / JUDGE / "answers.jsonl"
        stored = [json.loads(line) for line in path.read_bytes().split(b"\n") if line.endswith(b"}")]
        in_flight = server.counts.paid.total() - sum("content" in line for line in stored)
        assert 0 <= in_flight <= (2 if kill == signal.SIGKILL else 0)
        assert process.returncode == (130 if kill == signal.SIGINT else -kill)
        judged = judge(planned, server)
    assert judged.answered + judged.failed == judged.lists == len(rows(planned))
    lines = [json.loads(line) for line in path.read_bytes().split(b"\n") if line.endswith(b"}")]
    verdicts = {line["asked"] for line in stored if "reasoning" in (line.get("content") or "")}
    assert verdicts
    times = Counter(line["asked"] for line in lines)
    assert all(times[name] == Counter(line["asked"] for line in stored)[name] for name in verdicts)
    assert server.counts.paid.total() - in_flight == sum("content" in line for line in lines)


def test_a_budget_ends_a_run_cleanly(planned: Path, capsys: pytest.CaptureFixture[str]) -> None:
    prices = ("--price-in", "1", "--price-out", "4")
    with JudgeServer() as server:
        code = main(command(server, planned, *prices, "--budget", str(COST * 6.5)))
        assert code == 3
        assert server.counts.paid.total() == 6
        assert "The budget is used up" in capsys.readouterr().out
        done = len(rows(planned))
        assert 0 < done < lists_of(planned)
        assert main(command(server, planned, *prices, "--budget", "5")) == 0
    assert len(rows(planned)) == lists_of(planned)
    assert set(server.counts.paid.values()) == {1}


def test_an_estimate_sends_nothing(planned: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with JudgeServer() as server:
        assert main(command(server, planned, "--price-in", "1", "--price-out", "2", "--estimate")) == 0
        assert "assumed" in (said := capsys.readouterr().out)
        assert "about $0.0" in said
        judge(planned, server, choice=Choice(patches=1))
        before = server.counts.requests
        assert main(command(server, planned, "--price-in", "1", "--price-out", "2", "--estimate")) == 0
        assert "1,500 tokens in and 200 out each (measured on" in capsys.readouterr().out
    assert server.counts.requests == before


def test_chance_is_asked_with_another_images_words(planned: Path) -> None:
    with JudgeServer() as server:
        judge(planned, server)
        assert {row["chance_trials"] for row in rows(planned)} == {None}
        judge(planned, server, null=True)
    found = rows(planned)
    assert {row["chance_trials"] for row in found} == {1}
    assert {row["chance_hits"] for row in found} == {0, 1}
    assert set(server.counts.paid.values()) == {1}


def test_what_was_spent_is_the_sum_of_the_rows_where_questions_are_shared(planned: Path) -> None:
    """All cells have the same words, so each question is also the one that measures its chance."""
    item = read_plan(Results(planned))[0]
    change_neighbors(planned, item, everywhere=True)
    make_plan(planned, PlanSettings(patches=3, models=(item.model_id,)))
    with JudgeServer() as server:
        judged = judge(planned, server, null=True, choice=Choice(lenses=("logit",)))
    assert server.counts.paid.total() == 3 < judged.lists
    assert sum(row["tokens"] or 0 for row in rows(planned)) == 1700 * 3
    assert {row["chance_hits"] for row in rows(planned)} <= {0, 1}


def test_chance_stands_only_where_it_was_asked_for(planned: Path) -> None:
    """All cells have the same words, so that the answer which measures chance is there without `--null`."""
    item = read_plan(Results(planned))[0]
    change_neighbors(planned, item, everywhere=True)
    make_plan(planned, PlanSettings(patches=3, vision_layers=("0", "N"), models=(item.model_id,)))
    choice = Choice(lenses=("logit",))

    def layers_with_chance() -> set[int]:
        return {row["vision_layer"] for row in rows(planned) if row["chance_trials"]}

    with JudgeServer() as server:
        judge(planned, server, choice=choice)
        assert layers_with_chance() == set()
        judge(planned, server, null=True, choice=replace(choice, vision_layers=("0",)))
        assert layers_with_chance() == {0}
        judge(planned, server, choice=choice)  # what was measured stays
        assert layers_with_chance() == {0}


def test_an_endpoint_without_schemas_is_asked_in_words(planned: Path) -> None:
    with JudgeServer(takes_schema=False, keep_bodies=True) as server:
        judged = judge(planned, server, choice=Choice(patches=1))
    assert judged.answered == judged.lists
    assert sum("response_format" in body for body in server.counts.bodies) == 1


def test_extra_keys_go_into_every_request(planned: Path) -> None:
    with JudgeServer(keep_bodies=True) as server:
        judge(planned, server, choice=Choice(patches=1), extra={"temperature": 0})
        with pytest.raises(InputError, match="was asked with extra"):
            judge(planned, server, extra={})
        judge(planned, server, judge="another", extra={}, choice=Choice(patches=1))
    assert {body.get("temperature", 1) for body in server.counts.bodies} == {0, 1}
    assert {row["judge"] for row in Results(planned).read("judges").to_pylist()} == {JUDGE, "another"}


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"model": "nobody", "judge": "x"}, "no model 'nobody' here: The model `nobody` does not exist"),
        ({"choice": Choice(plan="other")}, "no plan 'other', it has sample"),
        ({"judge": "annotations"}, "expected another id"),
        ({"judge": "a/b"}, "cannot be used"),
    ],
)
def test_what_cannot_be_asked_is_said_in_one_line(
    planned: Path, changes: dict[str, Any], complaint: str
) -> None:
    with JudgeServer() as server, pytest.raises(InputError, match=complaint):
        judge(planned, server, **changes)
    assert not [row for row in rows(planned, changes.get("judge", JUDGE)) if row["judge"] != "annotations"]


@pytest.mark.parametrize(("status", "said"), [("402", "there is no credit"), ("403", "access is denied")])
def test_no_credit_stops_at_once_and_keeps_what_was_answered(planned: Path, status: str, said: str) -> None:
    with JudgeServer(lambda *_: "ok" if server.counts.requests < 6 else status) as server:
        with pytest.raises(InputError, match=said):
            judge(planned, server, concurrency=1)
        assert server.counts.requests == 6
        paid = server.counts.paid.total()
    assert len((planned / "judge_answers" / JUDGE / "answers.jsonl").read_bytes().splitlines()) == paid
    assert sum(row["tokens"] or 0 for row in rows(planned)) == 1700 * paid


def test_a_wrong_key_is_refused_and_never_shown_or_stored(
    planned: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MY_KEY", "sk-very-secret")
    with JudgeServer(key="sk-right-key") as server:
        assert main(command(server, planned, "--key-env", "MY_KEY")) == 2
        said = capsys.readouterr().err
        assert said.count("\n") == 1
        assert "the key is not accepted" in said
        assert "sk-very-secret" not in said
        monkeypatch.setenv("MY_KEY", "sk-right-key")
        assert main(command(server, planned, "--key-env", "MY_KEY", "--patches", "1")) == 0
    for path in planned.rglob("*"):
        assert not path.is_file() or b"sk-" not in path.read_bytes()


def test_a_key_that_was_not_set_is_told_with_where_it_belongs(
    planned: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with JudgeServer(key="sk-right-key") as server:
        assert main(command(server, planned)) == 2
    said = capsys.readouterr().err
    assert "asks for a key, and none was set: put it into the environment variable OPENAI_API_KEY" in said
    assert "--key-env" in said
    assert "not accepted" not in said


@pytest.mark.parametrize(("path", "hint"), [("", "; most addresses end in /v1"), ("/v2/v1", "")])
def test_a_wrong_address_is_not_told_as_a_wrong_model_alone(
    planned: Path, capsys: pytest.CaptureFixture[str], path: str, hint: str
) -> None:
    with JudgeServer(has_batches=False) as server:
        address = server.url.removesuffix("/v1") + path
        assert main(["judge", "run", str(planned), "--model", MODEL, "--base-url", address]) == 2
    said = capsys.readouterr().err
    assert f"{address}: not the address of an endpoint{hint}; or no model {MODEL!r} here" in said
    assert said.count("\n") == 1


def test_an_endpoint_that_is_not_there_is_told_soon(planned: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("data_pipeline.judges.asking.MOST_TRIES", 2)
    with JudgeServer() as server:
        pass  # closed: nobody listens at its port
    with pytest.raises(InputError, match="the endpoint does not answer: the connection failed"):
        judge(planned, server)


def test_a_plan_of_other_results_is_refused_and_the_answers_stay(planned: Path) -> None:
    with JudgeServer() as server:
        judge(planned, server)
        before = (planned / "judge_answers" / JUDGE / "answers.jsonl").read_bytes()
        change_neighbors(planned, read_plan(Results(planned))[0])
        with pytest.raises(InputError, match="made for other results"):
            judge(planned, server)
    assert (planned / "judge_answers" / JUDGE / "answers.jsonl").read_bytes() == before


def test_answers_are_kept_while_another_process_writes(
    planned: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("data_pipeline.judges.judging._PATIENCE", 0)
    script = (
        "import sys, time; from pathlib import Path; from data_pipeline.folder_lock import written_by_one\n"
    )
    script += "with written_by_one(Path(sys.argv[1]), 'x'): print(1, flush=True); time.sleep(60)"
    other = subprocess.Popen([sys.executable, "-c", script, planned], cwd=ROOT, stdout=subprocess.PIPE)
    assert other.stdout
    other.stdout.readline()
    with JudgeServer() as server:
        judged = judge(planned, server, choice=Choice(patches=1))
        assert not judged.written
        assert rows(planned) == []
        other.kill()
        other.communicate()
        assert judge(planned, server, choice=Choice(patches=1)).written
        assert set(server.counts.paid.values()) == {1}
    assert len(rows(planned)) == judged.lists


def test_two_runs_do_not_ask_for_one_judge(planned: Path) -> None:
    place = planned / "judge_answers" / JUDGE
    place.mkdir(parents=True)
    with JudgeServer() as server, written_by_one(place, "x"), pytest.raises(InputError, match="another"):
        judge(planned, server)
    assert server.counts.requests == 0


def test_a_budget_needs_prices(planned: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["judge", "run", str(planned), "--model", "m", "--budget", "1"]) == 2
    assert "--budget needs --price-in" in capsys.readouterr().err


def test_no_key_is_said(
    planned: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    assert main(["judge", "run", str(planned), "--model", "m"]) == 2
    assert "no key for https://api.openai.com/v1: set the environment variable OPENAI_API_KEY" in (
        capsys.readouterr().err
    )
    assert not (planned / "judge_answers").exists()


def test_a_light_installation_is_told_what_to_install(
    planned: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "openai", None)
    with JudgeServer() as server:
        assert main(command(server, planned)) == 2
    assert "pip install 'vlens[judge]'" in capsys.readouterr().err
    assert not (planned / "judge_answers").exists()


def test_a_name_belongs_to_nobody_before_the_first_answer(planned: Path) -> None:
    choice = Choice(patches=1, lenses=("logit",), vision_layers=("0",))
    with JudgeServer() as server:
        with pytest.raises(InputError, match="no model"):
            judge(planned, server, model="misspelt", judge="mine")
        make_plan(planned, PlanSettings(patches=2, seed=5))  # nobody has judged the first one
        assert judge(planned, server, judge="mine", choice=choice).answered
        with pytest.raises(InputError, match="was asked with model 'made-up-judge', now 'other'"):
            judge(planned, server, model="other", judge="mine")


def test_results_without_a_plan_are_told_how_to_get_one(
    tiny_results: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["judge", "run", str(tiny_results), "--model", "m"]) == 2
    assert "vlens judge plan" in capsys.readouterr().err
    assert not (tiny_results / "judge_answers").exists()
