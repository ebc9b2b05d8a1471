"""Where vision tokens stand in the sequence, and that the published connectors' marks stand around them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from data_pipeline.block_outputs import recorded_layers
from data_pipeline.connectors import Connector, ConnectorConfig
from data_pipeline.framing import Framing
from data_pipeline.image_block import image_block
from data_pipeline.language_models import LanguageModel, load_causal_lm, load_tokenizer
from data_pipeline.models import ComposedVLM, load_connector, load_vision_encoder
from tests.data_pipeline.tiny_models import WIDTH, save_encoder, save_llm

CPU, F32 = torch.device("cpu"), torch.float32
MARKS = torch.tensor([[1000.0], [2000.0], [0.5], [3000.0]])


def test_a_grid_of_two_rows_and_three_columns_gets_its_marks() -> None:
    block, places = image_block(torch.arange(6.0).view(1, 6, 1), MARKS, cols=3)
    assert block.flatten().tolist() == [1000, 0.5, 1.5, 2.5, 3000, 3.5, 4.5, 5.5, 3000, 2000]
    assert places.tolist() == [1, 2, 3, 5, 6, 7]


def test_the_studys_grids_have_the_studys_lengths() -> None:
    for side, length in ((24, 602), (27, 758)):  # one more each with the token before the image
        block, places = image_block(torch.zeros(2, side * side, 1), MARKS, side)
        assert block.shape == (2, length, 1)
        assert places[-1] == 1 + (side - 1) * (side + 1) + side - 1


def test_without_marks_the_tokens_stand_alone() -> None:
    tokens = torch.randn(2, 6, 4)
    block, places = image_block(tokens, None, 3)
    assert block is tokens
    assert places.tolist() == list(range(6))


def marked_model(folder: Path) -> ComposedVLM:
    config = ConnectorConfig("gated_mlp", 32, 24, WIDTH, (1, 2), False, 1.0, "<s>", ":", True, True)
    torch.manual_seed(2)
    connector = Connector(config)
    for added in (connector.padding, connector.marks):
        torch.nn.init.normal_(added)
    connector.save_pretrained(folder / "connector")
    save_llm(folder / "llm")
    language = LanguageModel(load_causal_lm(folder / "llm", F32, CPU), load_tokenizer(folder / "llm"))
    encoder = load_vision_encoder(save_encoder(folder / "encoder"), None, F32, CPU)
    framing = Framing(56, 56, 14, 14, "pad", "bilinear")
    loaded = load_connector(folder / "connector", F32, CPU)
    return ComposedVLM(language.causal, language, encoder, loaded, framing)


def test_what_enters_the_llm_is_the_published_sequence(tmp_path: Path) -> None:
    vlm = marked_model(tmp_path)
    noise = np.random.default_rng(5).integers(0, 256, (30, 56, 3), dtype=np.uint8)
    look = vlm.look(Image.fromarray(noise))  # 30 of 56 rows: padded above and below by 13
    assert sorted(set(look.canvas.padding)) == [0.0, round(13 / 14, 6)]
    prompt = vlm.prompt([look])
    with recorded_layers(vlm.model, {0}) as states:
        vlm.model(**prompt.inputs)
    pixels, connector = look.tensors["pixel_values"], vlm.connector
    blocks = vlm.encoder.block_outputs(pixels)
    features = torch.cat([blocks[1], blocks[2]], -1)[0]  # (16, 32)
    outer = torch.tensor([0, 1, 2, 3, 12, 13, 14, 15])  # partly padded rows
    features[outer] += connector.padding[1]
    tokens = connector.project(features) + connector.marks[2]
    entering = states[0][0]
    torch.testing.assert_close(entering[prompt.vision], tokens)
    ids = [vlm.language.tokenizer.encode(text, add_special_tokens=False) for text in ("<s>", ":")]
    assert entering.shape[0] == len(ids[0]) + 4 * 5 + 2 + len(ids[1])
    start = len(ids[0])
    torch.testing.assert_close(entering[start], connector.marks[0])
    torch.testing.assert_close(entering[start + 5], connector.marks[3])
    torch.testing.assert_close(entering[start + 21], connector.marks[1])
    torch.testing.assert_close(entering[:start], vlm.language.input_embeddings[ids[0]])


def test_a_patch_that_is_all_padding_gets_the_first_padding_embedding(tmp_path: Path) -> None:
    vlm = marked_model(tmp_path)
    looks = [
        vlm.look(Image.new("RGB", size, "white")) for size in ((56, 28), (56, 56))
    ]  # one row above, below
    assert looks[0].canvas.padding[:4] == (1.0,) * 4
    prompt = vlm.prompt(looks)
    found = prompt.inputs["inputs_embeds"][:, prompt.vision]
    bare = Connector(replace(vlm.connector.config, padding_embeddings=False))
    bare.load_state_dict(vlm.connector.state_dict(), strict=False)
    pixels = torch.cat([look.tensors["pixel_values"] for look in looks])
    features = bare.features(vlm.encoder.block_outputs(pixels))
    features[0, [0, 1, 2, 3, 12, 13, 14, 15]] += vlm.connector.padding[0]
    torch.testing.assert_close(found, bare.project(features) + vlm.connector.marks[2])
