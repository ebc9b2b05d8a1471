"""Connectors: what they compute, and that a folder gives back what was saved."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from data_pipeline.connectors import Connector, ConnectorConfig
from data_pipeline.training.fresh_connectors import fresh_connector, scaled

_CONFIG = ConnectorConfig(
    kind="gated_mlp",
    in_features=12,
    hidden_features=5,
    out_features=7,
    vision_blocks=(1, 3),
    layer_norm_features=True,
    output_scale=2.0,
    prefix="<s>",
    suffix=":",
)
KINDS = pytest.mark.parametrize("kind", ["gated_mlp", "linear"])


def _states() -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    return [torch.randn(2, 4, 6, generator=generator) for _ in range(5)]


@KINDS
def test_a_saved_connector_gives_the_same_vision_tokens(kind: str, tmp_path: Path) -> None:
    connector = Connector(replace(_CONFIG, kind=kind))
    connector.save_pretrained(tmp_path)
    loaded = Connector.from_pretrained(tmp_path)
    assert loaded.config == connector.config
    assert sorted(path.name for path in tmp_path.iterdir()) == ["config.json", "model.safetensors"]
    torch.testing.assert_close(loaded(_states()), connector(_states()))
    assert loaded(_states()).shape == (2, 4, 7)


def test_features_are_the_chosen_blocks_each_normed_by_itself() -> None:
    states = _states()
    features = Connector(_CONFIG).features(states)
    expected = torch.nn.functional.layer_norm(states[3], (6,))
    torch.testing.assert_close(features[..., 6:], expected)
    raw = Connector(replace(_CONFIG, layer_norm_features=False)).features(states)
    torch.testing.assert_close(raw[..., :6], states[1])


@KINDS
def test_a_fresh_connector_starts_at_the_given_norm(kind: str) -> None:
    connector = scaled(fresh_connector(replace(_CONFIG, kind=kind), seed=0), _states(), norm=1.7)
    assert connector(_states()).norm(dim=-1).mean().item() == pytest.approx(1.7, rel=1e-4)


def test_a_block_that_the_encoder_lacks_is_refused() -> None:
    with pytest.raises(ValueError, match="of only 2"):
        Connector(_CONFIG).features(_states()[:3])


@pytest.mark.parametrize("change", [{"kind": "mlp"}, {"in_features": 13}, {"vision_blocks": ()}])
def test_a_config_that_cannot_be_is_refused(change: dict) -> None:
    with pytest.raises(ValueError):
        replace(_CONFIG, **change)


def test_an_unknown_key_in_the_folder_is_named(tmp_path: Path) -> None:
    Connector(_CONFIG).save_pretrained(tmp_path)
    path = tmp_path / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "dropout": 0.1}))
    with pytest.raises(ValueError, match="dropout"):
        Connector.from_pretrained(tmp_path)
