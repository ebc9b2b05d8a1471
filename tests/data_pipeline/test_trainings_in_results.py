"""What results tell of trainings: checkpoints, losses, and what is yet to be trained."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from data_pipeline.errors import InputError
from data_pipeline.integrity import inspect
from data_pipeline.progress import SilentProgress
from data_pipeline.run import run_study
from data_pipeline.store import Results
from data_pipeline.study import Study, load_study
from data_pipeline.training.connector_training import train_study_model
from data_pipeline.training.step_rows import checkpoint_of
from tests.data_pipeline.tiny_training import SHARED, write_tiny_training


@dataclass
class Trained:
    """A study with one model that was trained for three steps, two of them kept."""

    study: Study
    connector: Path


class Listener(SilentProgress):
    """Keeps the lines that stay."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def say(self, line: str) -> None:
        self.lines.append(line)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    folder = tmp_path_factory.mktemp("trained")
    file = write_tiny_training(folder, SHARED.replace("steps = 8", "steps = 3"))
    text = file.read_text().split('[[model]]\nid = "changed"')[0]
    file.write_text(text.replace('"connectors/plain"\n', '"connectors/plain"\nsteps = [2, 0]\n'))
    study = load_study(file)
    return Trained(study, train_study_model(study, "plain").folder)


def unfinished(trained: Trained, folder: Path, *gone: str) -> Study:
    """The same study in `folder`, where the training has not come to what is `gone`."""
    shutil.copytree(trained.study.folder, folder)
    for name in ("config.json", "model.safetensors", "step-000003", *gone):
        path = folder / "connectors/plain" / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    return load_study(folder / "study.toml")


def test_a_finished_training_is_told_whole(trained: Trained, tmp_path: Path) -> None:
    progress = Listener()
    run_study(trained.study, tmp_path / "results", num_images=1, progress=progress)
    results = Results(tmp_path / "results")
    rows = [tuple(row.values()) for row in results.read("checkpoints").to_pylist()]
    assert rows == [("plain", "plain", 3), ("plain-step-0", "plain", 0), ("plain-step-2", "plain", 2)]
    losses = results.read("training_losses").to_pylist()
    logged = pq.read_table(trained.connector / "losses.parquet").to_pylist()
    assert losses == [{"model_id": "plain", **row} for row in logged]
    assert [row["step"] for row in losses] == [1, 2, 3]
    assert progress.lines == []
    assert not inspect(tmp_path / "results").problems


def test_an_unfinished_training_is_read_as_far_as_it_is(trained: Trained, tmp_path: Path) -> None:
    study = unfinished(trained, tmp_path / "study", "step-000002")
    progress, folder = Listener(), tmp_path / "results"
    run_study(study, folder, num_images=1, progress=progress)
    reason = "not trained yet: the last checkpoint is step 0"
    assert progress.lines == [f"plain, plain-step-2: {reason}; a later run adds them"]
    found, results = inspect(folder), Results(folder)
    assert not found.problems
    assert len(found.declared) == 4  # two models, two lenses
    assert all(reason in line for line in found.declared)
    assert [row["model_id"] for row in results.read("samples").to_pylist()] == ["plain-step-0"]
    titles = {row["model_id"]: row["title"] for row in results.read("models").to_pylist()}
    assert titles["plain"] == "Llama + CLIP"
    assert titles["plain-step-2"] == "Llama + CLIP, step 2"
    steps = {row["model_id"]: row["step"] for row in results.read("checkpoints").to_pylist()}
    assert steps == {"plain": 3, "plain-step-0": 0, "plain-step-2": 2}

    whole = tmp_path / "study/connectors/plain"
    shutil.rmtree(whole)
    shutil.copytree(trained.connector, whole)
    again = Listener()
    run_study(study, folder, num_images=1, progress=again)
    assert again.lines == []
    assert len(Results(folder).read("samples")) == 3
    assert not inspect(folder).declared


def test_a_training_without_a_checkpoint_is_no_model_yet(trained: Trained, tmp_path: Path) -> None:
    study = unfinished(trained, tmp_path / "study", "step-000000", "step-000002")
    with pytest.raises(InputError, match=r"no config.json in it, .*; vlens train makes it$"):
        run_study(study, tmp_path / "results", num_images=1)


def test_a_checkpoint_that_a_finished_training_lacks_is_not_waited_for(
    trained: Trained, tmp_path: Path
) -> None:
    shutil.copytree(trained.study.folder, tmp_path / "study")
    shutil.rmtree(tmp_path / "study/connectors/plain/step-000002")
    with pytest.raises(InputError, match=r"'plain-step-2', connector: .*step-000002: no such folder"):
        run_study(load_study(tmp_path / "study/study.toml"), tmp_path / "results", num_images=1)


def test_losses_that_cannot_be_read_are_named(trained: Trained, tmp_path: Path) -> None:
    shutil.copytree(trained.study.folder, tmp_path / "study")
    (tmp_path / "study/connectors/plain/losses.parquet").write_bytes(b"PAR1 and no more")
    with pytest.raises(InputError, match=r"connectors/plain/losses\.parquet: cannot be read as Parquet"):
        run_study(load_study(tmp_path / "study/study.toml"), tmp_path / "results", num_images=1)


def test_only_a_folder_in_a_models_connector_is_its_checkpoint(trained: Trained) -> None:
    study = trained.study
    plain = study.model[0]
    found = {model.id: checkpoint_of(study, model) for model in study.model}
    assert [found["plain"], found["plain-step-2"] and found["plain-step-2"].step] == [None, 2]
    elsewhere = plain.model_copy(update={"connector": "connectors/other/step-000002"})
    assert checkpoint_of(study, elsewhere) is None
    named = plain.model_copy(update={"connector": "connectors/plain/step-2"})
    assert checkpoint_of(study, named) is None
