"""The study for a laptop: forecast without network, run with a tiny model of its class in the Hub's place."""

from __future__ import annotations

import shutil
import socket
from pathlib import Path

import pytest

from data_pipeline.errors import InputError
from data_pipeline.forecast.dry_run import dry_run
from data_pipeline.run import run_study
from data_pipeline.schema import STORED_LENSES
from data_pipeline.store import Results
from data_pipeline.study import find_study, load_study
from tests.data_pipeline.test_images import gradient
from tests.data_pipeline.tiny_vlms import save_idefics3


@pytest.fixture
def study_file(tmp_path: Path) -> Path:
    """A copy beside two pictures, as the file itself advises."""
    (tmp_path / "images").mkdir()
    for name, size in (("wide.png", (90, 40)), ("high.jpg", (40, 90))):
        gradient(*size).save(tmp_path / "images" / name)
    return Path(shutil.copy(find_study("smolvlm"), tmp_path / "my-study.toml"))


def test_a_dry_run_needs_neither_network_nor_weights(
    study_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_arguments: object) -> None:
        raise AssertionError("a dry run asked the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setenv("HF_HOME", "/nonexistent")
    for file, images in ((study_file, 2), ("smolvlm", None)):
        found = dry_run(load_study(file), None, ablations=True)
        (model,) = found.models
        assert found.work.images == images
        assert (model.cells, model.num_layers, model.parameters) == (64, 30, 256_484_928)
        assert model.vision_layers == (0, 1, 2, 4, 8, 12, 16, 20, 24, 28, 29, 30)
        assert found.sentences == 401


def test_it_runs_with_a_tiny_model_in_the_hubs_place(study_file: Path, tmp_path: Path) -> None:
    save_idefics3(tmp_path / "tiny", "idefics3")
    file = study_file.read_text().replace("hub:HuggingFaceTB/SmolVLM-256M-Instruct", "tiny")
    file = file.replace('[0, 1, 2, 4, 8, 12, 16, 20, 24, "N-2", "N-1", "N"]', '[0, "N"]')
    study_file.write_text(file.replace('[1, 2, 4, 8, 16, 24, "N-2", "N-1"]', '[1, "N-1"]'))
    run_study(load_study(study_file), tmp_path / "results")
    results = Results(tmp_path / "results")
    assert set(results.read("neighbors")["lens"].to_pylist()) == set(STORED_LENSES)
    assert results.read("images")["image_id"].to_pylist() == ["high", "wide"]
    assert results.read("models")["corpus"].to_pylist() == ["everyday (401 texts)"]


def test_without_pictures_the_folder_is_named(study_file: Path) -> None:
    shutil.rmtree(study_file.parent / "images")
    with pytest.raises(InputError, match=r"my-study\.toml: .*images: no such folder, expected images"):
        run_study(load_study(study_file), study_file.parent / "results")
