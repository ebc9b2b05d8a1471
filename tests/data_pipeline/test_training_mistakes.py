"""What a training refuses or passes over: one sentence says what, before or instead of learning."""

from __future__ import annotations

import errno
from pathlib import Path
from unittest.mock import Mock

import pytest
import torch

from data_pipeline.errors import InputError
from data_pipeline.plan import make_plan
from data_pipeline.study import load_study
from data_pipeline.training.connector_training import train_study_model
from data_pipeline.training.trainee import Trainee
from tests.data_pipeline.tiny_training import SHARED, Recorder, write_tiny_training

_IMAGES = 'images = { source = "folder", folder = "pictures" }\n\n\n[[llm]]'
_BLOCKS = 'vision_blocks = ["N", "N-1"]'


def test_a_run_without_its_connector_says_what_makes_it(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"connectors/plain: no such folder, .*; vlens train makes it$"):
        make_plan(load_study(write_tiny_training(tmp_path)), 1, ablations=True)


def test_pictures_that_cannot_be_read_are_left_out_and_named(tmp_path: Path) -> None:
    file = write_tiny_training(tmp_path, SHARED.replace("steps = 8", "steps = 3"))
    (tmp_path / "pictures/3.png").write_bytes(b"no picture")
    progress = Recorder()
    train_study_model(load_study(file), "plain", progress=progress)
    told = [line for line in progress.lines if line.startswith("left out")]
    assert len(told) == 1 and "3.png" in told[0]


def test_pictures_without_captions_are_passed_over_aloud(tmp_path: Path) -> None:
    file = write_tiny_training(tmp_path, SHARED.replace("steps = 8", "steps = 3"))
    captions = tmp_path / "pictures/captions.csv"
    header, first, second, *others = captions.read_text().splitlines()
    empty = [f"{row.partition(',')[0]}," for row in others]
    captions.write_text("\n".join([header, first, second, *empty]))
    progress = Recorder()
    train_study_model(load_study(file), "plain", progress=progress)
    told = [line for line in progress.lines if "are passed over" in line]
    assert len(told) == 1
    assert "images without a caption" in told[0] and ", such as " in told[0]
    assert any("plain: learns from 10 images of" in line for line in progress.lines)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("[training]", "[unused.training]", "unknown key 'unused'"),
        (_IMAGES, "[[llm]]", "key 'images' is missing, which says what the connector learns from"),
        (
            _IMAGES,
            _IMAGES.replace("folder =", "foldr ="),
            "unknown key 'foldr' in training, images; known: so",
        ),
        ('"connectors/plain"', '"toy:connectors/plain"', "toy:connectors/plain, which cannot be written"),
        ('"connectors/plain"', '"pictures"', "holds files that are not of a training; nothing was written"),
        (_BLOCKS, 'vision_blocks = ["N", "N-9"]', "are N, N-9, but the encoder has blocks 0 to 2"),
        (_BLOCKS, "", "are N-2, N-9, as in the published study, but the encoder has blocks 0 to 2"),
        (_BLOCKS, 'vision_blocks = ["last"]', "vision block 'last', expected a number"),
        ('"encoders/clip"', '"encoders/none"', "no such folder, expected a folder of weights"),
        (
            "steps = 8",
            "steps = 8\nsequence_length = 20",
            "tokens (sequence_length, or positions of the LLM), but image and prompt alone have 24",
        ),
        ("steps = 8", 'steps = 8\ntask = "top-bottom"', "each needs a named region near the top"),
        (
            "steps = 8",
            "steps = 8\ncheckpoint_steps = [9]",
            "checkpoint of step 9 is asked for, but the training",
        ),
        ("steps = 8", "steps = 0", "training, steps: Input should be greater"),
        ("steps = 8", "stepps = 8", "unknown key 'stepps' in training; known: task"),
        ("steps = 8", 'steps = 8\nunfreeze = "llama"', "'unfreeze' belongs to a model"),
        ("learning_rate = 0.01", "learning_rate = 1e30", "the loss of step 2 is"),
    ],
)
def test_what_a_user_can_get_wrong_is_one_sentence(tmp_path: Path, old: str, new: str, message: str) -> None:
    file = write_tiny_training(tmp_path)
    assert old in file.read_text()
    file.write_text(file.read_text().replace(old, new, 1))
    with pytest.raises(InputError) as caught:
        train_study_model(load_study(file), "plain")
    assert message in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ("nobody", "no model 'nobody', expected one of plain, changed$"),
        (
            "shelf",
            "'shelf': is an off-the-shelf model, which has no connector to train; expected one of plain",
        ),
    ],
)
def test_models_that_cannot_be_trained(tmp_path: Path, model: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        train_study_model(load_study(write_tiny_training(tmp_path)), model)


def test_pictures_without_captions_teach_nothing(tmp_path: Path) -> None:
    file = write_tiny_training(tmp_path)
    (tmp_path / "pictures/captions.csv").unlink()
    with pytest.raises(
        InputError, match=r"none of \d+ images can be used for task 'caption'; each needs a cap"
    ):
        train_study_model(load_study(file), "plain")
    assert not (tmp_path / "connectors").exists()


def test_a_study_without_training_says_what_is_missing(tmp_path: Path) -> None:
    file = write_tiny_training(tmp_path)
    text = file.read_text()
    start, end = text.index("[training]"), text.index("[[llm]]")
    file.write_text((text[:start] + text[end:]).replace("training = {  }", ""))
    with pytest.raises(InputError, match=r"expected a table \[training\] in the study, or a key 'training'"):
        train_study_model(load_study(file), "plain")


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is an accelerator")
def test_an_accelerator_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="--device cuda: torch finds no CUDA device here"):
        train_study_model(load_study(write_tiny_training(tmp_path)), "plain", "cuda")


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB.\nGPU 0 has …"),
        MemoryError(),
        RuntimeError("[enforce fail] DefaultCPUAllocator: not enough memory: you tried to allocate 9 bytes."),
        OSError(errno.ENOMEM, "Cannot allocate memory"),
    ],
)
def test_too_little_memory_for_a_pass_says_how_many_images_to_try(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    study = load_study(write_tiny_training(tmp_path, SHARED, "micro_batch = 1"))
    monkeypatch.setattr(Trainee, "loss", Mock(side_effect=error))
    with pytest.raises(
        InputError, match=r"passes of 4 images do not fit .* set micro_batch = 2, and the same"
    ):
        train_study_model(study, "plain")
    with pytest.raises(
        InputError, match=r"passes of 1 image do .* a smaller sequence_length, dtype = 'bfloat16'"
    ):
        train_study_model(study, "changed")


@pytest.mark.parametrize("part", ["load_causal_lm", "load_vision_encoder", "run_steps"])
def test_a_model_that_does_not_fit_is_not_told_of_micro_batch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    study = load_study(write_tiny_training(tmp_path))
    where = f"data_pipeline.training.connector_training.{part}"
    monkeypatch.setattr(where, Mock(side_effect=torch.OutOfMemoryError("CUDA out of memory")))
    with pytest.raises(InputError, match="'plain' does not fit into the memory of this machine") as caught:
        train_study_model(study, "plain", "cpu")
    assert "micro_batch" not in str(caught.value) and "dtype = 'bfloat16'" in str(caught.value)
