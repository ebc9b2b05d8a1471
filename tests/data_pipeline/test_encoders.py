"""Block outputs of the three encoder families equal what the library's own models compute."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from transformers import (
    BertConfig,
    CLIPVisionConfig,
    CLIPVisionModel,
    Dinov2Config,
    Dinov2Model,
    PreTrainedModel,
    SiglipVisionConfig,
    SiglipVisionModel,
)

from data_pipeline.encoders import VisionEncoder
from data_pipeline.toy.vision_encoders import build_vision_encoder, save_vision_encoder

_TINY = {
    "hidden_size": 16,
    "num_hidden_layers": 3,
    "num_attention_heads": 2,
    "image_size": 28,
    "patch_size": 7,
}


def _clip() -> PreTrainedModel:
    return CLIPVisionModel(CLIPVisionConfig(**_TINY, intermediate_size=32))


def _siglip() -> PreTrainedModel:
    return SiglipVisionModel(SiglipVisionConfig(**_TINY, intermediate_size=32))


def _dinov2() -> PreTrainedModel:
    return Dinov2Model(Dinov2Config(**_TINY, mlp_ratio=2))


FAMILIES = pytest.mark.parametrize(
    ("build", "prefix"), [(_clip, 1), (_siglip, 0), (_dinov2, 1)], ids=["clip", "siglip", "dinov2"]
)


def _pixels(side: int = 28) -> torch.Tensor:
    return torch.randn(2, 3, side, side, generator=torch.Generator().manual_seed(0))


@FAMILIES
def test_block_outputs_equal_the_hidden_states_of_the_library(build, prefix: int) -> None:
    model = build().eval()
    encoder = VisionEncoder(model)
    found = encoder.block_outputs(_pixels())
    with torch.no_grad():
        expected = model(pixel_values=_pixels(), output_hidden_states=True).hidden_states
    assert (encoder.rows, encoder.cols, encoder.num_blocks, encoder.hidden_size) == (4, 4, 3, 16)
    assert len(found) == 4
    for ours, theirs in zip(found, expected, strict=True):
        assert ours.shape == (2, 16, 16)
        torch.testing.assert_close(ours, theirs[:, prefix:])


@FAMILIES
def test_the_last_block_is_not_normed(build, prefix: int) -> None:
    encoder = VisionEncoder(build())
    tower = getattr(encoder.model, "vision_model", encoder.model)
    norm = getattr(tower, "post_layernorm", None) or tower.layernorm
    last = encoder.block_outputs(_pixels())[-1]
    assert not torch.allclose(last, norm(last), atol=1e-3)


@FAMILIES
def test_another_image_size_gives_another_grid(build, prefix: int) -> None:
    encoder = VisionEncoder(build(), image_size=42)
    assert [state.shape for state in encoder.block_outputs(_pixels(42))] == [(2, 36, 16)] * 4


def test_dinov2s_positions_are_those_of_the_published_study() -> None:
    """From 37 x 37 patches to 24 x 24 by the study's own lines; nothing where the size is the model's own."""
    torch.manual_seed(0)
    small = {**_TINY, "hidden_size": 8, "image_size": 259, "num_hidden_layers": 1}
    model = Dinov2Model(Dinov2Config(**small, mlp_ratio=2))
    table = torch.nn.init.normal_(model.embeddings.position_embeddings).detach().clone()
    height = 24 + 0.1
    expected = torch.nn.functional.interpolate(
        table[:, 1:].reshape(1, 37, 37, 8).permute(0, 3, 1, 2),
        scale_factor=(float(height / 37), float(height / 37)),
        mode="bicubic",
        align_corners=False,
    )
    pixels = _pixels(168)
    patches = model.embeddings.patch_embeddings(pixels)
    found = VisionEncoder(model, image_size=168).block_outputs(pixels)[0] - patches
    torch.testing.assert_close(found[0], expected[0].flatten(1).T, atol=1e-5, rtol=0)
    plain = torch.nn.functional.interpolate(
        table[:, 1:].reshape(1, 37, 37, 8).permute(0, 3, 1, 2), size=(24, 24), mode="bicubic"
    )
    assert (plain - expected).abs().max() > 0.1

    own = Dinov2Model(Dinov2Config(**small, mlp_ratio=2))
    before = own.embeddings.position_embeddings
    assert VisionEncoder(own, image_size=259).model.embeddings.position_embeddings is before


@pytest.mark.parametrize("family", ["clip", "dinov2", "siglip"])
def test_a_saved_encoder_loads_with_its_pixel_statistics(family: str, tmp_path: Path) -> None:
    model = build_vision_encoder(family, seed=0)
    save_vision_encoder(model, family, tmp_path)
    encoder = VisionEncoder.from_pretrained(tmp_path)
    assert encoder.mean[0] == {"clip": 0.48145466, "dinov2": 0.485, "siglip": 0.5}[family]
    assert (encoder.rows, encoder.cols, encoder.image_size) == (8, 8, 224)
    states = encoder.block_outputs(torch.zeros(1, 3, 224, 224))
    torch.testing.assert_close(
        states, VisionEncoder(model.float()).block_outputs(torch.zeros(1, 3, 224, 224))
    )


@pytest.mark.parametrize(("family", "mean"), [("clip", 0.48145466), ("dinov2", 0.485), ("siglip", 0.5)])
def test_without_an_image_processor_pixels_are_normalised_as_the_family_is(
    family: str, mean: float, tmp_path: Path
) -> None:
    save_vision_encoder(build_vision_encoder(family, seed=0), family, tmp_path)
    (tmp_path / "preprocessor_config.json").unlink()
    assert VisionEncoder.from_pretrained(tmp_path).mean[0] == mean
    nested = {"image_processor": {"image_mean": [0.1, 0.2, 0.3], "image_std": [1, 1, 1]}}
    (tmp_path / "processor_config.json").write_text(json.dumps(nested))
    encoder = VisionEncoder.from_pretrained(tmp_path)
    assert (encoder.mean, encoder.std) == ((0.1, 0.2, 0.3), (1, 1, 1))


def test_an_unknown_family_is_refused_with_the_known_ones_named(tmp_path: Path) -> None:
    BertConfig().save_pretrained(tmp_path)
    with pytest.raises(ValueError, match=r"'bert'.*clip.*dinov2.*siglip"):
        VisionEncoder.from_pretrained(tmp_path)
