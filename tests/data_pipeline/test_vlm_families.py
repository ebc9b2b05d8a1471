"""Every family of off-the-shelf models: where its cells are, and that no way to run it changes results."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from transformers import AutoImageProcessor, AutoProcessor, PreTrainedModel

from data_pipeline.block_outputs import recorded_layers
from data_pipeline.captioning import caption_ids, caption_losses, write_captions
from data_pipeline.capture import capture
from data_pipeline.errors import InputError
from data_pipeline.images import overlap
from data_pipeline.lenses.logit import read_logits
from data_pipeline.models import Look
from data_pipeline.off_the_shelf import OffTheShelfVLM, load_off_the_shelf
from data_pipeline.vlm_families.pixel_bounds import PixelBounds
from tests.data_pipeline.test_images import gradient
from tests.data_pipeline.tiny_models import LAYERS
from tests.data_pipeline.tiny_vlms import PROMPTS, SAVED, idefics3_processor, save_gemma3, save_idefics3

CPU, F32 = torch.device("cpu"), torch.float32
TOLERANCE = 1e-4
"""Of hidden states whose entries are of order 1, in float32: what another order of sums may change."""


def load(family: str, folder: Path) -> OffTheShelfVLM:
    if not folder.exists():
        SAVED[family](folder)
    return load_off_the_shelf(folder, PROMPTS.get(family), F32, CPU)


@pytest.fixture(params=SAVED, scope="module")
def family(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def vlm(family: str, tmp_path_factory: pytest.TempPathFactory) -> OffTheShelfVLM:
    return load(family, tmp_path_factory.mktemp(family) / "model")


def pictures(count: int, size: tuple[int, int] = (120, 80)) -> list[Image.Image]:
    noise = np.random.default_rng(7).integers(0, 256, (count, 8, 12, 3), dtype=np.uint8)
    return [Image.fromarray(pixels).resize(size) for pixels in noise]


def states(vlm: OffTheShelfVLM, images: list[Image.Image]) -> dict[int, torch.Tensor]:
    looks = [vlm.look(image) for image in images]
    return capture(vlm, looks, [0, 1, LAYERS], "tiny", [str(n) for n in range(len(images))]).states


def test_logit_lens_at_the_last_layer_is_what_the_model_says(vlm: OffTheShelfVLM) -> None:
    looks = [vlm.look(picture) for picture in pictures(2)]
    prompt = vlm.prompt(looks)
    with torch.no_grad():
        own = vlm.model(**prompt.inputs).logits[:, prompt.vision].flatten(0, 1)
    captured = capture(vlm, looks, [0, LAYERS], "tiny", ["a", "b"])
    reading = read_logits(vlm.language, captured, (0, LAYERS), 5)[LAYERS]
    torch.testing.assert_close(reading.logits, own.topk(5).values, atol=1e-3, rtol=0)
    assert reading.kl_to_final.abs().max() < 1e-5
    normed_twice = vlm.language.unembed(vlm.language.decoder.norm(captured.final)).flatten(0, 1)
    assert (normed_twice - own).abs().max() > 0.01


def each_patch_by_itself(model: PreTrainedModel) -> None:
    """Switches off what mixes patches in the tower: residual branches of all its blocks give 0."""
    for name, weights in model.named_parameters():
        ends = ("out_proj", "fc2", "attn.proj", "down_proj", "projection_layer")
        tower = "visual.blocks" in name or "vision" in name
        if tower and any(f"{end}." in name for end in ends):
            weights.data.zero_()


def test_each_cell_is_the_token_of_its_own_place(family: str, tmp_path: Path) -> None:
    """A box that is darkened on the canvas changes layer 0 of the cells that it touches, and of no other."""
    vlm = load(family, tmp_path / "model")
    each_patch_by_itself(vlm.model)
    side = 112 if "qwen" in family else 56  # 4 x 4 cells in all families, and no resizing of the whole
    plain = pictures(1, (side, side))[0]
    look = vlm.look(plain)
    assert (look.canvas.grid.rows, look.canvas.grid.cols, look.canvas.width) == (4, 4, side)
    scale = side / 56
    before = states(vlm, [plain])[0][0]
    for box in ((3, 3, 5, 5), (44, 17, 52, 20), (17, 30, 25, 52)):
        marked = plain.copy()
        marked.paste("black", tuple(int(edge * scale) for edge in box))
        changed = (states(vlm, [marked])[0][0] - before).abs().amax(-1) > TOLERANCE
        # Resizing spreads a pixel to its neighbours: near the box a cell may change, inside it must.
        near = tuple((edge + 4 * sign) * scale for edge, sign in zip(box, (-1, -1, 1, 1), strict=True))
        inside = tuple(edge * scale for edge in box)
        grid = look.canvas.grid
        must = {cell for cell in range(grid.cells) if overlap(grid.box(cell), inside) > 0}
        may = {cell for cell in range(grid.cells) if overlap(grid.box(cell), near) > 0}
        assert must <= set(changed.nonzero()[:, 0].tolist()) <= may, box
        assert len(may) < grid.cells


def test_canvas_is_what_the_tower_is_given(vlm: OffTheShelfVLM) -> None:
    canvas = vlm.look(gradient(100, 70)).canvas
    assert canvas.affine is not None
    assert canvas.grid.cols * canvas.grid.cell_width == canvas.width
    assert canvas.grid.rows * canvas.grid.cell_height == canvas.height
    a, _, c, _, e, f = canvas.affine
    for x, y in ((20, 20), (40, 20), (28, 40)):  # red rises with source x, green with source y
        if x < canvas.width and y < canvas.height:
            red, green, _ = canvas.pixels[y, x].tolist()
            assert red == pytest.approx(255 * ((x + 0.5 - c) / a - 0.5) / 99, abs=4)
            assert green == pytest.approx(255 * ((y + 0.5 - f) / e - 0.5) / 69, abs=4)


def test_layer_0_is_the_connectors_output(vlm: OffTheShelfVLM) -> None:
    """Nothing scales or adds to the vision tokens on their way into the first block."""
    prompt = vlm.prompt([vlm.look(pictures(1)[0])])
    taken = ("pixel_values", "image_sizes", "image_grid_thw", "pixel_attention_mask")
    with torch.no_grad():
        made = vlm.model.get_image_features(**{k: v for k, v in prompt.inputs.items() if k in taken})
        with recorded_layers(vlm.model, [0]) as recorded:
            vlm.model(**prompt.inputs)
    features = made.pooler_output
    features = (torch.cat(list(features)) if not isinstance(features, torch.Tensor) else features).flatten(
        0, -2
    )
    cells = len(prompt.vision)
    last = vlm.model.config.model_type in ("smolvlm", "idefics3", "internvl")
    expected = features[-cells:] if last else features[:cells]
    torch.testing.assert_close(recorded[0][0, prompt.vision], expected)


def test_batch_size_changes_nothing(vlm: OffTheShelfVLM) -> None:
    images = pictures(3)
    together = states(vlm, images)
    for number, image in enumerate(images):
        for layer, alone in states(vlm, [image]).items():
            torch.testing.assert_close(together[layer][number], alone[0], atol=TOLERANCE, rtol=TOLERANCE)


def test_attention_implementation_changes_nothing(family: str, tmp_path: Path) -> None:
    vlm = load(family, tmp_path / "model")
    found = []
    for implementation in ("eager", "sdpa"):
        vlm.model.set_attn_implementation(implementation)
        assert vlm.language.decoder.config._attn_implementation == implementation
        found.append(states(vlm, pictures(2)))
    for layer, values in found[0].items():
        torch.testing.assert_close(values, found[1][layer], atol=TOLERANCE, rtol=TOLERANCE)


def test_padding_side_changes_nothing(vlm: OffTheShelfVLM) -> None:
    """Neither the tokenizer's side, nor padding that another program would write before the prompt."""
    image = pictures(1)[0]
    expected = states(vlm, [image])
    tokenizer, side = vlm.language.tokenizer, vlm.language.tokenizer.padding_side
    captions = caption_ids(vlm, ["a red house .", "the cat sits on the green grass ."])
    losses = []
    for tokenizer.padding_side in ("left", "right"):
        for layer, values in states(vlm, [image]).items():
            assert torch.equal(values, expected[layer])
        losses.append(caption_losses(vlm, vlm.prompt([vlm.look(image)] * 2), captions))
    tokenizer.padding_side = side
    assert torch.equal(*losses)

    prompt = vlm.prompt([vlm.look(image)])
    shape = prompt.inputs["input_ids"].shape
    padded = {
        name: torch.cat([values.new_full((1, 5), tokenizer.pad_token_id * (name == "input_ids")), values], 1)
        if values.shape == shape
        else values
        for name, values in prompt.inputs.items()
    }
    with torch.no_grad(), recorded_layers(vlm.model, [LAYERS]) as recorded:
        positions = (
            {} if "image_grid_thw" in padded else {"position_ids": torch.arange(-5, shape[1])[None].clamp(0)}
        )
        vlm.model(**padded, **positions)
    torch.testing.assert_close(
        recorded[LAYERS][:, prompt.vision + 5], expected[LAYERS], atol=TOLERANCE, rtol=TOLERANCE
    )


def test_captions_are_written_greedily_and_losses_need_the_image(vlm: OffTheShelfVLM) -> None:
    prompt = vlm.prompt([vlm.look(picture) for picture in pictures(2)])
    ids = torch.zeros(2, 0, dtype=torch.long)
    for _ in range(4):  # the same without a cache, one whole pass for each token
        with torch.no_grad():
            logits = vlm.model(**vlm.extend(prompt, ids)).logits[:, -1]
        ids = torch.cat([ids, logits.argmax(-1, keepdim=True)], 1)
    tokenizer = vlm.language.tokenizer
    rows = [row[: [*row, tokenizer.eos_token_id].index(tokenizer.eos_token_id)] for row in ids.tolist()]
    expected = [tokenizer.decode(row, skip_special_tokens=True).strip() for row in rows]
    assert write_captions(vlm, prompt, 4) == expected

    alone = vlm.prompt_without_image(2)
    assert vlm.model.config.image_token_id not in alone.inputs["input_ids"]
    captions = caption_ids(vlm, ["a red house ."] * 2)
    assert not torch.equal(caption_losses(vlm, prompt, captions), caption_losses(vlm, alone, captions))


@pytest.mark.parametrize("size", [(100, 70), (70, 100), (56, 56), (30, 200)])
@pytest.mark.parametrize("family", ["gemma3", "llava_next", "smolvlm", "idefics3"])
def test_inputs_are_those_of_the_models_own_processor(
    family: str, size: tuple[int, int], tmp_path: Path
) -> None:
    vlm = load(family, tmp_path / "model")
    folder = tmp_path / "model"
    own_class = family in ("gemma3", "llava_next")
    processor = AutoProcessor.from_pretrained(folder) if own_class else idefics3_processor(folder)
    processor.image_processor = AutoImageProcessor.from_pretrained(folder, backend="pil")
    picture = gradient(*size)
    turn = {"role": "user", "content": [{"type": "image"}, {"type": "text", "text": "Describe this image."}]}
    text = vlm.language.tokenizer.apply_chat_template([turn], add_generation_prompt=True, tokenize=False)
    own: dict[str, Any] = processor(
        text=[text], images=[[picture]], return_tensors="pt", add_special_tokens=False
    )
    look = vlm.look(picture)
    assert look.tensors.keys() == own.keys() - {"mm_token_type_ids"}
    for name, values in look.tensors.items():
        assert torch.equal(values, own[name]), name
    begin = vlm.language.tokenizer.bos_token_id
    assert look.tensors["input_ids"][0].tolist().count(begin) == 1
    states(vlm, [picture])


def test_gemma_sees_its_image_in_both_directions(tmp_path: Path) -> None:
    """Layer 1 of the first cell depends on the last cell, and not on the text after the image."""
    vlm = load("gemma3", tmp_path / "model")
    each_patch_by_itself(vlm.model)
    plain = pictures(1, (56, 56))[0]
    marked = plain.copy()
    marked.paste("black", (50, 50, 56, 56))
    one, other = states(vlm, [plain]), states(vlm, [marked])
    assert torch.equal(one[0][0, 0], other[0][0, 0])
    assert (one[1][0, 0] - other[1][0, 0]).abs().max() > 1e-3
    longer = OffTheShelfVLM(vlm.model, vlm.language, vlm.family, vlm.text + " a red house .")
    torch.testing.assert_close(states(longer, [plain])[LAYERS], one[LAYERS], atol=TOLERANCE, rtol=TOLERANCE)


def test_gemma_with_tied_embeddings_is_read_by_the_same_matrix(tmp_path: Path) -> None:
    vlm = load_off_the_shelf(save_gemma3(tmp_path, tie_word_embeddings=True), None, F32, CPU)
    assert torch.equal(vlm.language.causal.get_output_embeddings().weight, vlm.language.input_embeddings)
    states(vlm, pictures(1))  # where capture holds norm and head against the model's own logits


def test_smolvlm_without_tiles_sees_the_whole_image_alone(tmp_path: Path) -> None:
    vlm = load_off_the_shelf(save_idefics3(tmp_path, do_image_splitting=False), None, F32, CPU)
    prompt = vlm.prompt([vlm.look(pictures(1)[0])])
    assert prompt.inputs["pixel_values"].shape == (1, 1, 3, 56, 56)
    assert (
        len(prompt.vision) == int((prompt.inputs["input_ids"] == vlm.model.config.image_token_id).sum()) == 16
    )


def test_a_prompt_needs_the_image_once(tmp_path: Path) -> None:
    save_gemma3(tmp_path)
    for prompt in ("a house :", "<start_of_image> <start_of_image> :"):
        vlm = load_off_the_shelf(tmp_path, prompt, F32, CPU)
        with pytest.raises(
            InputError, match=r"no single image placeholder; expected <start_of_image> in it once"
        ):
            vlm.look(pictures(1)[0])


def test_the_template_beside_the_processor_is_read(tmp_path: Path) -> None:
    save_gemma3(tmp_path)
    (tmp_path / "chat_template.jinja").unlink()
    with pytest.raises(InputError, match="has no chat template"):
        load_off_the_shelf(tmp_path, None, F32, CPU)
    file = tmp_path / "chat_template.json"
    file.write_text('{"chat_template": "<start_of_image> :"}')
    assert load_off_the_shelf(tmp_path, None, F32, CPU).text == "<start_of_image> :"
    file.write_text('{"chat_template": "{{ raise_exception(\'no\') }}"}')
    with pytest.raises(InputError, match="chat template cannot take an image"):
        load_off_the_shelf(tmp_path, None, F32, CPU)
    file.write_text("[]")
    with pytest.raises(InputError, match="is not JSON with the key 'chat_template'"):
        load_off_the_shelf(tmp_path, None, F32, CPU)


@pytest.mark.parametrize("family", ["qwen2_vl", "qwen3_vl"])
def test_a_study_may_bound_the_pixels_of_a_canvas(family: str, tmp_path: Path) -> None:
    SAVED[family](tmp_path)
    picture = pictures(1, (120, 80))[0]

    def look(**bounds: int) -> Look:
        return load_off_the_shelf(tmp_path, PROMPTS.get(family), F32, CPU, bounds=PixelBounds(**bounds)).look(
            picture
        )

    own, small = look().canvas, look(max_pixels=4000).canvas
    large = look(min_pixels=90_000, max_pixels=100_000)
    assert small.grid.cells < own.grid.cells < large.canvas.grid.cells
    assert small.pixels.shape[0] * small.pixels.shape[1] <= 4000
    assert 90_000 <= large.canvas.pixels.shape[0] * large.canvas.pixels.shape[1] <= 100_000
    # The grid is that of the pixels which the model gets, and the map leads from the whole image to it.
    rows, cols = large.tensors["image_grid_thw"][0, 1:].tolist()
    grid, (height, width) = large.canvas.grid, large.canvas.pixels.shape[:2]
    assert (rows // 2, cols // 2) == (grid.rows, grid.cols)
    assert (height, width) == (grid.rows * grid.cell_height, grid.cols * grid.cell_width)
    assert large.canvas.affine == (width / 120, 0, 0, 0, height / 80, 0)
    with pytest.raises(
        InputError, match=r"min_pixels would be 90000, more than max_pixels, \d+; what a study"
    ):
        look(min_pixels=90_000)


def test_other_canvases_have_no_bounds(tmp_path: Path) -> None:
    SAVED["llava"](tmp_path)
    with pytest.raises(InputError, match=r"key 'max_pixels' has no place here; .* this is 'llava'"):
        load_off_the_shelf(tmp_path, "<image> :", F32, CPU, bounds=PixelBounds(max_pixels=4000))
