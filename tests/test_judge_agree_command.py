"""`vlens judge agree` and `vlens judge import` as a user meets them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.data_pipeline.test_import_published_judgments import published
from vlens.cli import main


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """Imported from made-up files of the published shapes."""
    assert main(["judge", "import", str(published(tmp_path / "in")), "--output", str(tmp_path / "out")]) == 0
    return tmp_path / "out"


def said(capsys: pytest.CaptureFixture[str], *words: object) -> str:
    """What a command prints that ends well."""
    capsys.readouterr()
    assert main([str(word) for word in words]) == 0
    return capsys.readouterr().out


def refused(capsys: pytest.CaptureFixture[str], *words: object) -> str:
    """The one line of a command that a user got wrong."""
    capsys.readouterr()
    assert main([str(word) for word in words]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    return captured.err


def test_the_criterion_is_named_with_the_figures(results: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = said(capsys, "judge", "agree", results, "--people", "any").splitlines()
    assert lines[0] == "Criterion: any relation, any person"
    assert lines[2].split() == [
        *("people:any", "published-llm-judge", "embedding", "2", "1"),
        *("1,", "0", "50.0%", "0.000", "–", "–"),
    ]
    assert "concrete, each person" in said(capsys, "judge", "agree", results, "--criterion", "concrete")


def test_what_cannot_be_compared_is_refused(
    results: Path, tiny_study_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "no two judges" in refused(capsys, "judge", "agree", tiny_study_folder)
    assert "judge 'me' has no cell" in refused(capsys, "judge", "agree", results, "--judge", "me")
    assert "no such folder" in refused(capsys, "judge", "agree", results / "nothing")
