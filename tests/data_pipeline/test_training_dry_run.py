"""What a training would take, against numbers counted by hand and the docs' own arithmetic."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from data_pipeline.errors import InputError
from data_pipeline.forecast.trainings import training_dry_run
from data_pipeline.study import load_study
from tests.data_pipeline.tiny_training import SHARED, write_tiny_training
from vlens.cli import main


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_arguments: object) -> None:
        raise AssertionError("a dry run asked the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setenv("HF_HOME", "/nonexistent")


def test_the_published_trainings_take_what_the_docs_say() -> None:
    """The table of docs/training.md: OLMo-7B and CLIP, frozen and trained along."""
    study = load_study("paper")
    frozen, along = (training_dry_run(study, name) for name in ("olmo-clip", "olmo-clip-unfreeze"))
    encoder, llm = 303_507_456, 7_298_617_344
    assert frozen.memory is not None and along.memory is not None
    assert frozen.trained_parameters == pytest.approx(90.2e6, rel=1e-3)
    assert along.trained_parameters is not None and frozen.trained_parameters is not None
    blocks = along.trained_parameters - frozen.trained_parameters
    assert blocks == pytest.approx(6.48e9, rel=1e-3)
    assert frozen.memory.frozen == 2 * (llm + encoder)
    assert along.memory.frozen == 4 * (llm - blocks) + 2 * encoder
    assert frozen.memory.frozen + frozen.memory.trained == pytest.approx(16.7e9, rel=5e-3)
    assert along.memory.frozen + along.memory.trained == pytest.approx(109e9, rel=5e-3)
    assert (frozen.settings.steps, frozen.passes, frozen.checkpoints) == (12_000, 96_000, 12)
    assert frozen.images is None and frozen.captions is not None and frozen.captions.counted == 0
    assert frozen.tokens == 96_000 * (24 * 25 + 2 + 225)  # image, and a caption of 167 words
    assert frozen.captions.most == 1600 - 602
    block, inner = (
        32 * (8 * 4096 + 3 * 11_008),
        100_352 * 4 * 3,
    )  # memory: the longest caption there is room for
    assert frozen.memory.states == 8 * (1600 * block * 2 + 998 * inner)
    assert frozen.disk == pytest.approx(13 * 0.361e9 + 1.08e9, rel=2e-3)
    assert along.disk == pytest.approx(13 * (0.361e9 + 14.6e9) + 78.8e9, rel=2e-3)
    words = 100_352 * 4096
    per_image = 4 * blocks * (602 + 225) + 4 * words * 225
    rest = frozen.flops / 96_000 - per_image if frozen.flops else 0
    assert rest == pytest.approx((6 * 90.2e6 + 2 * encoder) * 576, rel=1e-3)


def test_captions_at_hand_are_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shared = SHARED + "micro_batch = 2\ncheckpoint_steps = [0, 1]\n"
    file = write_tiny_training(tmp_path, shared, 'unfreeze = "llama"', llm="llama-trained")
    before = sorted(tmp_path.rglob("*"))
    plain, along = (training_dry_run(load_study(file), name) for name in ("plain", "changed"))
    assert plain.captions is not None
    # "a red bird flies in the red sky. It is red.": 13 words and signs
    assert (plain.captions.mean, plain.captions.most, plain.captions.counted) == (17, 17, 10)
    assert (plain.images, plain.passes, plain.checkpoints) == (10, 32, 5)  # after 0, 1, 3, 6 and 8 steps
    assert along.trained_parameters and plain.trained_parameters
    assert along.trained_parameters > plain.trained_parameters
    assert along.trained_parameters + (along.frozen_parameters or 0) == plain.trained_parameters + (
        plain.frozen_parameters or 0
    )
    assert main(["train", str(file), "--model", "plain", "--dry-run", "--tokens-per-second", "0.5"]) == 0
    printed = " ".join(capsys.readouterr().out.split())
    assert "steps 8, of 4 images images 10, each 3.2 times passes 32 forward and backward" in printed
    assert "a pass of 2 images with the longest caption" in printed
    assert plain.tokens is not None and f"tokens about {plain.tokens:,} " in printed
    assert sorted(tmp_path.rglob("*")) == before


def test_what_is_not_at_hand_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = write_tiny_training(tmp_path)
    (tmp_path / "llms/llama/config.json").unlink()
    assert main(["train", str(file), "--model", "plain", "--dry-run", "--tokens-per-second", "5"]) == 0
    printed = capsys.readouterr().out
    assert "no config.json at hand for its LLM or its vision encoder" in printed
    assert ["time", "?"] in [line.split() for line in printed.splitlines()]


@pytest.mark.parametrize(
    ("model", "problem"),
    [
        ("nobody", "no model 'nobody', expected one of plain, changed"),
        ("shelf", "model 'shelf': is an off-the-shelf model, which has no connector to train"),
    ],
)
def test_a_model_that_cannot_be_trained_is_refused(tmp_path: Path, model: str, problem: str) -> None:
    file = write_tiny_training(tmp_path)
    with pytest.raises(InputError, match=f"^{file}: {problem}"):
        training_dry_run(load_study(file), model)


def test_shipped_models_are_forecast_but_not_trained_and_a_rate_needs_a_dry_run(
    capsys: pytest.CaptureFixture[str],
) -> None:
    dry = ["--dry-run", "--tokens-per-second", "5"]
    assert main(["train", "toy", "--model", "olmo-clip", *dry]) == 0
    printed = " ".join(capsys.readouterr().out.split())
    assert "steps 250, of 32 images" in printed and "passes 8,000 forward and backward" in printed
    assert "its connector is toy:connectors/olmo-clip, which cannot be written; to train it" in printed
    assert main(["train", "toy", "--model", "olmo-clip-unfreeze", *dry]) == 0
    assert "the LLM's blocks among them" in " ".join(capsys.readouterr().out.split())
    assert main(["train", "toy", "--model", "olmo-clip"]) == 2
    assert "which cannot be written; to train it" in capsys.readouterr().err
    assert main(["train", "toy", "--model", "olmo-clip", "--tokens-per-second", "5"]) == 2
    assert "only for --dry-run" in capsys.readouterr().err
