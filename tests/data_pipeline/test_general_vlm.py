"""Classes without a file of their own: read where they mark their image tokens, refused where in doubt."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from PIL import Image
from transformers import (
    CONFIG_MAPPING,
    CLIPImageProcessorPil,
    CLIPVisionConfig,
    LlamaConfig,
    LlavaProcessor,
    PaliGemmaConfig,
    VipLlavaConfig,
    VipLlavaForConditionalGeneration,
)

from data_pipeline.captioning import caption_ids, caption_losses
from data_pipeline.capture import capture
from data_pipeline.errors import InputError
from data_pipeline.language_models import model_config
from data_pipeline.lenses.logit import read_logits
from data_pipeline.off_the_shelf import check_class, load_off_the_shelf
from data_pipeline.toy.tokenizer import build_tokenizer
from data_pipeline.vlm_families.general import General, read_grid
from tests.data_pipeline.test_images import gradient
from tests.data_pipeline.tiny_models import LAYERS, rescaled_norms, save_llava, text_settings

CPU, F32 = torch.device("cpu"), torch.float32


def save_vip_llava(folder: Path) -> Path:
    """A class that nothing in V-Lens names: features of several blocks of CLIP, 4 x 4 patches."""
    torch.manual_seed(0)
    tokenizer = build_tokenizer(image_token=True)
    vision = CLIPVisionConfig(
        hidden_size=16,
        intermediate_size=32,
        num_hidden_layers=3,
        num_attention_heads=2,
        image_size=56,
        patch_size=14,
    )
    config = VipLlavaConfig(
        vision_config=vision,
        text_config=LlamaConfig(**text_settings(tokenizer)),
        image_token_index=tokenizer.convert_tokens_to_ids("<image>"),
        vision_feature_layers=[-2, -1],
    )
    rescaled_norms(VipLlavaForConditionalGeneration(config)).save_pretrained(folder)
    images = CLIPImageProcessorPil(size={"shortest_edge": 56}, crop_size={"height": 56, "width": 56})
    LlavaProcessor(
        images,
        tokenizer,
        patch_size=14,
        vision_feature_select_strategy="default",
        image_token="<image>",  # noqa: S106  # no password
        num_additional_image_tokens=1,
    ).save_pretrained(folder)
    return folder


def test_a_class_that_marks_its_image_tokens_is_read(tmp_path: Path) -> None:
    vlm = load_off_the_shelf(save_vip_llava(tmp_path), "<image> a house :", F32, CPU)
    assert isinstance(vlm.family, General)
    looks = [vlm.look(gradient(100, 70)), vlm.look(gradient(70, 100))]
    canvas = looks[0].canvas
    assert (canvas.grid.rows, canvas.grid.cols, canvas.grid.cell_width) == (4, 4, 14)
    assert canvas.affine == pytest.approx((0.8, 0, -12, 0, 0.8, 0))
    prompt = vlm.prompt(looks)
    assert (prompt.inputs["input_ids"][0, prompt.vision] == vlm.model.config.image_token_id).all()
    with torch.no_grad():
        own = vlm.model(**prompt.inputs).logits[:, prompt.vision].flatten(0, 1)
    captured = capture(vlm, looks, [0, LAYERS], "tiny", ["a", "b"])
    reading = read_logits(vlm.language, captured, (LAYERS,), 5)[LAYERS]
    torch.testing.assert_close(reading.logits, own.topk(5).values, atol=1e-3, rtol=0)
    captions = caption_ids(vlm, ["a red house ."] * 2)
    alone = caption_losses(vlm, vlm.prompt_without_image(2), captions)
    assert alone[0] == alone[1] != caption_losses(vlm, prompt, captions)[0]


def test_a_stated_grid_must_have_as_many_cells_as_there_are_tokens(tmp_path: Path) -> None:
    save_vip_llava(tmp_path)
    stated = load_off_the_shelf(tmp_path, "<image> :", F32, CPU, grid=(2, 8)).look(gradient(56, 56)).canvas
    assert (stated.grid.rows, stated.grid.cols, stated.grid.cell_width, stated.grid.cell_height) == (
        2,
        8,
        7,
        28,
    )
    wrong = load_off_the_shelf(tmp_path, "<image> :", F32, CPU, grid=(3, 5))
    with pytest.raises(InputError, match=r"grid = \[3, 5\] has 15 cells, but the image has 16 tokens"):
        wrong.look(gradient(56, 56))
    with pytest.raises(InputError, match=r"its processor cannot take prompt|0 tokens"):
        load_off_the_shelf(tmp_path, "a house :", F32, CPU).look(gradient(56, 56))


def test_a_grid_is_inferred_only_where_it_is_square() -> None:
    assert read_grid(16, None, (56, 56)) == (4, 4)
    for count, size in ((12, (56, 56)), (16, (56, 28)), (0, (56, 56))):
        with pytest.raises(InputError, match=rf"{count} tokens on {size[0]} x {size[1]} pixels, .*state it"):
            read_grid(count, None, size)
    assert read_grid(12, (3, 4), (56, 28)) == (3, 4)


def test_pixels_of_several_tiles_or_flat_patches_are_refused(tmp_path: Path) -> None:
    vlm = load_off_the_shelf(save_vip_llava(tmp_path), "<image> :", F32, CPU)
    real = vlm.family.processor  # type: ignore[attr-defined]
    for shape in ((2, 3, 56, 56), (16, 588), (1, 2, 3, 56, 56), (1, 1, 56, 56)):
        tiles = lambda shape=shape, **inputs: {**real(**inputs), "pixel_values": torch.zeros(shape)}  # noqa: E731
        object.__setattr__(vlm.family, "processor", tiles)
        with pytest.raises(InputError, match=r"pixel values of shape \(.*expected one tile"):
            vlm.look(Image.new("RGB", (56, 56)))


def test_processors_that_answer_otherwise_are_refused_in_one_sentence(tmp_path: Path) -> None:
    vlm = load_off_the_shelf(save_vip_llava(tmp_path), "<image> :", F32, CPU)
    real = vlm.family.processor  # type: ignore[attr-defined]
    without = lambda **inputs: {"input_ids": real(**inputs)["input_ids"], "pixels": torch.zeros(1)}  # noqa: E731
    object.__setattr__(vlm.family, "processor", without)
    with pytest.raises(InputError, match="processor gives input_ids, expected input_ids and pixel_values"):
        vlm.look(Image.new("RGB", (56, 56)))
    object.__setattr__(vlm.family, "processor", real)
    vlm.family.image_processor.image_mean = None
    with pytest.raises(
        InputError, match=r"does not say how it normalises pixels|processor cannot take prompt"
    ):
        vlm.look(Image.new("RGB", (56, 56)))


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("perceiver_config", r"queries to all patches \(perceiver_config\), so that none has a place"),
        ("qformer_config", r"queries to all patches \(qformer_config\)"),
        ("latent_query_num", r"queries to all patches"),
        ("is_encoder_decoder", "it is an encoder and a decoder"),
    ],
)
def test_tokens_without_a_place_are_refused(setting: str, message: str, tmp_path: Path) -> None:
    """Idefics 2, BLIP-2 and others: 64 queries would look like a square of 8 x 8 cells."""
    vlm = load_off_the_shelf(save_vip_llava(tmp_path), "<image> :", F32, CPU)
    setattr(vlm.family.config, setting, True)
    with pytest.raises(InputError, match=message):
        vlm.look(Image.new("RGB", (56, 56)))


def test_the_library_still_calls_resamplers_so() -> None:
    settings = {"idefics2": "perceiver_config", "blip-2": "qformer_config", "kosmos-2": "latent_query_num"}
    settings["aria"] = "projector_patch_to_query_dict"
    for kind, setting in settings.items():
        assert getattr(CONFIG_MAPPING[kind](), setting)


def test_classes_are_refused_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="key 'grid' has no place here, the grid of 'llava' is known"):
        load_off_the_shelf(save_llava(tmp_path / "llava"), "<image> :", F32, CPU, grid=(4, 4))
    with pytest.raises(InputError, match=r"type 'bert' is not known; known: gemma3.*mark their image"):
        check_class("bert", tmp_path, None)
    check_class(PaliGemmaConfig.model_type, tmp_path, (16, 16))
    (tmp_path / "molmo").mkdir()
    content = {"model_type": "molmo", "auto_map": {"AutoConfig": "config_molmo.MolmoConfig"}}
    (tmp_path / "molmo" / "config.json").write_text(json.dumps(content))
    with pytest.raises(
        InputError, match="class 'molmo' brings code of its own, which is never run"
    ) as caught:
        model_config(tmp_path / "molmo")
    assert "trust" not in str(caught.value)
