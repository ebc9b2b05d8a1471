"""The page that asks a person: what it holds, what it must not tell, and what cannot be asked."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from data_pipeline.errors import InputError
from data_pipeline.judges.planning import PlanSettings, make_plan
from data_pipeline.judges.questions import Choice, read_questions
from data_pipeline.schema import LENS_TITLES, LENSES
from data_pipeline.store import Results
from generator.ask_page import Asked, AskedQuestion, ask_page
from generator.database import Database
from tests.generator.tiny_study import MODELS
from vlens.cli import main

DATA = re.compile(r'<script type="application/json" id="page">(.*?)</script>', re.DOTALL)


@pytest.fixture(scope="module")
def planned(tiny_study_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny study with a plan."""
    folder = shutil.copytree(tiny_study_folder, tmp_path_factory.mktemp("asked") / "tiny")
    make_plan(folder, PlanSettings(patches=3))
    return folder


def asked(planned: Path, output: Path, *options: str) -> dict[str, Any]:
    """The data of the page that the command writes."""
    assert main(["judge", "ask", str(planned), "--output", str(output), *options]) == 0
    found = DATA.findall(output.read_text(encoding="utf-8"))
    assert len(found) == 1
    data: dict[str, Any] = json.loads(found[0])
    return data


def test_the_page_asks_about_the_plan_and_tells_no_lens(
    planned: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = asked(planned, tmp_path / "ask.html", "--patches", "1", "--annotator", " Ana ")
    assert (data["study"], data["plan"], data["annotator"]) == ("tiny", "sample", "Ana")
    assert data["relations"] == ["concrete", "abstract", "global"]
    asked_about = read_questions(Results(planned), Choice(patches=1))
    shown = sum(len(question.lists) for question in asked_about)
    assert f"{len(asked_about)} questions for {shown} lists" in capsys.readouterr().out
    ids = [question["id"] for question in data["questions"]]
    assert sorted(ids) == [question.question_id for question in asked_about]
    assert ids != sorted(ids)
    for question in data["questions"]:
        assert set(question) == {"id", "canvas", "cell", "words"}
        canvas = data["canvases"][question["canvas"]]
        assert 0 <= question["cell"] < canvas["rows"] * canvas["cols"]
        assert canvas["src"].startswith("data:image/png;base64,")
    told = json.dumps({**data, "canvases": [{**canvas, "src": ""} for canvas in data["canvases"]]})
    for name in (*LENSES, *LENS_TITLES.values(), *(model.model_id for model in MODELS)):
        assert name not in told


def test_the_page_works_alone_and_lets_no_data_become_markup(planned: Path, tmp_path: Path) -> None:
    data = asked(planned, tmp_path / "ask.html")
    html = (tmp_path / "ask.html").read_text(encoding="utf-8")
    assert any("</script>" in word for question in data["questions"] for word in question["words"])
    assert html.count("</script>") == html.count("<script")
    assert "default-src 'none'" in html
    assert not re.findall(r"(?:src|href)=\"(?!data:|#)[^\"]*\"", html)


def test_the_order_follows_from_the_seed(planned: Path, tmp_path: Path) -> None:
    first, same, other = (
        [one["id"] for one in asked(planned, tmp_path / f"{name}.html", "--seed", seed)["questions"]]
        for name, seed in (("first", "0"), ("same", "0"), ("other", "1"))
    )
    assert first == same != other
    assert sorted(first) == sorted(other)


def test_an_equal_command_writes_equal_bytes(planned: Path, tmp_path: Path) -> None:
    for name in ("a.html", "b.html"):
        asked(planned, tmp_path / name)
    assert (tmp_path / "a.html").read_bytes() == (tmp_path / "b.html").read_bytes()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--plan", "other"], "no plan 'other'"),
        (["--lens", "logitlens"], "lens 'logitlens' is not in the plan"),
        (["--layers", "3"], "nothing to ask of these"),
        (["--layers", "x"], "expected numbers from 0"),
        (["--only", "nobody"], "model 'nobody' is not in the plan"),
        (["--annotator", "x" * 81], "expected at most 80"),
    ],
)
def test_what_cannot_be_asked_is_refused(
    planned: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], said: str
) -> None:
    output = tmp_path / "ask.html"
    assert main(["judge", "ask", str(planned), "--output", str(output), *options]) == 2
    captured = capsys.readouterr()
    assert said in captured.err
    assert captured.err.count("\n") == 1
    assert not output.exists()


def test_a_page_that_annotators_may_have_is_replaced_only_when_told_to(
    planned: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "ask.html"
    asked(planned, output, "--patches", "1")
    before = output.read_bytes()
    assert main(["judge", "ask", str(planned), "--output", str(output), "--patches", "2"]) == 2
    captured = capsys.readouterr()
    assert "ask.html: is there, and annotators may have it; name another file or --overwrite" in captured.err
    assert captured.err.count("\n") == 1
    assert output.read_bytes() == before
    asked(planned, output, "--patches", "2", "--overwrite")
    assert output.read_bytes() != before


def test_results_without_a_plan_or_with_too_much_to_ask_are_refused(
    tiny_study_folder: Path,
    planned: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    output = str(tmp_path / "ask.html")
    assert main(["judge", "ask", str(tiny_study_folder), "--output", output]) == 2
    assert "has no plan" in capsys.readouterr().err
    assert main(["judge", "ask", str(planned), "--output", str(tmp_path)]) == 2
    assert "is a folder" in capsys.readouterr().err
    monkeypatch.setattr("data_pipeline.judges.questions.MOST_QUESTIONS", 3)
    assert main(["judge", "ask", str(planned), "--output", output]) == 2
    assert "expected at most 3; choose with" in capsys.readouterr().err


def test_a_canvas_or_cell_that_is_not_there_is_refused(tiny_database: Database) -> None:
    canvas = tiny_database.rows("model_images", {"model_id": "shelf"})[0]["canvas_id"]
    for canvas_id, cell, said in (("0" * 16, 0, "no canvas 0000"), (canvas, 999, "has no cell 999")):
        question = AskedQuestion("0" * 16, canvas_id, cell, ("dog",))
        with pytest.raises(InputError, match=said):
            ask_page(tiny_database, Asked("s", "S", "p", "", "?", {"global": "it is"}, [question]))
