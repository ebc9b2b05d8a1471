"""People's answers into results: what they mean there, and every way in which a file can be wrong."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from data_pipeline.errors import InputError
from data_pipeline.integrity import inspect
from data_pipeline.judges.planning import PlanSettings, make_plan
from data_pipeline.judges.questions import Choice, Question, read_questions
from data_pipeline.store import Results
from vlens.cli import main

PLAN = "sample"
MODELS = ("alpha-round", "beta-round")


@pytest.fixture(scope="module")
def planned(tiny_study_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny study with a plan; not to be changed."""
    folder = shutil.copytree(tiny_study_folder, tmp_path_factory.mktemp("planned") / "tiny")
    make_plan(folder, PlanSettings(PLAN, patches=2, models=MODELS))
    return folder


@pytest.fixture(scope="module")
def questions(planned: Path) -> list[Question]:
    return read_questions(Results(planned), Choice())


@pytest.fixture
def results(planned: Path, tmp_path: Path) -> Path:
    return shutil.copytree(planned, tmp_path / "results")


def answer(question: Question, *relations: str | None, verdict: str | None = None) -> dict[str, Any]:
    """An answer that gives the first words these relations."""
    said = [*relations, *[None] * (len(question.words) - len(relations))]
    return {
        "question": question.question_id,
        "words": list(question.words),
        "verdict": verdict or ("related" if any(said) else "none"),
        "relations": said,
    }


def saved(path: Path, answers: list[dict[str, Any]], **changes: Any) -> Path:
    """A file of answers."""
    content = {
        "format": "vlens-answers",
        "version": 1,
        "study": "tiny",
        "plan": PLAN,
        "annotator": "Ana María",
        "answers": answers,
        **changes,
    }
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def rows_of(results: Path, judge: str) -> list[dict[str, Any]]:
    return [row for row in Results(results).read("judgments").to_pylist() if row["judge"] == judge]


def tree(results: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in results.rglob("*") if path.is_file()}


def refused(capsys: pytest.CaptureFixture[str], results: Path, *words: object) -> str:
    """The one line of an import that must fail and leave everything as it was."""
    before = tree(results)
    capsys.readouterr()
    assert main(["judge", "import", *map(str, words), "--results", str(results)]) == 2
    captured = capsys.readouterr()
    assert (captured.out, captured.err.count("\n")) == ("", 1)
    assert captured.err.isprintable() or captured.err[:-1].isprintable()
    assert tree(results) == before
    return captured.err


def test_a_question_stands_for_every_list_that_shows_its_words(questions: list[Question]) -> None:
    lists = [key for question in questions for key in question.lists]
    assert len(lists) == len(set(lists)) == 2 * len(MODELS) * 3 * 3  # cells, lenses, layers
    assert len({question.question_id for question in questions}) == len(questions)
    assert all(len(set(question.words)) == len(question.words) for question in questions)


def test_a_choice_asks_about_less(planned: Path) -> None:
    def lists(choice: Choice) -> set[tuple[str, str, int]]:
        found = read_questions(Results(planned), choice)
        return {(key.model_id, key.lens, key.vision_layer) for one in found for key in one.lists}

    only = lists(Choice(models=["alpha-round"], lenses=["logit"], vision_layers=["N"]))
    assert only == {("alpha-round", "logit", 4)}
    one = read_questions(Results(planned), Choice(patches=1))
    assert len({(key.model_id, key.place) for question in one for key in question.lists}) == len(MODELS)
    for choice, said in (
        (Choice(lenses=["x"]), "lens 'x'"),
        (Choice(models=["shelf"]), "model 'shelf'"),
        (Choice(vision_layers=["3"]), "nothing to ask of these"),
        (Choice(plan="other"), "no plan 'other'"),
    ):
        with pytest.raises(InputError, match=said):
            lists(choice)


def test_answers_become_judgments_of_a_person(
    results: Path, questions: list[Question], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second, third = questions[:3]
    said = [answer(first, "concrete", None, "global"), answer(second), answer(third, verdict="unsure")]
    assert main(["judge", "import", str(saved(tmp_path / "a.json", said)), "--results", str(results)]) == 0
    counts = [len(question.lists) for question in (first, second, third)]
    assert f"ana-maria: 3 answers, {sum(counts)} judgments, {counts[2]} of them" in capsys.readouterr().out
    rows = {
        (row["model_id"], row["image_id"], row["lens"], row["vision_layer"], row["cell"]): row
        for row in rows_of(results, "ana-maria")
    }
    assert set(rows) == {tuple(key) for question in (first, second, third) for key in question.lists}
    yes, no, unsure = (rows[tuple(question.lists[0])] for question in (first, second, third))
    assert (yes["status"], yes["interpretable"]) == ("ok", True)
    assert (yes["concrete_words"], yes["global_words"]) == ([first.words[0]], [first.words[2]])
    assert yes["candidates"] == list(first.candidates[0])
    assert (no["status"], no["interpretable"], no["concrete_words"]) == ("ok", False, [])
    assert (unsure["status"], unsure["interpretable"]) == ("skipped", None)
    assert unsure["failure"] == "the person could not say"
    judges = {row["judge"]: row for row in Results(results).read("judges").to_pylist()}
    assert (judges["ana-maria"]["kind"], judges["ana-maria"]["title"]) == ("person", "Ana María")
    assert inspect(results).problems == ()


def test_a_file_that_grew_is_taken_and_a_change_of_mind_is_asked_for(
    results: Path, questions: list[Question], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.json"
    for said in ([answer(questions[0])], [answer(questions[0]), answer(questions[1], "abstract")]):
        assert main(["judge", "import", str(saved(path, said)), "--results", str(results)]) == 0
    count = len(questions[0].lists) + len(questions[1].lists)
    assert len(rows_of(results, "ana-maria")) == count
    saved(path, [answer(questions[0], "concrete")])
    assert "has answered otherwise before" in refused(capsys, results, path)
    assert main(["judge", "import", str(path), "--results", str(results), "--replace"]) == 0
    rows = rows_of(results, "ana-maria")
    assert (len(rows), sum(row["interpretable"] for row in rows)) == (count, count)


def test_several_people_at_once(results: Path, questions: list[Question], tmp_path: Path) -> None:
    files = [
        saved(tmp_path / f"{name}.json", [answer(questions[0], "concrete")], annotator=name)
        for name in ("Ana", "Ben")
    ]
    assert main(["judge", "import", *map(str, files), "--results", str(results)]) == 0
    assert rows_of(results, "ana")
    assert rows_of(results, "ben")
    assert main(["judge", "import", str(files[0]), "--results", str(results), "--judge", "first"]) == 0
    assert rows_of(results, "first")


def test_what_contradicts_is_refused(
    results: Path, questions: list[Question], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one = saved(tmp_path / "1.json", [answer(questions[0])])
    other = saved(tmp_path / "2.json", [answer(questions[0], "concrete")])
    assert "otherwise in another file" in refused(capsys, results, one, other)
    assert "is no person" in refused(capsys, results, one, "--judge", "annotations")
    broken = saved(tmp_path / "3.json", [{**answer(questions[1]), "question": "0" * 16}], annotator="Ben")
    assert "is not of plan sample" in refused(capsys, results, one, broken)


SPOILT: list[tuple[Callable[[dict[str, Any]], object], str]] = [
    (lambda c: c.update(format="other"), "no file of answers"),
    (lambda c: c.update(version=2), "version 2, expected 1"),
    (lambda c: c.update(version=True), "version True"),
    (lambda c: c.update(study="toy"), "answers of study 'toy'"),
    (lambda c: c.update(plan="other"), "no plan 'other'"),
    (lambda c: c.update(plan=["x"]), "plan is ['x']"),
    (lambda c: c.update(annotator=""), "annotator is ''"),
    (lambda c: c.update(annotator="x" * 81), "at most 80"),
    (lambda c: c.update(annotator="名前"), "no letters for an id"),
    (lambda c: c.update(answers={}), "answers is {}"),
    (lambda c: c["answers"].append("x"), "answer 1 is 'x'"),
    (lambda c: c["answers"].append(c["answers"][0]), "answered twice"),
    (lambda c: c["answers"][0].update(question="../../x"), "16 hex digits"),
    (lambda c: c["answers"][0].update(question="f" * 16), "is not of plan"),
    (lambda c: c["answers"][0].update(words=["x"], relations=["concrete"]), "other words"),
    (lambda c: c["answers"][0].update(words=[1]), "words is [1]"),
    (lambda c: c["answers"][0].update(relations=["concrete"]), "one for each word"),
    (lambda c: c["answers"][0]["relations"].__setitem__(0, "vague"), "relation 'vague'"),
    (lambda c: c["answers"][0]["relations"].__setitem__(0, {}), "relation {}"),
    (lambda c: c["answers"][0].update(verdict="maybe"), "verdict is 'maybe'"),
    (lambda c: c["answers"][0].update(verdict=None), "verdict is None"),
    (lambda c: c["answers"][0].update(verdict="none"), "say otherwise"),
]


@pytest.mark.parametrize(("spoil", "said"), SPOILT)
def test_spoilt_answers_are_refused(
    results: Path,
    questions: list[Question],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    spoil: Callable[[dict[str, Any]], object],
    said: str,
) -> None:
    path = saved(tmp_path / "a.json", [answer(questions[0], "concrete")])
    content = json.loads(path.read_text(encoding="utf-8"))
    spoil(content)
    path.write_text(json.dumps(content), encoding="utf-8")
    assert said in refused(capsys, results, path)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "not valid JSON"),
        (b"[" * 100_000, "not valid JSON"),
        (b'{"a": NaN}', "NaN is not a number"),
        (b'"\\ud800"', "not valid JSON"),
        (b"[]", "no file of answers"),
    ],
)
def test_what_is_no_json_of_answers_is_refused(
    results: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes, said: str
) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(content)
    assert said in refused(capsys, results, path)
    assert "no such file" in refused(capsys, results, tmp_path / "nothing.json")
    assert "is a folder" in refused(capsys, results, tmp_path)


def test_changed_neighbours_are_noticed(
    tiny_results: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], questions: list[Question]
) -> None:
    """Answers to other results of the same study: no plan here, then one with other words."""
    path = saved(tmp_path / "a.json", [answer(questions[0], "concrete")])
    assert "has no plan" in refused(capsys, tiny_results, path)
    make_plan(tiny_results, PlanSettings(PLAN, patches=2, seed=5, models=("shelf",)))
    assert "is not of plan" in refused(capsys, tiny_results, path)
