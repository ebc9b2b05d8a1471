"""`vlens judge show`: counts are those of the rows, failures stand apart, differences are paired by cell."""

from __future__ import annotations

import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from data_pipeline.store import Results, ResultsWriter
from generator.judge_records import JudgeFacts
from vlens.cli import main
from vlens.commands.judge_show import _heading


def shown(folder: Path, capsys: pytest.CaptureFixture[str], *options: str) -> list[str]:
    assert main(["judge", "show", str(folder), *options]) == 0
    return capsys.readouterr().out.splitlines()


def test_shares_are_those_of_the_rows(tiny_study_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [
        row
        for row in Results(tiny_study_folder).read("judgments").to_pylist()
        if row["model_id"] == "alpha-round" and row["lens"] == "contextual"
    ]
    verdicts = [row["interpretable"] for row in rows if row["status"] == "ok"]
    line = next(
        line
        for line in shown(tiny_study_folder, capsys)
        if line.startswith("alpha-round  ") and "contextual  all" in line
    )
    assert f"({sum(verdicts)}/{len(verdicts)})" in line
    assert line.split()[-2:] == ["1", "0"]  # one failed call, no padding
    assert sum(row["status"] == "failed" for row in rows) == 1


def test_a_stratified_sample_is_said(
    judged_study_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = shutil.copytree(judged_study_folder, tmp_path / "judged")
    assert "stratified" not in "\n".join(shown(folder, capsys))
    part = next(folder.glob("judge_items/*.parquet"))
    table = pq.read_table(part, partitioning=None)
    strata = pa.array([("object", "background")[row % 2] for row in range(len(table))])
    place = table.schema.get_field_index("stratum")
    writer = ResultsWriter(folder, Results(folder).manifest)
    writer.write_part(f"judge_items/{part.name}", table.set_column(place, "stratum", strata))
    lines = shown(folder, capsys)
    said = [line for line in lines if line.startswith("Plan plan-1 is stratified")]
    assert len(said) == 3  # the model and two people, not the annotations, which judge every cell
    assert "from 2 strata (background, object)" in said[0]


@pytest.mark.parametrize(
    ("judge", "kind", "title", "heading"),
    [
        ("annotations", "annotations", "Annotations", "Annotations, 1,200 judgments"),
        ("ada", "person", "Ada L.", "Ada L. (person ada), 1,200 judgments"),
    ],
)
def test_a_heading_says_a_judges_name_once(judge: str, kind: str, title: str, heading: str) -> None:
    assert _heading(JudgeFacts(judge, kind, title, None, None, None, None, 1200, None, None, 5)) == heading


def test_a_row_for_each_layer(tiny_study_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = shown(
        tiny_study_folder, capsys, "--by-layer", "--only", "alpha-wide", "--lens", "logit", "--no-differences"
    )
    assert [line.split()[:3] for line in lines if line.startswith("alpha")] == [
        ["alpha-wide", "logit", layer] for layer in ("0", "2", "4")
    ]
    assert {line.split()[-1] for line in lines if line.startswith("alpha")} == {"2"}  # padding of two images


def test_differences_count_cells_that_both_models_have(
    tiny_study_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = Results(tiny_study_folder).read("judgments").to_pylist()
    found = {
        (row["model_id"], row["image_id"], row["vision_layer"], row["cell"]): row["interpretable"]
        for row in rows
        if row["lens"] == "logit" and row["status"] == "ok"
    }
    both = [key[1:] for key in found if key[0] == "beta-round" and ("alpha-round", *key[1:]) in found]
    mine = sum(found["beta-round", *key] and not found["alpha-round", *key] for key in both)
    theirs = sum(found["alpha-round", *key] and not found["beta-round", *key] for key in both)
    lines = [line.split() for line in shown(tiny_study_folder, capsys)]
    row = next(words for words in lines if words[:3] == ["beta-round", "alpha-round", "logit"])
    assert row[3:7] == [str(len(both)), "2", str(mine), str(theirs)]
    assert float(row[7]) == pytest.approx(100 * (mine - theirs) / len(both), abs=0.05)
    assert row[8:] == ["too", "few", "images"]
    assert not [words for words in lines if words[:2] == ["alpha-wide", "alpha-round"]]  # another canvas


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (("--judge", "nobody"), "no judgments of judge 'nobody'; there are some of: annotations"),
        (("--only", "nobody"), "no judgments of model 'nobody'"),
        (("--lens", "nose"), "no judgments of lens 'nose'"),
    ],
)
def test_what_was_not_judged_is_said(
    tiny_study_folder: Path, capsys: pytest.CaptureFixture[str], options: tuple[str, ...], complaint: str
) -> None:
    assert main(["judge", "show", str(tiny_study_folder), *options]) == 2
    assert complaint in capsys.readouterr().err
