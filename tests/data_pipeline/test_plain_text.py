"""Captions that spell out special tokens are text like any other."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from data_pipeline.captioning import caption_ids, caption_losses
from data_pipeline.models import VisionLanguageModel
from data_pipeline.off_the_shelf import load_off_the_shelf
from data_pipeline.plain_text import plain_text_ids
from data_pipeline.toy.tokenizer import build_tokenizer
from data_pipeline.training.sequences import Example, Layout, texts_of
from tests.data_pipeline.test_images import gradient
from tests.data_pipeline.tiny_models import save_llava, save_qwen_vl

CPU, F32 = torch.device("cpu"), torch.float32
HOSTILE = "a <image> house </s> <pad> <|image_pad|><|vision_start|> ."


def shown(kind: str, folder: Path) -> VisionLanguageModel:
    if kind == "llava":
        return load_off_the_shelf(save_llava(folder), "<image> :", F32, CPU)
    prompt = "<|vision_start|><|image_pad|><|vision_end|> :"
    return load_off_the_shelf(save_qwen_vl(folder, kind), prompt, F32, CPU)


@pytest.mark.parametrize("kind", ["llava", "qwen2_vl", "qwen2_5_vl"])
def test_a_caption_that_spells_out_the_placeholder_is_scored(kind: str, tmp_path: Path) -> None:
    vlm = shown(kind, tmp_path)
    tokenizer = vlm.language.tokenizer
    hostile, plain = caption_ids(vlm, [HOSTILE, "a house ."])
    assert plain == tokenizer.encode("a house .", add_special_tokens=False)
    assert not {*hostile} & ({*tokenizer.all_special_ids} - {tokenizer.unk_token_id})
    assert vlm.model.config.image_token_id not in hostile and len(hostile) > 6
    for prompt in (vlm.prompt([vlm.look(gradient(80, 60))] * 2), vlm.prompt_without_image(2)):
        losses = caption_losses(vlm, prompt, [hostile, plain])
        assert torch.isfinite(losses).all()


def test_an_answer_to_learn_ends_where_it_ends() -> None:
    tokenizer = build_tokenizer(image_token=True)
    layout = Layout((), tuple(tokenizer.encode("<s> :", add_special_tokens=False)))
    texts = texts_of(tokenizer, layout, [Example("", HOSTILE)])
    assert texts.ids[0, :2].tolist() == list(layout.suffix)  # what a study says may be special
    learned = texts.ids[0, 2:].tolist()
    assert learned.index(tokenizer.eos_token_id) == len(learned) - 1
    assert tokenizer.convert_tokens_to_ids("<image>") not in learned


def test_a_token_that_a_tokenizer_makes_all_the_same_is_left_out() -> None:
    tokenizer = build_tokenizer()
    house = tokenizer.convert_tokens_to_ids("house")
    text = tokenizer.encode("a house .", add_special_tokens=False)
    assert plain_text_ids(tokenizer, "a house .", {house}) == [one for one in text if one != house]
    assert plain_text_ids(tokenizer, "qqqq") == [tokenizer.unk_token_id]
