"""Trainings as processes: a killed or stopped one ends as an unbroken one, and two compute what one does."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from data_pipeline.connectors import Connector
from data_pipeline.study import load_study
from data_pipeline.training.connector_training import train_study_model
from tests.data_pipeline.tiny_training import SHARED, Recorder, losses, write_tiny_training

ROOT = Path(__file__).parents[2]
PATIENCE = 300
"""Seconds for a process to import torch and train, on a machine that has much else to do."""


@pytest.mark.slow
def test_a_training_killed_at_any_moment_ends_as_an_unbroken_one(tmp_path: Path) -> None:
    changes = 'steps = 30, checkpoint_every = 4, checkpoint_steps = [0], unfreeze = "llama"'
    study = load_study(write_tiny_training(tmp_path / "whole", changes=changes, llm="llama-trained"))
    whole = train_study_model(study, "changed").folder
    broken = write_tiny_training(tmp_path / "broken", changes=changes, llm="llama-trained")
    folder = broken.parent / "connectors/changed"
    process = subprocess.Popen(
        [sys.executable, "-m", "vlens", "train", str(broken), "--model", "changed"],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    deadline = time.monotonic() + PATIENCE
    while not (folder / "step-000008").is_dir():
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert not (folder / "model.safetensors").exists(), "killed too late to show anything"
    assert 0 < train_study_model(load_study(broken), "changed").made_now <= 22
    assert losses(folder) == losses(whole)
    for name in ("model.safetensors", "step-000000/model.safetensors", "step-000030/llm/model.safetensors"):
        assert (folder / name).read_bytes() == (whole / name).read_bytes()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_training_that_is_stopped_keeps_what_it_learned(
    tmp_path: Path, number: signal.Signals, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = train_study_model(load_study(write_tiny_training(tmp_path / "whole")), "plain").folder
    study = load_study(write_tiny_training(tmp_path / "stopped"))
    folder = tmp_path / "stopped/connectors/plain"

    class Stopping(Recorder):
        def advance(self, count: int = 1, note: str = "") -> None:
            super().advance(count, note)
            if len(self.notes) == 4:  # the beginning and three steps
                os.kill(os.getpid(), number)

    before = [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)]
    with pytest.raises(KeyboardInterrupt):
        train_study_model(study, "plain", progress=Stopping())
    assert [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)] == before
    assert (folder / "step-000004").is_dir() and not (folder / "model.safetensors").exists()
    assert train_study_model(study, "plain").made_now == 4
    assert losses(folder) == losses(whole)
    assert sorted(path.name for path in folder.iterdir()) == sorted(path.name for path in whole.iterdir())
    assert (folder / "model.safetensors").read_bytes() == (whole / "model.safetensors").read_bytes()


@pytest.mark.slow
def test_two_processes_compute_what_one_does(tmp_path: Path) -> None:
    study = load_study(write_tiny_training(tmp_path / "one", SHARED + "micro_batch = 2\n"))
    one = train_study_model(study, "plain").folder
    file = write_tiny_training(tmp_path / "two", SHARED + "micro_batch = 2\n")
    command = ["torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m", "vlens", "train"]
    subprocess.run(
        [sys.executable, "-m", *command, str(file), "--model", "plain", "--device", "cpu"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=True,
        timeout=PATIENCE,
        capture_output=True,
    )
    two = file.parent / "connectors/plain"
    found, expected = ([row["loss"] for row in losses(folder)] for folder in (two, one))
    assert found == pytest.approx(expected, abs=1e-5)
    mine, theirs = (Connector.from_pretrained(folder).state_dict() for folder in (one, two))
    assert all(torch.allclose(mine[name], theirs[name], atol=1e-5) for name in mine)
