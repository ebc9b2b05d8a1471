"""Models whose connector and LLM are yet to be trained are forecast as they will be."""

from __future__ import annotations

from pathlib import Path

import pytest

from data_pipeline.errors import InputError
from data_pipeline.forecast.dry_run import dry_run
from data_pipeline.study import load_study
from data_pipeline.training.connector_training import train_study_model
from tests.data_pipeline.tiny_training import SHARED, write_tiny_training

ONE_STEP = SHARED.replace("steps = 8", "steps = 1")


def with_steps(file: Path) -> Path:
    """Two models without the one off the shelf; of `changed` a checkpoint is a model as well."""
    text = file.read_text().split('[[model]]\nid = "shelf"')[0]
    file.write_text(text.replace('"connectors/changed"\n', '"connectors/changed"\nsteps = [0]\n'))
    return file


@pytest.mark.parametrize("kind", ["linear", "gated_mlp"])
def test_before_and_after_a_training_the_forecast_is_the_same(tmp_path: Path, kind: str) -> None:
    changes = f'unfreeze = "llama", kind = "{kind}", image_marks = false'
    study = load_study(with_steps(write_tiny_training(tmp_path, ONE_STEP, changes, llm="llama-trained")))
    before = {model.id: model for model in dry_run(study, 1, ablations=True).models}
    for name in ("plain", "changed"):
        train_study_model(study, name)
    after = {model.id: model for model in dry_run(study, 1, ablations=True).models}
    assert before.keys() == after.keys() == {"plain", "changed-step-0", "changed"}
    assert before == after
    assert before["changed"].parameters == before["changed-step-0"].parameters
    assert not any(model.missing for model in before.values())


def test_without_training_keys_a_missing_connector_is_not_counted(tmp_path: Path) -> None:
    file = with_steps(write_tiny_training(tmp_path, ONE_STEP))
    text = file.read_text()
    start, end = text.index("[training]"), text.index("[[llm]]")
    file.write_text((text[:start] + text[end:]).replace("training = {  }", ""))
    missing = {model.id: model.missing for model in dry_run(load_study(file), 1, ablations=True).models}
    assert missing["plain"] == "the connector is not at hand: its weights and marks are not counted"


def test_training_keys_that_do_not_fit_the_encoder_show_in_the_dry_run(tmp_path: Path) -> None:
    file = write_tiny_training(tmp_path, ONE_STEP.replace('"N-1"', '"N-9"'))
    with pytest.raises(InputError, match=r"study\.toml: training: vision_blocks are N, N-9, but the encoder"):
        dry_run(load_study(file), 1, ablations=True)
