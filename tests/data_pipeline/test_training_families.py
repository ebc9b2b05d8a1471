"""Trainings of LLMs other than the study's: any causal language model that a run reads can be trained for."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import torch

from data_pipeline.block_outputs import recorded_layers
from data_pipeline.errors import InputError
from data_pipeline.language_models import load_causal_lm
from data_pipeline.study import load_study
from data_pipeline.training.connector_training import train_study_model
from data_pipeline.training.response_dropout import ResponseDropout, _last_before_addition
from tests.data_pipeline.test_composed_families import OTHERS, save_other
from tests.data_pipeline.tiny_models import LAYERS, TEXT_CLASSES, WIDTH, save_llm
from tests.data_pipeline.tiny_training import SHARED, write_tiny_training


@pytest.mark.parametrize("family", [*TEXT_CLASSES, *OTHERS])
def test_dropout_is_on_all_that_blocks_add(family: str, tmp_path: Path) -> None:
    """With nothing left of these outputs, every block gives what it gets."""
    (save_other if family in OTHERS else save_llm)(tmp_path, family)
    llm = load_causal_lm(tmp_path, torch.float32, torch.device("cpu"))

    def nothing(_module: object, _args: object, output: Any) -> Any:
        if isinstance(output, tuple):
            return torch.zeros_like(output[0]), *output[1:]
        return torch.zeros_like(output)

    for module in _last_before_addition(llm):
        module.register_forward_hook(nothing)
    with torch.no_grad(), recorded_layers(llm, (0, LAYERS)) as states:
        llm(inputs_embeds=torch.randn(1, 5, WIDTH))
    assert states[0].abs().max() > 0
    torch.testing.assert_close(states[LAYERS], states[0])


@pytest.mark.parametrize("family", ["gpt_neox", "mixtral", "granite", "gpt2"])
def test_other_families_are_trained_for(family: str, tmp_path: Path) -> None:
    file = write_tiny_training(tmp_path, SHARED.replace("steps = 8", "steps = 2\nhidden_features = 24"))
    save_other(tmp_path / "llms/other", family)
    file.write_text(file.read_text().replace('"llms/llama"', '"llms/other"'))
    assert train_study_model(load_study(file), "plain").made_now == 2


def test_an_llm_without_one_mlp_width_asks_for_the_connector_s(tmp_path: Path) -> None:
    file = write_tiny_training(tmp_path)
    save_other(tmp_path / "llms/other", "gpt2")
    file.write_text(file.read_text().replace('"llms/llama"', '"llms/other"'))
    config = tmp_path / "llms/other/config.json"
    config.write_text(re.sub(r'"intermediate_size": \d+,', "", config.read_text()))
    with pytest.raises(InputError, match=r"no one width of its MLPs, .* give the key 'hidden_features'"):
        train_study_model(load_study(file), "plain")


def test_blocks_that_dropout_does_not_know_are_refused() -> None:
    class Block(torch.nn.Module):
        mixer = torch.nn.Identity()

    class Decoder(torch.nn.Module):
        layers, norm, embed_tokens = [Block()], torch.nn.Identity(), torch.nn.Identity()

        def get_decoder(self) -> Decoder:
            return self

    dropout = ResponseDropout(0.1, 0)
    message = "class Block add to the residual stream is not known, .* response_dropout = 0"
    with (
        pytest.raises(InputError, match=message),
        dropout.applied(Decoder(), torch.ones(1, 1, dtype=torch.bool)),
    ):
        pass
