"""Study files that cannot be run: one line says why, and nothing is written."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from tests.commands import everything, fail

STUDY = """
id = "small"
title = "Small"
lenses = ["logit"]
vision_layers = "all"

[images]
source = "toy-scenes"

[[llm]]
id = "olmo"
title = "OLMo"
path = "toy:llms/olmo"

[[vision_encoder]]
id = "clip"
title = "CLIP"
path = "toy:encoders/clip"

[[model]]
id = "olmo-clip"
title = "OLMo × CLIP"
group = "main"
llm = "olmo"
vision_encoder = "clip"
connector = "toy:connectors/olmo-clip"
"""


BAD_STUDIES = {
    "not TOML": ('id = "small"', 'id = "small', "small.toml"),
    "unknown key": ("[images]\n", '[images]\ncolour = "red"\n', "colour"),
    "unknown lens": ('["logit"]', '["tuned"]', "tuned"),
    "unknown language model": ('llm = "olmo"', 'llm = "gpt"', "gpt"),
    "unknown vision encoder": ('vision_encoder = "clip"', 'vision_encoder = "eye"', "eye"),
    "negative layer": ('vision_layers = "all"', "vision_layers = [-1]", "-1"),
    "layer that does not exist": ('vision_layers = "all"', "vision_layers = [0, 99]", "99"),
    "model id that climbs": ('id = "olmo-clip"', 'id = "../olmo"', "../olmo"),
    "model id of HTML": ('id = "olmo-clip"', 'id = "<script>"', "<script>"),
    "location that climbs": ("toy:connectors/olmo-clip", "toy:../../etc", "toy:../../etc"),
    "layer that is a truth value": ('vision_layers = "all"', "vision_layers = [true]", "True is not a layer"),
    "one lens, no list": ('["logit"]', '"logit"', "lenses: expected a list"),
    "no lens": ('["logit"]', "[]", "lenses: expected a list"),
    "unknown part of the toy scenes": (
        '"toy-scenes"',
        '"toy-scenes"\nsplit = "none"',
        "unknown split 'none'",
    ),
    "endless brackets": ("[images]", "a = " + "[" * 5000 + "\n[images]", "not a TOML file"),
    "ids that name one file": (
        "[[model]]",
        """[[model]]
id = "OLMO-clip"
title = "Again"
llm = "olmo"
vision_encoder = "clip"
connector = "toy:connectors/olmo-clip"

[[model]]""",
        "differ in case only",
    ),
    "missing weights": ("toy:connectors/olmo-clip", "toy:connectors/nothing", "nothing"),
}


@pytest.mark.parametrize("case", BAD_STUDIES)
def test_bad_studies_are_refused_and_nothing_is_written(
    case: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old, new, words = BAD_STUDIES[case]
    assert old in STUDY
    study = tmp_path / "small.toml"
    study.write_text(STUDY.replace(old, new))
    line = fail(capsys, "run", study, "--results", tmp_path / "results", "--num-images", "1")
    assert words in line
    assert line.startswith(f"vlens: {study}: ")
    assert not (tmp_path / "results").exists()


def test_a_model_that_is_no_table_is_told_apart(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    study = tmp_path / "small.toml"
    study.write_text('id = "a"\ntitle = "b"\nmodel = 5\nimages = { source = "toy-scenes" }\n')
    assert "model: expected a list" in fail(capsys, "run", study)


def test_a_folder_or_another_file_is_no_study(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder.toml").mkdir()
    (tmp_path / "notes").write_text("mine")
    assert "is a folder, expected a study file" in fail(capsys, "run", "folder.toml")
    assert "is a file, expected a study file, whose name ends in .toml" in fail(capsys, "run", "notes")


def test_the_study_that_the_bad_ones_are_made_from_is_a_good_one(tmp_path: Path) -> None:
    from data_pipeline.study import load_study

    (tmp_path / "small.toml").write_text(STUDY)
    assert load_study(tmp_path / "small.toml").id == tomllib.loads(STUDY)["id"]


@pytest.mark.parametrize("study", ["nonsense", "no/such/study.toml", "../toy", "<script>", ""])
def test_an_unknown_study_is_refused(
    study: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert study in fail(capsys, "run", study)
    assert everything(tmp_path) == {}


def test_more_images_than_there_are(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    line = fail(capsys, "run", "toy", "--results", tmp_path / "results", "--num-images", "1000000")
    assert "1000000" in line
    assert not (tmp_path / "results").exists()
