"""Two writers never share a folder, and nothing of the lock stays behind."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from data_pipeline.errors import InputError
from data_pipeline.folder_lock import written_by_one
from data_pipeline.run import run_study
from data_pipeline.study import load_study
from tests.data_pipeline.tiny_vlm_study import write_tiny_vlm_study

_HOLDER = """
import sys, pathlib
from data_pipeline.folder_lock import written_by_one
with written_by_one(pathlib.Path(sys.argv[1]), "vlens run"):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_run_beside_another_process_is_refused_and_a_killed_one_lets_go(tmp_path: Path) -> None:
    study = load_study(write_tiny_vlm_study(tmp_path / "study"))
    study = study.model_copy(update={"lenses": ("logit",)})
    results = tmp_path / "results"
    command = [sys.executable, "-c", _HOLDER, str(results)]
    other = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert other.stdout is not None and other.stdout.readline() == "held\n"
        with pytest.raises(
            InputError, match=r"results: another vlens run is writing here; wait for its end$"
        ):
            run_study(study, results, 1)
        assert list(results.iterdir()) == []
    finally:
        other.kill()
        other.communicate()
    run_study(study, results, 1)
    assert (results / "manifest.json").is_file()
    assert {entry.suffix for entry in results.iterdir() if entry.is_file()} == {".json"}


def test_a_folder_that_nothing_was_written_to_goes_again(tmp_path: Path) -> None:
    with written_by_one(tmp_path / "new", "vlens run"):
        assert (tmp_path / "new").is_dir()
    assert not (tmp_path / "new").exists()
    (tmp_path / "old").mkdir()
    with written_by_one(tmp_path / "old", "vlens run"), pytest.raises(InputError):  # noqa: SIM117
        with written_by_one(tmp_path / "old", "vlens run"):
            pass
    assert (tmp_path / "old").is_dir()
    with pytest.raises(ValueError, match="x"), written_by_one(tmp_path / "full", "vlens run"):
        (tmp_path / "full" / "part").touch()
        raise ValueError("x")
    assert (tmp_path / "full" / "part").exists()
