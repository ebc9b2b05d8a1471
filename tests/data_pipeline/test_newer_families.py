"""What is particular to Qwen3-VL, InternVL and LLaVA-OneVision; the rest is asked of all families."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from transformers import InternVLProcessor, LlavaOnevisionProcessor

from data_pipeline.block_outputs import recorded_layers
from data_pipeline.errors import InputError
from tests.data_pipeline.test_images import gradient
from tests.data_pipeline.test_vlm_families import load, pictures, states
from tests.data_pipeline.tiny_models import LAYERS


def test_qwen3s_added_features_show_from_the_next_layer_on(tmp_path: Path) -> None:
    vlm = load("qwen3_vl", tmp_path / "model")
    prompt = vlm.prompt([vlm.look(pictures(1)[0])])
    entering: list[torch.Tensor] = []
    blocks = vlm.language.decoder.layers
    for block in blocks[1:]:
        block.register_forward_pre_hook(lambda module, args: entering.append(args[0]))
    with torch.no_grad(), recorded_layers(vlm.model, range(LAYERS + 1)) as recorded:
        logits = vlm.model(**prompt.inputs).logits
        made = vlm.model.get_image_features(
            prompt.inputs["pixel_values"], prompt.inputs["image_grid_thw"]
        ).deepstack_features
    for number, added in enumerate(made):
        step = entering[number] - recorded[number + 1]
        torch.testing.assert_close(step[0, prompt.vision], torch.cat(list(added)), atol=1e-5, rtol=0)
        text = torch.ones(prompt.length, dtype=torch.bool).index_fill(0, prompt.vision, False)
        assert not step[0, text].any()
    torch.testing.assert_close(vlm.language.unembed(recorded[LAYERS]), logits, atol=1e-4, rtol=0)


def test_qwen3_is_refused_where_the_head_reads_more_than_the_last_layer(tmp_path: Path) -> None:
    vlm = load("qwen3_vl", tmp_path / "model")
    vlm.model.config.text_config.num_hidden_layers = 2
    with pytest.raises(InputError, match="adds visual features after 2 of 2 blocks"):
        vlm.look(pictures(1)[0])


@pytest.mark.parametrize("size", [(56, 56), (100, 70), (70, 100), (30, 200), (400, 300)])
def test_tokens_are_as_many_as_the_processors_own(size: tuple[int, int], tmp_path: Path) -> None:
    intern, onevision = (load(family, tmp_path / family) for family in ("internvl", "llava_onevision"))
    picture = gradient(*size)
    made = intern.family.image_processor(images=[picture], crop_to_patches=True, return_tensors="pt")
    own = SimpleNamespace(
        start_image_token="<img>",  # noqa: S106  # no password
        end_image_token="</img>",  # noqa: S106
        image_token="<IMG_CONTEXT>",  # noqa: S106
        image_seq_length=16,
    )
    assert intern.family.sight(picture).text == InternVLProcessor.replace_image_token(own, made, 0)

    settings = onevision.family.image_processor
    own = SimpleNamespace(image_processor=settings, num_image_tokens=16, vision_aspect_ratio="anyres_max_1")
    own._get_unpadded_features = lambda *sizes: LlavaOnevisionProcessor._get_unpadded_features(own, *sizes)
    count = LlavaOnevisionProcessor._get_number_of_features(own, size[1], size[0], 56, 56)
    assert onevision.family.sight(picture).text == "<image>" * count
    for vlm in (intern, onevision):
        states(vlm, [picture])  # where the class refuses another number


def test_whole_images_come_last_in_internvl_and_first_in_onevision(tmp_path: Path) -> None:
    for family, place in (("internvl", slice(-16, None)), ("llava_onevision", slice(16))):
        vlm = load(family, tmp_path / family)
        prompt = vlm.prompt([vlm.look(pictures(1)[0])])
        tokens = (prompt.inputs["input_ids"][0] == vlm.model.config.image_token_id).nonzero()[:, 0]
        assert len(tokens) > 16
        assert prompt.vision.tolist() == tokens[place].tolist()
