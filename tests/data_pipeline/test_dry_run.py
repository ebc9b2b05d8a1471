"""What a run would take, against numbers that are published or counted by hand."""

from __future__ import annotations

import json
import socket
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from data_pipeline.architectures import architecture_of, count_parameters
from data_pipeline.errors import InputError, RefusedImageError
from data_pipeline.forecast.dry_run import about_tokens, dry_run
from data_pipeline.forecast.matrix_rate import measure_matrix_rate
from data_pipeline.forecast.models import passes_per_image, tokens_per_image
from data_pipeline.forecast.pictures import fitted_grid, pictures_of
from data_pipeline.images import Canvas, Grid
from data_pipeline.published_architectures import KNOWN
from data_pipeline.study import load_study
from data_pipeline.text_index.build_forecast import forecast_build
from tests.data_pipeline.tiny_models import save_encoder, save_llm
from vlens.cli import main
from vlens.commands.forecast_units import count, duration

PUBLISHED = {  # parameters as they are published; of CLIP and SigLIP the vision half alone
    "meta-llama/Meta-Llama-3-8B": ("llm", 8_030_261_248),
    "Qwen/Qwen2-7B": ("llm", 7_615_616_512),
    "allenai/OLMo-7B-1024-preview": ("llm", 7_298_617_344),
    "openai/clip-vit-large-patch14-336": ("vision_encoder", 303_507_456),
    "facebook/dinov2-large": ("vision_encoder", 304_368_640),
    "google/siglip-so400m-patch14-384": ("vision_encoder", 428_225_600),
    "llava-hf/llava-1.5-7b-hf": ("vlm", 7_063_427_072),
    "Qwen/Qwen2-VL-7B-Instruct": ("vlm", 8_291_375_616),
    "Qwen/Qwen2.5-VL-32B-Instruct": ("vlm", 33_452_718_336),
    # Yi-34B with 64 tokens more, CLIP, two matrices with bias, and the token that ends a row
    "llava-hf/llava-v1.6-34b-hf": ("vlm", 34_388_917_248 + 917_504 + 303_507_456 + 58_734_592 + 7_168),
    "allenai/Molmo-7B-D-0924": ("vlm", 8_021_025_280),
    "HuggingFaceTB/SmolVLM-256M-Instruct": ("vlm", 256_484_928),
    # Qwen2-72B, 128 tokens, CLIP without its last block, pooling, connector, and padding
    "allenai/Molmo-72B-0924": (
        "vlm",
        72_706_203_648 + 1_048_576 + 290_909_184 + 7_344_128 + 302_776_320 + 4_096,
    ),
}


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_arguments: object) -> None:
        raise AssertionError("a dry run asked the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setenv("HF_HOME", "/nonexistent")


def test_every_known_architecture_has_a_published_count() -> None:
    assert set(PUBLISHED) == set(KNOWN)


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_known_architecture_has_as_many_parameters_as_published(name: str) -> None:
    part, expected = PUBLISHED[name]
    found = architecture_of(f"hub:{name}", Path())
    assert found is not None
    assert count_parameters(found.config, part) == expected


def test_an_unknown_hub_name_is_not_guessed() -> None:
    assert architecture_of("hub:somebody/else", Path()) is None


def test_passes_and_tokens_are_those_of_a_run() -> None:
    assert (passes_per_image(captioned=True), passes_per_image(captioned=False)) == (5, 2)
    # 10 to look, 10 + 3 to write, 10 + 3 with this image, as many with another, 3 without one
    assert tokens_per_image(10, 3, captioned=True) == 10 + 13 + 13 + 13 + 3
    assert tokens_per_image(10, 3, captioned=False) == 10 + 13


STUDY = """
id = "tiny"
title = "Tiny"
lenses = ["embedding", "logit"]
vision_layers = [0, "N"]
dtype = "{dtype}"
caption_tokens = 4
[images]
source = "folder"
folder = "pictures"
[judge]
kind = "none"
[[llm]]
id = "l"
title = "L"
path = "llm"
[[vision_encoder]]
id = "e"
title = "E"
path = "encoder"
[[model]]
id = "m"
title = "M"
llm = "l"
vision_encoder = "e"
connector = "connector"
"""
CONNECTOR = {
    "kind": "gated_mlp",
    "in_features": 32,
    "hidden_features": 24,
    "out_features": 32,
    "vision_blocks": [1, 2],
    "layer_norm_features": False,
    "output_scale": 1.0,
    "prefix": "<s>",
    "suffix": ":",
    "image_marks": True,
}


def study_file(folder: Path, dtype: str = "float32", **changes: Any) -> Path:
    """A study of one model whose folders hold configurations and no weights."""
    save_llm(folder / "llm", **changes)
    save_encoder(folder / "encoder")
    for name in ("llm", "encoder"):
        (folder / name / "model.safetensors").unlink()
    (folder / "connector").mkdir()
    (folder / "connector" / "config.json").write_text(json.dumps(CONNECTOR))
    file = folder / "study.toml"
    file.write_text(STUDY.format(dtype=dtype))
    return file


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_a_small_model_is_forecast_by_hand(dtype: str, tmp_path: Path) -> None:
    found = dry_run(load_study(study_file(tmp_path, dtype)), 3, ablations=True)
    (model,) = found.models
    vocabulary = json.loads((tmp_path / "llm" / "config.json").read_text())["vocab_size"]
    hidden, inner, blocks, keys = 32, 48, 3, 16  # keys and values: 2 heads of 8
    block = 2 * hidden * hidden + 2 * hidden * keys + 3 * hidden * inner + 2 * hidden
    llm = 2 * vocabulary * hidden + blocks * block + hidden
    encoder = 3 * 14 * 14 * 16 + 16 + 17 * 16 + 4 * 16  # patches, class token, 17 positions, two norms
    encoder += 2 * (4 * (16 * 16 + 16) + 16 * 32 + 32 + 32 * 16 + 16 + 4 * 16)
    connector = 3 * 32 * 24 + 4 * 32
    assert model.parameters == llm + encoder + connector
    assert (model.cells, model.num_layers, model.vision_layers) == (16, 3, (0, 3))
    length, size = 4 * 5 + 2, {"float32": 4, "bfloat16": 2}[dtype]
    assert model.tokens == 2 * length + 4
    assert (model.passes, found.passes(model)) == (2, 6)
    assert model.memory is not None
    assert model.memory.weights == (llm + encoder + connector) * size
    matrix = vocabulary * hidden * 4
    assert model.memory.lenses == matrix * (1 if dtype == "float32" else 2)
    states = length * hidden * 2 + length * (2 * inner + 4 * hidden) + (length + 4) * 2 * keys * blocks
    assert model.memory.activations == 3 * size * states  # a batch of the three images
    assert model.memory.unembedding == 3 * length * vocabulary * 4 * 4
    rows = 16 * 2
    assert model.disk_per_image == pytest.approx(rows * (25.1 + 5 * (7.1 + 12.4)) + 3 * 56 * 56)
    assert model.disk_per_image is not None and model.flops is not None
    assert found.disk(model) == pytest.approx(3 * model.disk_per_image)
    products = (llm - 2 * vocabulary * hidden) * model.tokens + encoder * 16 * 2
    assert model.flops == 2 * (products + 16 * 2 * vocabulary * hidden * 2)
    assert found.seconds(model, None, rate=100.0) == pytest.approx(3 * model.flops / 100)
    lenses = 2 * 16 * 2 * vocabulary * hidden * 2
    assert model.lens_flops == lenses
    slow = found.seconds(model, None, rate=100.0, float32_rate=10.0)
    assert slow == pytest.approx(3 * (model.flops - lenses) / 100 + 3 * lenses / 10)
    assert found.seconds(model, 10.0, rate=1.0) == pytest.approx(3 * model.tokens / 10)
    assert found.text_seconds(None, rate=1.0) == []  # no contextual lens
    assert model.flops_per_text_token == 2 * (llm - 2 * vocabulary * hidden)


def test_entropy_and_divergence_need_the_last_layer_even_where_it_is_not_listed(tmp_path: Path) -> None:
    file = study_file(tmp_path)
    (whole,) = dry_run(load_study(file), 1, ablations=True).models
    file.write_text(
        file.read_text().replace('[0, "N"]', "[0, 1]").replace('["embedding", "logit"]', '["logit"]')
    )
    (model,) = dry_run(load_study(file), 1, ablations=True).models
    assert whole.lens_flops is not None
    assert model.lens_flops == whole.lens_flops * 3 // 4


def test_hours_include_reading_the_corpus(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = study_file(tmp_path)
    text = '[text]\nsource = "lines"\nfile = "corpus.txt"\n[judge]'
    file.write_text(
        file.read_text().replace('["embedding", "logit"]', '["contextual"]').replace("[judge]", text)
    )
    missing = dry_run(load_study(file), 1, ablations=True)
    per_token = missing.models[0].flops_per_text_token
    assert per_token is not None
    assert missing.sentences is None and missing.text_tokens == 2000 * 7  # as many as are read at most
    assert missing.text_seconds(None, 2.0) == [14_000 * per_token / 2]
    (tmp_path / "corpus.txt").write_text("a red house, and a cat\ntwo boats\n")
    found = dry_run(load_study(file), 1, ablations=True)
    (model,) = found.models
    assert model.flops_per_text_token is not None
    assert about_tokens(["a red house, and a cat", "two boats"]) == 12  # 9 words and signs
    assert found.sentences == 2
    assert found.text_seconds(None, rate=2.0) == [12 * model.flops_per_text_token / 2]
    assert found.text_seconds(3.0, rate=1.0) == [4.0]
    assert main(["run", str(file), "--dry-run", "--tokens-per-second", "0.01", "--num-images", "1"]) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["time", "of", "reading", "texts", "20", "min"] in lines
    assert found.seconds(model, 0.01, rate=1.0) == 48 / 0.01  # two looks at 22 tokens, 4 written
    assert ["time", "of", "images", "1.3", "h"] in lines
    assert ["time", "1.7", "h"] in lines


def test_the_text_index_is_counted_by_hand(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = study_file(tmp_path)
    assert dry_run(load_study(file), 1, ablations=True).text_index_bytes() == []  # no contextual lens
    text = (
        '[text]\nsource = "lines"\nfile = "corpus.txt"\ncontexts_per_token = 7\nlayers = [0, 2, "N"]\n[judge]'
    )
    file.write_text(
        file.read_text().replace('["embedding", "logit"]', '["contextual"]').replace("[judge]", text)
    )
    vocabulary = json.loads((tmp_path / "llm" / "config.json").read_text())["vocab_size"]
    found = dry_run(load_study(file), 1, ablations=True)
    assert found.text_index_bytes() == [(vocabulary + 2 * 7 * vocabulary) * (32 + 4)]  # one scale, none apart
    (tmp_path / "corpus.txt").write_text("a red house, and a cat\ntwo boats\n")
    assert dry_run(load_study(file), 1, ablations=True).text_index_bytes() == [3 * 12 * (32 + 4)]
    assert main(["run", str(file), "--dry-run", "--tokens-per-second", "1", "--num-images", "1"]) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["l", "3", "12", "36", "1.3", "kB"] in lines
    assert ["disk", "of", "text", "indexes", "at", "most", "1.3", "kB"] in lines


def test_of_a_missing_corpus_no_more_is_counted_than_its_sentences_can_give(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = study_file(tmp_path)
    text = '[text]\nsource = "lines"\nfile = "vg_phrases.txt"\nsentences = 3\nlayers = [2]\n[judge]'
    file.write_text(
        file.read_text().replace('["embedding", "logit"]', '["contextual"]').replace("[judge]", text)
    )
    found = dry_run(load_study(file), 1, ablations=True)
    assert found.text_index_bytes() == [3 * 7 * (32 + 4)]  # fewer than 50 contexts of each token
    assert not found.as_published  # three sentences of it are not all
    assert main(["run", str(file), "--dry-run", "--tokens-per-second", "3", "--num-images", "1"]) == 0
    printed = " ".join(capsys.readouterr().out.split())
    assert "time of reading texts about 7 s" in printed
    assert "vg_phrases.txt is not at hand: 3 sentences at most, of 7 tokens" in printed
    assert "ublished" not in printed


def test_a_run_and_a_build_forecast_the_published_index_alike() -> None:
    found = dry_run(load_study("paper"), 1, ablations=False)
    build = forecast_build("olmo-7b", None, lambda depth: (1, 2, 4, 8, 16, 24, depth - 2, depth - 1), 20, 64)
    assert (found.as_published, found.most_sentences, found.text_tokens) == (
        True,
        build.sentences,
        build.tokens,
    )
    llms = list(found.text_indexes)
    assert found.published_index_bytes()[llms.index("olmo")] == build.bytes == 8 * 306_962 * 4164
    assert found.text_seconds(None, 1e12)[llms.index("olmo")] == build.seconds(None, 1e12)


def test_what_cannot_be_known_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = study_file(tmp_path)
    (tmp_path / "encoder" / "config.json").unlink()
    (model,) = dry_run(load_study(file), None, ablations=True).models
    assert (model.cells, model.memory, model.flops, model.disk_per_image) == (None,) * 4
    assert model.missing == "no config.json at hand for encoder"
    assert main(["run", str(file), "--dry-run", "--tokens-per-second", "5"]) == 0
    printed = capsys.readouterr().out
    assert "not known before download" in printed
    assert "m: no config.json at hand for encoder" in printed


def test_images_that_are_here_are_counted(tmp_path: Path) -> None:
    file = study_file(tmp_path)
    (tmp_path / "pictures").mkdir()
    for name in ("a.png", "b.png"):
        Image.new("RGB", (8, 8)).save(tmp_path / "pictures" / name)
    found = dry_run(load_study(file), None, ablations=True)
    assert (found.images, found.work.captioned) == (2, False)
    (tmp_path / "pictures" / "captions.csv").write_text("file,caption\na.png,a red house\n")
    found = dry_run(load_study(file), None, ablations=True)
    assert (found.images, found.work.captioned) == (1, True)
    with pytest.raises(InputError, match=r"study\.toml: 2 images asked for, but .* has 1"):
        dry_run(load_study(file), 2, ablations=True)


def test_pictures_that_are_here_are_measured(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = study_file(tmp_path)
    (without,) = dry_run(load_study(file), 3, ablations=True).models
    (tmp_path / "pictures").mkdir()
    for name, colour in (("a.png", "red"), ("b.png", "blue"), ("c.png", "red")):
        Image.new("RGB", (200, 100), colour).save(tmp_path / "pictures" / name)
    (tmp_path / "pictures" / "b.png").write_bytes(b"no picture")
    found = dry_run(load_study(file), None, ablations=True)
    assert found.work.pictures is not None
    assert (len(found.work.pictures.images), found.work.pictures.refused) == (2, 1)
    (model,) = found.models
    plain = Canvas(np.full((56, 56, 3), (255, 0, 0), np.uint8), Grid(4, 4, 14, 14), "").encode()[1]
    assert without.disk_per_image is not None
    assert model.disk_per_image == pytest.approx(without.disk_per_image - 3 * 56 * 56 + len(plain))
    assert main(["run", str(file), "--dry-run", "--tokens-per-second", "5"]) == 0
    printed = " ".join(capsys.readouterr().out.split())
    assert "canvases as 2 of the images take (1 more of those tried cannot be read)" in printed
    assert "5 a second, as given;" in printed
    assert "--num-images" not in printed


def test_pictures_of_which_none_can_be_read_are_not_measured() -> None:
    class Broken(list[Any]):
        name = "broken"

        def __getitem__(self, index: Any) -> Any:
            raise RefusedImageError(f"{index}.png", "no picture")

    assert pictures_of(Broken([0, 1]), 2) is None  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "size", [(640, 480), (480, 640), (10, 10), (30, 2000), (28, 28), (42, 42), (9000, 7000), (1, 150)]
)
@pytest.mark.parametrize("bounds", [(3136, 12_845_056), (200_704, 401_408)])
def test_tokens_of_a_picture_of_any_size_are_the_processors(
    size: tuple[int, int], bounds: tuple[int, int]
) -> None:
    processors = pytest.importorskip("transformers.models.qwen2_vl.image_processing_pil_qwen2_vl")
    height, width = processors.smart_resize(size[1], size[0], 28, *bounds)
    assert fitted_grid(size, 28, bounds) == (height // 28, width // 28)


def test_a_model_with_canvases_of_any_size_is_forecast_from_the_pictures(tmp_path: Path) -> None:
    text = STUDY.split("[[llm]]")[0].format(dtype="bfloat16")
    model = '[[model]]\nid = "q"\ntitle = "Q"\nvlm = "hub:Qwen/Qwen2-VL-7B-Instruct"\n'
    file = tmp_path / "study.toml"
    file.write_text(text + model)
    (blind,) = dry_run(load_study(file), 2, ablations=True).models
    assert (blind.cells, blind.tokens, blind.missing) == (
        None,
        None,
        "its vision tokens depend on the size of each image",
    )
    file.write_text(text + model + "max_pixels = 200704\n")
    (most,) = dry_run(load_study(file), 2, ablations=True).models
    assert (most.cells, most.tokens) == (256, 2 * 256 + 4)  # 200,704 / 28 / 28
    assert most.missing == "counted with the most that max_pixels allows, 256 vision tokens an image"
    assert most.memory is not None
    assert most.disk_per_image == pytest.approx(256 * 2 * (25.1 + 5 * (7.1 + 12.4)) + 3 * 200_704)
    file.write_text(text + model)
    (tmp_path / "pictures").mkdir()
    Image.new("RGB", (280, 280), "red").save(tmp_path / "pictures" / "a.png")  # 10 x 10 cells of 28 pixels
    Image.new("RGB", (560, 280), "red").save(tmp_path / "pictures" / "b.png")
    (found,) = dry_run(load_study(file), None, ablations=True).models
    assert found.cells == 150
    assert found.tokens == 2 * 150 + 4
    assert found.missing.endswith(": 150 on average and at most 200 of the 2 pictures tried")
    assert found.memory is not None and found.disk_per_image is not None
    llm, visual = 7_615_616_512, 8_291_375_616 - 7_615_616_512
    blocks, lenses = llm - 2 * 152_064 * 3584, 2 * 150 * 4 * 152_064 * 3584
    assert found.flops == 2 * (blocks * found.tokens + 4 * visual * 150 * 2) + lenses
    file.write_text(text + model + "max_pixels = 78400\n")
    (bounded,) = dry_run(load_study(file), None, ablations=True).models
    assert bounded.cells == (100 + 14 * 7) // 2


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0, "< 1 s"),
        (0.99, "< 1 s"),
        (1.0, "1 s"),
        (59.0, "59 s"),
        (90.0, "1.5 min"),
        (3540.0, "59 min"),
        (3600.0, "1 h"),
        (45_000.0, "12 h"),
        (3600.0 * 12_345, "12,345 h"),
    ],
)
def test_times_are_in_the_unit_that_a_person_would_take(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_parameters_are_counted_in_a_unit_that_says_something() -> None:
    assert [count(number) for number in (56_320, 1_350_000, 7_298_617_344)] == [
        "56,320",
        "1.35 x 10^6",
        "7.3 x 10^9",
    ]


def test_rows_of_a_parquet_file_are_counted(tmp_path: Path) -> None:
    file = study_file(tmp_path)
    file.write_text(file.read_text().replace('"folder"', '"parquet"').replace("folder =", "path ="))
    pq.write_table(pa.table({"image": [b"1", b"2", b"3"]}), tmp_path / "pictures")
    found = dry_run(load_study(file), None, ablations=True)
    assert (found.images, found.work.captioned) == (3, False)


def test_a_layer_that_the_model_has_not_is_refused(tmp_path: Path) -> None:
    file = study_file(tmp_path)
    file.write_text(file.read_text().replace('[0, "N"]', "[40]"))
    with pytest.raises(InputError, match="vision layer 40 does not exist: the LLM has 3 blocks"):
        dry_run(load_study(file), None, ablations=True)


def test_the_toy_study_says_its_images_passes_and_hours(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "toy", "--dry-run", "--tokens-per-second", "1000", "--no-ablations"]) == 0
    lines = capsys.readouterr().out.splitlines()
    # 10 models x 400 images x 5 passes; each image 4 x (64 tokens + a caption of 48)
    assert "image passes" in "\n".join(lines)
    assert any(line.split() == ["image", "passes", "20000"] for line in lines)
    assert any(line.split() == ["time", "of", "images", "29", "min"] for line in lines)
    words = " ".join(" ".join(lines).split())
    assert "given for the largest model (qwen2-clip, 1.35 x 10^6 parameters)" in words
    assert "--num-images 100 takes the first 100 images only" in words
    assert any(
        line.startswith("text passes") and "12000: 3000 sentences for each of 4 LLMs" in line
        for line in lines
    )
    (row,) = [line.split() for line in lines if line.startswith("llama-clip ")]
    assert row[:6] == ["llama-clip", "7", "of", "7", "64", "2000"]


def test_the_published_study_is_forecast_without_network(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "paper", "--dry-run", "--num-images", "100"]) == 0
    printed = capsys.readouterr().out
    (row,) = [line.split() for line in printed.splitlines() if line.startswith("llama-clip ")]
    assert row[:6] == ["llama-clip", "9", "of", "33", "576", "500"]
    indexes = [line.split() for line in printed.split("text index of")[1].splitlines()]
    assert [
        "llama",
        "8",
        "2,565,120",
        "4,164",
        "85.4",
        "GB",
        "10.2",
        "GB",
    ] in indexes  # 20 x 128,256; 4096 + 4 + 16 x 4
    assert ["olmo", "8", "2,007,040", "4,164", "66.9", "GB", "10.2", "GB"] in indexes
    assert ["qwen2", "8", "3,041,280", "3,652", "88.9", "GB", "9.0", "GB"] in indexes  # 3584 + 4 + 16 x 4
    words = " ".join(printed.split())
    assert "with the 306,962 vectors a layer that the study kept of OLMo-7B" in words
    assert "disk of text indexes at most 1.1 TB; as published 139.3 GB" in words
    assert "qwen2-vl-7b, qwen2.5-vl-32b: counted with the most that max_pixels allows, 256 vision" in words
    assert "that are not known" not in words
    assert "llava-next-34b: counted with 2928 tokens an image, the most that its further tiles" in words
    assert "molmo-7b-d, molmo-72b: counted with 1460 tokens an image, the most" in words
    assert "a run executes the code that comes with its weights" in words
    assert "the bare matrix products of this machine" in words


OFF_THE_SHELF = {  # blocks, vision layers, cells; "N-1" is the last but one block's output
    "qwen2-vl-7b": (28, (0, 1, 2, 4, 8, 16, 24, 26, 27), 256),
    "llava-1.5-7b": (32, (0, 1, 2, 4, 8, 16, 24, 30, 31), 576),
    "llava-next-34b": (60, (0, 1, 2, 4, 8, 16, 30, 45, 58, 59), 576),
    "qwen2.5-vl-32b": (64, (0, 1, 2, 4, 8, 16, 32, 48, 56, 62, 63), 256),
    "molmo-7b-d": (28, (0, 1, 2, 4, 8, 16, 24, 26, 27), 144),
    "molmo-72b": (80, (0, 1, 2, 4, 8, 16, 40, 60, 72, 78, 79), 144),
}


def test_the_published_study_is_all_there() -> None:
    study = load_study("paper")
    whole = dry_run(study, 300, ablations=True)
    found = {model.id: model for model in whole.models}
    groups = Counter(model.group for model in study.model)
    assert groups == {"main": 9, "ablation": 9, "off_the_shelf": 6}
    for name, (blocks, layers, cells) in OFF_THE_SHELF.items():
        assert (found[name].num_layers, found[name].vision_layers, found[name].cells) == (
            blocks,
            layers,
            cells,
        )
        # The three large models have text layers of their own, which end as their vision layers do.
        index = found[name].text_index
        assert index is not None and index.layers == layers[1:]
    for model in study.model:
        if model.group != "off_the_shelf":
            blocks = 28 if model.llm == "qwen2" else 32
            assert found[model.id].vision_layers == (0, 1, 2, 4, 8, 16, 24, blocks - 2, blocks - 1)
            assert found[model.id].cells == (729 if model.vision_encoder == "siglip" else 576)
    assert sum(model.passes for model in found.values()) == 24 * 5
    # gated: twice 2048 x 11008 and 11008 x 4096; marks and padding; an unfrozen LLM is as large as before
    connector = 2 * 2048 * 11008 + 11008 * 4096 + 4 * 4096 + 2 * 2048
    for name in ("olmo-clip", "olmo-clip-unfreeze"):
        assert found[name].parameters == 7_298_617_344 + 303_507_456 + connector
    # a given rate is that of the largest model; smaller ones are faster in proportion
    small, large = found["llava-1.5-7b"], found["molmo-72b"]
    assert whole.largest is large
    assert small.tokens and small.parameters and large.tokens and large.parameters
    assert whole.seconds(large, 50.0, rate=1.0) == pytest.approx(300 * large.tokens / 50)
    share = small.parameters / large.parameters
    assert whole.seconds(small, 50.0, rate=1.0) == pytest.approx(300 * small.tokens / 50 * share)


def test_code_is_not_run_for_a_forecast(tmp_path: Path) -> None:
    config = {"model_type": "molmo", "auto_map": {"AutoConfig": "config_molmo.MolmoConfig"}}
    for name, changes in (("molmo", KNOWN["allenai/Molmo-7B-D-0924"]), ("other", {"model_type": "else"})):
        (tmp_path / name).mkdir()
        (tmp_path / name / "config.json").write_text(json.dumps({**config, **changes}))
        (tmp_path / name / "config_molmo.py").write_text("raise SystemExit('ran')")
    found = architecture_of("molmo", tmp_path)
    assert found is not None
    assert count_parameters(found.config, "vlm") == 8_021_025_280
    with pytest.raises(InputError, match="class 'else' brings code of its own, which is never run"):
        architecture_of("other", tmp_path)


def test_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["run", "toy", "--dry-run", "--tokens-per-second", "1"]) == 0
    assert not list(tmp_path.iterdir())


def test_a_rate_without_a_dry_run_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "toy", "--tokens-per-second", "5"]) == 2
    assert "only for --dry-run" in capsys.readouterr().err


def test_the_measured_rate_is_that_of_a_product() -> None:
    rate = measure_matrix_rate("float32")
    assert 1e8 < rate.per_second < 1e16
    assert rate.device
    assert rate.float32_per_second == rate.per_second
    assert 1e8 < measure_matrix_rate("bfloat16").float32_per_second < 1e16
