"""Known answers on tiny random models of the true classes."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image
from transformers import AutoImageProcessor, GenerationConfig, LlavaProcessor

from data_pipeline.block_outputs import recorded_layers
from data_pipeline.captioning import caption_ids, caption_losses, end_tokens, write_captions
from data_pipeline.capture import Capture, capture, equal_shapes
from data_pipeline.errors import InputError
from data_pipeline.framing import Framing
from data_pipeline.language_models import LanguageModel, load_causal_lm, load_tokenizer
from data_pipeline.lenses.logit import read_logits
from data_pipeline.lenses.ranking import best
from data_pipeline.models import (
    ComposedVLM,
    VisionLanguageModel,
    load_connector,
    load_vision_encoder,
)
from data_pipeline.off_the_shelf import load_off_the_shelf
from data_pipeline.vlm_families.processed_pixels import crop_map
from tests.data_pipeline.test_images import gradient
from tests.data_pipeline.tiny_models import (
    LAYERS,
    TEXT_CLASSES,
    save_connector,
    save_encoder,
    save_llava,
    save_llm,
    save_qwen_vl,
)

CPU, F32 = torch.device("cpu"), torch.float32
PROMPTS = {
    "llava": "<image> a house :",
    "qwen2_vl": "<|vision_start|><|image_pad|><|vision_end|> a house :",
    "qwen2_5_vl": "<|vision_start|><|image_pad|><|vision_end|> a house :",
}
KINDS = ("composed", *PROMPTS)


def load_language(folder: Path, family: str = "llama", **changes: object) -> LanguageModel:
    save_llm(folder, family, **changes)
    return LanguageModel(load_causal_lm(folder, F32, CPU), load_tokenizer(folder))


def load(kind: str, folder: Path) -> VisionLanguageModel:
    if kind == "composed":
        language = load_language(folder / "llm")
        encoder = load_vision_encoder(save_encoder(folder / "encoder"), None, F32, CPU)
        connector = load_connector(save_connector(folder / "connector"), F32, CPU)
        framing = Framing(56, 56, 14, 14, "pad", "bilinear")
        return ComposedVLM(language.causal, language, encoder, connector, framing)
    save_llava(folder) if kind == "llava" else save_qwen_vl(folder, kind)
    return load_off_the_shelf(folder, PROMPTS[kind], F32, CPU)


@pytest.fixture(params=KINDS, scope="module")
def vlm(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> VisionLanguageModel:
    return load(request.param, tmp_path_factory.mktemp(request.param))


def pictures(count: int = 3) -> list[Image.Image]:
    noise = np.random.default_rng(7).integers(0, 256, (count, 8, 12, 3), dtype=np.uint8)
    return [Image.fromarray(pixels).resize((120, 80)) for pixels in noise]


@pytest.mark.parametrize("family", TEXT_CLASSES)
def test_unembedding_the_last_layer_gives_the_models_own_logits(family: str, tmp_path: Path) -> None:
    language = load_language(tmp_path, family)
    ids = torch.tensor([language.tokenizer.encode("a red house stands on the green grass .")])
    with recorded_layers(language.causal, range(LAYERS + 1)) as states:
        own = language.causal(input_ids=ids).logits
    torch.testing.assert_close(language.unembed(states[LAYERS]), own, atol=1e-3, rtol=0)
    # The library's own last hidden state is normed already: unembedding it would norm twice.
    twice = (language.unembed(language.decoder.norm(states[LAYERS])) - own).abs().max()
    assert twice > 0.01 or family == "olmo"  # whose norm has no weights
    scale = language.hidden_size**0.5 if family.startswith("gemma") else 1.0  # Gemma's embeddings are scaled
    torch.testing.assert_close(states[0], scale * language.input_embeddings[ids], atol=1e-5, rtol=0)


@pytest.mark.parametrize("family", ["gemma2", "gemma3_text"])
def test_soft_caps_are_part_of_the_unembedding(family: str, tmp_path: Path) -> None:
    language = load_language(tmp_path, family, final_logit_softcapping=2.0)
    ids = torch.tensor([language.tokenizer.encode("a red house stands on the green grass .")])
    with recorded_layers(language.causal, [LAYERS]) as states:
        own = language.causal(input_ids=ids).logits
    torch.testing.assert_close(language.unembed(states[LAYERS]), own, atol=1e-4, rtol=0)
    head = language.causal.lm_head(language.decoder.norm(states[LAYERS]))
    assert head.abs().max() > 3 > 2 >= own.abs().max()  # the cap did something


def test_logit_lens_at_the_last_layer_is_what_the_model_says(vlm: VisionLanguageModel) -> None:
    looks = [vlm.look(picture) for picture in pictures()]
    captured = capture(vlm, looks, [0, 1, LAYERS], "tiny", ["a", "b", "c"])
    prompt = vlm.prompt(looks)
    with torch.no_grad():
        own = vlm.model(**prompt.inputs).logits[:, prompt.vision].flatten(0, 1)
    reading = read_logits(vlm.language, captured, (0, 1, LAYERS), 5)[LAYERS]
    torch.testing.assert_close(reading.logits, own.topk(5).values, atol=1e-3, rtol=0)
    torch.testing.assert_close(reading.probabilities, own.softmax(-1).topk(5).values, atol=1e-3, rtol=0)
    assert reading.kl_to_final.abs().max() < 1e-5


def test_of_a_forward_pass_only_the_vision_tokens_are_kept(vlm: VisionLanguageModel) -> None:
    looks = [vlm.look(picture) for picture in pictures(2)]
    with torch.no_grad(), recorded_layers(vlm.model, range(LAYERS + 1)) as whole:
        vlm.model(**vlm.prompt(looks).inputs)
    captured = capture(vlm, looks, [0, 1], "tiny", ["a", "b"])
    assert sorted(captured.states) == [0, 1, LAYERS]
    vision = vlm.prompt(looks).vision
    for layer, state in captured.states.items():
        assert torch.equal(state, whole[layer][:, vision])
        assert state.untyped_storage().nbytes() == state.numel() * state.element_size()


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
@pytest.mark.parametrize("family", TEXT_CLASSES)
def test_logit_lens_of_a_half_precision_model_reads_its_states_in_float32(
    family: str, dtype: torch.dtype, tmp_path: Path
) -> None:
    save_llm(tmp_path, family)
    tokenizer = load_tokenizer(tmp_path)
    half = LanguageModel(load_causal_lm(tmp_path, dtype, CPU), tokenizer)
    ids = torch.tensor([tokenizer.encode("a red house stands on the green grass .")])
    with recorded_layers(half.causal, range(LAYERS + 1)) as states:
        own = half.causal(input_ids=ids).logits
    found = read_logits(half, Capture(dict(states), LAYERS), (1, LAYERS), 5)
    assert torch.equal(half.unembed_as_model(states[LAYERS]), own)
    assert {weights.dtype for weights in half.causal.parameters()} == {dtype}

    whole = half.causal.float()  # the same rounded weights, so that only the reading differs
    for layer in (1, LAYERS):
        expected = whole.lm_head(whole.model.norm(states[layer].float())).flatten(0, 1)
        if family == "gemma2":  # whose configuration caps at 30 unless told otherwise
            expected = torch.tanh(expected / 30) * 30
        torch.testing.assert_close(found[layer].logits, expected.topk(5).values, atol=1e-5, rtol=1e-6)
        assert torch.equal(found[layer].ids, best(expected, 5)[1])
    assert (found[LAYERS].logits != found[LAYERS].logits.to(dtype).float()).any()


def test_entropy_and_divergence_match_their_definitions(vlm: VisionLanguageModel) -> None:
    captured = capture(vlm, [vlm.look(pictures(1)[0])], [1], "tiny", ["a"])
    reading = read_logits(vlm.language, captured, (1,), 3)[1]
    here = torch.distributions.Categorical(logits=vlm.language.unembed(captured.states[1][0]))
    final = torch.distributions.Categorical(logits=vlm.language.unembed(captured.final[0]))
    torch.testing.assert_close(reading.entropy, here.entropy(), atol=1e-4, rtol=1e-4)
    divergence = torch.distributions.kl_divergence(final, here)
    torch.testing.assert_close(reading.kl_to_final, divergence, atol=1e-4, rtol=1e-3)
    assert reading.kl_to_final.max() > 0.01


def test_capture_holds_the_vision_tokens_of_each_image_in_the_order_of_the_cells(
    vlm: VisionLanguageModel,
) -> None:
    looks = [vlm.look(picture) for picture in pictures()]
    captured = capture(vlm, looks, [0, 2], "tiny", ["a", "b", "c"])
    cells = looks[0].canvas.grid.cells
    assert {layer: state.shape[:2] for layer, state in captured.states.items()} == dict.fromkeys(
        (0, 2, LAYERS), (3, cells)
    )
    alone = capture(vlm, looks[1:2], [0, 2], "tiny", ["b"])
    torch.testing.assert_close(captured.states[2][1:2], alone.states[2], atol=1e-4, rtol=1e-4)
    assert len({tuple(state[0].tolist()) for state in captured.states[0]}) == 3


def test_a_changed_corner_changes_layer_0_of_no_cell_before_its_own_image_alone(
    tmp_path: Path,
) -> None:
    """Cell order, asked of the connector's input: patches see each other only inside the encoder's blocks."""
    vlm = load("composed", tmp_path)
    assert isinstance(vlm, ComposedVLM)
    white = Image.new("RGB", (56, 56), "white")
    marked = white.copy()
    marked.paste("black", (42, 14, 56, 28))  # row 1, column 3 of 4 x 4
    embedded = [
        vlm.encoder.block_outputs(vlm.look(image).tensors["pixel_values"])[0] for image in (white, marked)
    ]
    changed = (embedded[0] != embedded[1]).any(-1)[0].nonzero()[:, 0].tolist()
    assert changed == [7]
    assert vlm.look(marked).canvas.grid.box(7) == (42, 14, 56, 28)


def test_non_finite_states_stop_the_run_with_model_layer_and_cell(tmp_path: Path) -> None:
    vlm = load("composed", tmp_path)
    look = vlm.look(pictures(1)[0])
    blow_up = lambda module, args, output: output.index_fill(1, torch.tensor([4]), float("nan"))  # noqa: E731
    handle = vlm.language.decoder.layers[1].register_forward_hook(blow_up)
    with pytest.raises(
        InputError, match=r"model tiny: .* vision layer 2, image a, cell 3 is not finite"
    ) as got:
        capture(vlm, [look], [0, 1, 2], "tiny", ["a"])
    handle.remove()
    assert "its weights are finite" in str(got.value)  # float32 already, so no other type would help
    connector = vlm.connector  # type: ignore[attr-defined]
    connector.gate.weight.data[0, 0] = torch.nan
    with pytest.raises(InputError, match=r"finite; its weights hold NaN in 'gate.weight' of its connector$"):
        capture(vlm, [look], [0, 1, 2], "tiny", ["a"])


def test_a_class_that_does_more_than_norm_and_head_is_refused(tmp_path: Path) -> None:
    vlm = load("composed", tmp_path)
    real = vlm.model.forward

    def capped(*args: object, **kwargs: object) -> object:
        output = real(*args, **kwargs)
        output.logits = torch.tanh(output.logits)
        return output

    vlm.model.forward = capped  # type: ignore[method-assign]
    with pytest.raises(InputError, match="does more than V-Lens knows"):
        capture(vlm, [vlm.look(pictures(1)[0])], [0], "tiny", ["a"])


def test_unknown_classes_are_refused_by_name(tmp_path: Path) -> None:
    save_llm(tmp_path / "llm")
    with pytest.raises(InputError, match=r"type 'llama' is not known; known: .*llava, llava_next, .*qwen2"):
        load_off_the_shelf(tmp_path / "llm", "x", F32, CPU)
    save_encoder(tmp_path / "encoder")
    with pytest.raises(InputError, match="LLM of type 'clip_vision_model' is not known"):
        load_causal_lm(tmp_path / "encoder", F32, CPU)
    with pytest.raises(InputError, match="chat template"):
        load_off_the_shelf(save_llava(tmp_path / "llava"), None, F32, CPU)


def test_llava_prompt_and_pixels_are_those_of_its_own_processor(tmp_path: Path) -> None:
    vlm = load("llava", tmp_path)
    picture = gradient(100, 70)
    processor = LlavaProcessor.from_pretrained(tmp_path)
    processor.image_processor = AutoImageProcessor.from_pretrained(tmp_path, backend="pil")
    own = processor(text=[PROMPTS["llava"]], images=[picture], return_tensors="pt")
    look = vlm.look(picture)
    for name in ("input_ids", "attention_mask", "pixel_values"):
        assert torch.equal(look.tensors[name], own[name]), name


def test_llava_canvas_is_what_the_processor_made(tmp_path: Path) -> None:
    look = load("llava", tmp_path).look(gradient(100, 70))
    canvas = look.canvas
    assert (canvas.width, canvas.height, canvas.grid.rows, canvas.grid.cols) == (56, 56, 4, 4)
    scale, left = 80 / 100, -12
    assert canvas.affine == pytest.approx((scale, 0, left, 0, scale, 0))
    # The gradient's red is 255 * (x - 0.5) / 99 at source x, here read at canvas x = 28.5.
    assert canvas.pixels[28, 28, 0] == pytest.approx(255 * ((28.5 - left) / scale - 0.5) / 99, abs=3)
    assert canvas.pixels[28, 28, 1] == pytest.approx(255 * (28.5 / scale - 0.5) / 69, abs=3)


@pytest.mark.parametrize("kind", ["qwen2_vl", "qwen2_5_vl"])
def test_qwen_canvas_undoes_the_processors_patches(kind: str, tmp_path: Path) -> None:
    vlm = load(kind, tmp_path)
    picture = gradient(112, 84)  # whole cells: the processor leaves the size
    canvas = vlm.look(picture).canvas
    assert (canvas.grid.rows, canvas.grid.cols, canvas.grid.cell_width) == (3, 4, 28)
    assert np.abs(canvas.pixels.astype(int) - np.asarray(picture).astype(int)).max() <= 1
    assert canvas.affine == (1, 0, 0, 0, 1, 0)
    assert set(canvas.padding) == {0.0}


def test_map_of_a_processor_that_pads_is_left_out() -> None:
    settings = SimpleNamespace(do_resize=True, do_center_crop=True, do_pad=True, size={"shortest_edge": 56})
    assert crop_map(settings, (100, 70), (56, 56)) is None
    settings.do_pad = False
    assert crop_map(settings, (100, 70), (56, 56)) == pytest.approx((0.8, 0, -12, 0, 0.8, 0))
    settings.size = {"height": 56, "width": 56}
    assert crop_map(settings, (100, 70), (56, 56)) == pytest.approx((0.56, 0, 0, 0, 0.8, 0))


def test_looks_of_unequal_shape_do_not_share_a_batch(tmp_path: Path) -> None:
    vlm = load("qwen2_vl", tmp_path)
    looks = [vlm.look(gradient(*size)) for size in ((56, 56), (56, 56), (84, 56), (56, 56))]
    assert equal_shapes(looks, 8) == [range(0, 2), range(2, 3), range(3, 4)]
    assert equal_shapes(looks[:2], 1) == [range(0, 1), range(1, 2)]


def test_caption_loss_is_the_mean_over_the_captions_own_tokens(vlm: VisionLanguageModel) -> None:
    looks = [vlm.look(picture) for picture in pictures(2)]
    ids = caption_ids(vlm, ["a red house .", "the cat sits on the green grass ."])
    together = caption_losses(vlm, vlm.prompt(looks), ids)
    for number, row in enumerate(ids):
        prompt = vlm.prompt(looks[number : number + 1])
        with torch.no_grad():
            logits = vlm.model(**vlm.extend(prompt, torch.tensor([row]))).logits[0, prompt.length - 1 : -1]
        own = torch.nn.functional.cross_entropy(logits, torch.tensor(row))
        assert together[number] == pytest.approx(own.item(), abs=1e-4)


def test_greedy_captions_take_the_likeliest_token_each_time(vlm: VisionLanguageModel) -> None:
    prompt = vlm.prompt([vlm.look(picture) for picture in pictures(2)])
    tokenizer = vlm.language.tokenizer
    ids = torch.zeros(2, 0, dtype=torch.long)
    for _ in range(6):  # the same without a cache, one whole pass for each token
        with torch.no_grad():
            logits = vlm.model(**vlm.extend(prompt, ids)).logits[:, -1]
        ids = torch.cat([ids, logits.argmax(-1, keepdim=True)], 1)
    rows = [
        row[: row.index(tokenizer.eos_token_id)] if tokenizer.eos_token_id in row else row
        for row in ids.tolist()
    ]
    expected = [tokenizer.decode(row, skip_special_tokens=True).strip() for row in rows]
    assert write_captions(vlm, prompt, 6) == expected


def test_nothing_that_comes_with_the_weights_changes_what_is_likeliest(vlm: VisionLanguageModel) -> None:
    prompt = vlm.prompt([vlm.look(picture) for picture in pictures(2)])
    plain = write_captions(vlm, prompt, 6)
    usual = vlm.model.generation_config
    first = int(vlm.model(**prompt.inputs).logits[0, -1].argmax())
    own = {"repetition_penalty": 50.0, "suppress_tokens": [first], "num_beams": 3, "do_sample": True}
    vlm.model.generation_config = GenerationConfig(**own, min_new_tokens=6, max_length=2)
    try:
        assert write_captions(vlm, prompt, 6) == plain
        assert vlm.model.generation_config.repetition_penalty == 50
    finally:
        vlm.model.generation_config = usual


def test_captions_end_at_every_end_that_the_model_names(vlm: VisionLanguageModel) -> None:
    prompt = vlm.prompt([vlm.look(pictures(1)[0])])
    usual = vlm.model.generation_config
    tokenizer = vlm.language.tokenizer
    words = tokenizer.encode(write_captions(vlm, prompt, 6)[0], add_special_tokens=False)
    assert len(words) > 1
    end = int(vlm.model(**vlm.extend(prompt, torch.tensor([words[:1]]))).logits[0, -1].argmax())
    vlm.model.generation_config = GenerationConfig(eos_token_id=[end, 3])
    try:
        assert end_tokens(vlm) == [tokenizer.eos_token_id, end, 3]
        assert write_captions(vlm, prompt, 6) == [tokenizer.decode(words[:1])]
    finally:
        vlm.model.generation_config = usual


def test_prompt_without_image_has_text_alone(vlm: VisionLanguageModel) -> None:
    prompt = vlm.prompt_without_image(2)
    with_image = vlm.prompt([vlm.look(pictures(1)[0])])
    marks = 2 if "image_grid_thw" in with_image.inputs else 0
    assert prompt.length == with_image.length - len(with_image.vision) - marks
    losses = caption_losses(vlm, prompt, caption_ids(vlm, ["a red house .", "a red house ."]))
    assert losses[0] == losses[1]


def test_a_capture_without_layers_still_has_the_last(tmp_path: Path) -> None:
    vlm = load("composed", tmp_path)
    captured = capture(vlm, [vlm.look(pictures(1)[0])], [], "tiny", ["a"])
    assert isinstance(captured, Capture) and list(captured.states) == [LAYERS]
