"""Molmo by a stand-in for its published code: run for the study that names it, and never otherwise."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from PIL import Image
from transformers import CONFIG_MAPPING, AutoConfig

from data_pipeline.block_outputs import recorded_layers
from data_pipeline.captioning import caption_ids, caption_losses, write_captions
from data_pipeline.capture import capture
from data_pipeline.completeness import gaps
from data_pipeline.errors import InputError
from data_pipeline.images import overlap
from data_pipeline.language_models import model_config
from data_pipeline.lenses.logit import read_logits
from data_pipeline.off_the_shelf import OffTheShelfVLM, load_off_the_shelf
from data_pipeline.plan import make_plan
from data_pipeline.remote_code import needs_remote_code
from data_pipeline.run import run_study
from data_pipeline.store import Results
from data_pipeline.study import load_study
from tests.data_pipeline.molmo_files import COMMIT, PINNED, hub_without_network, save_molmo
from tests.data_pipeline.test_images import gradient
from tests.data_pipeline.test_vlm_families import pictures, states
from tests.data_pipeline.tiny_models import LAYERS, save_llava

CPU, F32 = torch.device("cpu"), torch.float32
STUDY = f"""
id = "molmo"
title = "Molmo"
caption_tokens = 3
vision_layers = [0, 1, "N"]
images = {{ source = "folder", folder = "pictures" }}
text = {{ source = "lines", file = "corpus.txt", layers = [1, "N"] }}
judge = {{ kind = "none" }}
[[model]]
id = "molmo"
title = "Molmo"
group = "off_the_shelf"
vlm = "hub:{PINNED}"
remote_code = "{PINNED}"
"""
TRAP = "\nfrom pathlib import Path\nPath({!r}).touch()\n"


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with pytest.MonkeyPatch.context() as patch:
        yield save_molmo(hub_without_network(tmp_path_factory.mktemp("home"), patch))


@pytest.fixture(scope="module")
def vlm(hub: Path) -> OffTheShelfVLM:
    return load_off_the_shelf(hub, None, F32, CPU, remote_code=True)


def write_study(folder: Path, text: str = STUDY) -> Path:
    (folder / "pictures").mkdir(exist_ok=True)
    for size in ((100, 70), (70, 100)):
        gradient(*size).save(folder / "pictures" / f"{size[0]}.png")
    (folder / "corpus.txt").write_text(
        "a red house stands on the green grass .\na cat sits beside a tree .\n"
    )
    (folder / "study.toml").write_text(text)
    return folder / "study.toml"


def test_a_study_that_names_the_code_is_complete(hub: Path, tmp_path: Path) -> None:
    run_study(load_study(write_study(tmp_path)), tmp_path / "results")
    results = Results(tmp_path / "results")
    assert list(gaps(results)) == []
    wide = next(row for row in results.read("canvases").to_pylist() if row["image_id"] == "100")
    assert (wide["rows"], wide["cols"], wide["width"], wide["height"]) == (4, 4, 56, 56)
    drift = [row["cosine_to_layer_0"] for row in results.read("cells").to_pylist() if not row["vision_layer"]]
    assert drift == pytest.approx([1.0] * 32)


def test_logit_lens_at_the_last_layer_is_what_the_model_says(vlm: OffTheShelfVLM) -> None:
    looks = [vlm.look(picture) for picture in pictures(2)]
    prompt = vlm.prompt(looks)
    with torch.no_grad():
        own = vlm.model(**prompt.inputs).logits[:, prompt.vision].flatten(0, 1)
    captured = capture(vlm, looks, [0, LAYERS], "tiny", ["a", "b"])
    reading = read_logits(vlm.language, captured, (LAYERS,), 5)[LAYERS]
    torch.testing.assert_close(reading.logits, own.topk(5).values, atol=1e-3, rtol=0)
    one = capture(vlm, looks[1:], [1], "tiny", ["b"])
    torch.testing.assert_close(captured.final[1:], one.final, atol=1e-4, rtol=1e-4)


def test_layer_0_is_the_feature_added_to_the_patch_tokens_embedding(vlm: OffTheShelfVLM) -> None:
    prompt = vlm.prompt([vlm.look(pictures(1)[0])])
    row = [column for start in range(2, 22, 5) for column in range(start, start + 4)]  # a token ends each row
    assert prompt.vision.tolist() == row
    published = vlm.model.published.model  # type: ignore[attr-defined]
    with torch.no_grad(), recorded_layers(vlm.model, [0]) as recorded:
        features, _ = published.vision_backbone(prompt.inputs["images"], prompt.inputs["image_masks"])
        vlm.model(**prompt.inputs)
        patch = published.transformer.wte(prompt.inputs["input_ids"][0, prompt.vision])
    torch.testing.assert_close(recorded[0][0, prompt.vision], features[0, 0] + patch)
    assert len(vlm.language.input_embeddings) == vlm.model.config.vocab_size  # without the added rows


def test_each_cell_is_the_token_of_its_own_place(vlm: OffTheShelfVLM) -> None:
    plain = pictures(1, (56, 56))[0]
    grid = vlm.look(plain).canvas.grid
    before = states(vlm, [plain])[0][0]
    for box in ((3, 3, 5, 5), (44, 17, 52, 20), (17, 30, 25, 52)):
        marked = plain.copy()
        marked.paste("black", box)
        changed = (states(vlm, [marked])[0][0] - before).abs().amax(-1) > 1e-4
        touched = {cell for cell in range(grid.cells) if overlap(grid.box(cell), box) > 0}
        assert set(changed.nonzero()[:, 0].tolist()) == touched


def test_the_canvas_is_fitted_and_padded_as_the_processor_did(vlm: OffTheShelfVLM) -> None:
    canvas = vlm.look(gradient(100, 70)).canvas
    assert canvas.source_box == pytest.approx((0, 8, 56, 47))  # 39.2 is cut
    assert not canvas.pixels[:8].any()
    assert not canvas.pixels[47:].any()
    assert int(canvas.pixels[27, 28, 0]) == pytest.approx(128, abs=4)
    assert canvas.padding[:4] == pytest.approx([8 / 14] * 4, abs=1e-6)


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
    captions = caption_ids(vlm, ["a red house ."] * 2)
    alone = vlm.prompt_without_image(2)
    assert alone.length == prompt.length - 3 * (4 * 5 + 2)  # three crops of four rows and their marks
    assert not torch.equal(caption_losses(vlm, prompt, captions), caption_losses(vlm, alone, captions))


def test_half_precision_and_prompts(hub: Path) -> None:
    half = load_off_the_shelf(hub, "<|image|> a house :", torch.bfloat16, CPU, remote_code=True)
    assert {weights.dtype for weights in half.model.parameters()} == {torch.bfloat16}
    states(half, pictures(1))
    inputs = half.prompt([half.look(pictures(1)[0])]).inputs
    assert (inputs["images"].dtype, inputs["image_masks"].dtype) == (torch.bfloat16, torch.float32)
    for prompt in ("a house :", "<|image|> <|image|>", "a <|image|>"):
        vlm = load_off_the_shelf(hub, prompt, F32, CPU, remote_code=True)
        with pytest.raises(
            InputError, match=r"does not begin with its one image; expected <\|image\|> there"
        ):
            vlm.look(Image.new("RGB", (56, 56)))


def without_key(text: str) -> str:
    return text.replace(f'remote_code = "{PINNED}"\n', "")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (without_key, "class 'molmo' brings code of its own, which is never run unless the study's key"),
        (
            lambda text: text.replace(f'vlm = "hub:{PINNED}"', 'vlm = "hub:allenai/Molmo-7B-D-0924"'),
            "needs vlm = 'hub:allenai/Molmo-7B-D-0924@1721.*only code of the model's own repository is run",
        ),
        (
            lambda text: text.replace(f'code = "{PINNED}"', 'code = "allenai/Molmo-7B-D-0924@main"'),
            "remote_code: expected ORGANISATION/NAME@COMMIT, the commit in all its 40 hex digits",
        ),
        (
            lambda text: text.replace(f'vlm = "hub:{PINNED}"', 'vlm = "molmo"'),
            "only code of the model's own repository is run",
        ),
    ],
)
def test_code_is_not_run_unless_repository_and_commit_are_named(
    hub: Path, tmp_path: Path, change: object, message: str
) -> None:
    file, marker = hub / "config_molmo.py", tmp_path / "ran"
    published = file.read_text()
    file.write_text(published + TRAP.format(str(marker)))
    try:
        with pytest.raises(InputError, match=message) as caught:
            make_plan(load_study(write_study(tmp_path, change(STUDY))), None, True)  # type: ignore[operator]
        assert not marker.exists()
        assert "\n" not in str(caught.value)
        assert "trust" not in str(caught.value)
        make_plan(load_study(write_study(tmp_path)), None, True)  # the trap would have sprung
        assert marker.exists()
    finally:
        file.write_text(published)


def test_code_of_another_repository_is_not_run(hub: Path, tmp_path: Path) -> None:
    file = hub / "processor_config.json"
    content = file.read_text()
    file.write_text(json.dumps({"auto_map": {"AutoProcessor": "somebody/else--a.B"}}))
    try:
        with pytest.raises(InputError, match=r"asks for code of another repository \(somebody/else--a\.B\)"):
            make_plan(load_study(write_study(tmp_path)), None, True)
    finally:
        file.write_text(content)


def test_code_that_was_run_once_is_asked_for_again(hub: Path) -> None:
    """Also where it tells transformers of its class."""
    config = model_config(hub, remote_code=True)
    AutoConfig.register("molmo", type(config), exist_ok=True)
    try:
        assert needs_remote_code(hub)
        with pytest.raises(InputError, match="which is never run unless"):
            model_config(hub)
        load_off_the_shelf(hub, None, F32, CPU, remote_code=True)
    finally:
        CONFIG_MAPPING._extra_content.pop("molmo")


def test_a_class_of_transformers_needs_no_code(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="key 'remote_code' has no place, class 'llava' needs no code"):
        load_off_the_shelf(save_llava(tmp_path), "<image> :", F32, CPU, remote_code=True)


def test_code_that_fails_is_one_sentence(hub: Path, tmp_path: Path) -> None:
    broken = save_molmo(tmp_path / COMMIT)
    (broken / "config_molmo.py").write_text("raise RuntimeError('two\\nlines')\n")
    with pytest.raises(InputError, match=r"its own code fails with this transformers \(two lines\)"):
        load_off_the_shelf(broken, None, F32, CPU, remote_code=True)
    weights = save_molmo(tmp_path / "other", num_hidden_layers=2)
    with pytest.raises(InputError, match=r"cannot be loaded \(Error.* loading state_dict"):
        load_off_the_shelf(weights, None, F32, CPU, remote_code=True)
