"""Folders of models with files missing or spoilt: one line that names the folder, never a wrong result."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from data_pipeline.errors import InputError
from data_pipeline.language_models import LanguageModel, load_causal_lm, load_tokenizer, loadable
from data_pipeline.models import load_connector, load_vision_encoder
from data_pipeline.off_the_shelf import load_off_the_shelf
from tests.data_pipeline.tiny_models import TEXT_CLASSES, save_connector, save_encoder, save_llava, save_llm

CPU, F32 = torch.device("cpu"), torch.float32
SAVERS = {"llm": save_llm, "encoder": save_encoder, "vlm": save_llava, "connector": save_connector}
LOADERS: dict[str, Callable[[Path], object]] = {
    "llm": lambda folder: load_causal_lm(folder, F32, CPU),
    "tokenizer": load_tokenizer,
    "encoder": lambda folder: load_vision_encoder(folder, None, F32, CPU),
    "vlm": lambda folder: load_off_the_shelf(folder, "<image> :", F32, CPU),
    "templated": lambda folder: load_off_the_shelf(folder, None, F32, CPU),
    "connector": lambda folder: load_connector(folder, F32, CPU),
}
SIZES = [
    {"hidden_size": "abc"},
    {"num_hidden_layers": None},
    {"num_hidden_layers": 0},
    {"num_attention_heads": 0},
]
PATCHES = [{"patch_size": 0}, {"patch_size": "a"}, {"image_size": 0}]
IMAGE_TOKENS = [
    {"image_token_id": -1},
    {"image_token_id": 9999},
    {"vision_feature_layer": 99},
    {"text_config": 5},
]
CONNECTORS = [
    {"in_features": "x"},
    {"vision_blocks": None},
    {"vision_blocks": ["a"]},
    {"prefix": 5},
    {"output_scale": None},
    {"out_features": -1},
]
STATISTICS = [
    {"image_mean": None},
    {"image_mean": [0.5]},
    {"image_std": [0, 0, 0]},
    {"image_mean": ["a", "b", "c"]},
]
PROCESSORS = [
    *STATISTICS,
    {"crop_size": None},
    {"resample": 99},
    {"rescale_factor": "x"},
    {"rescale_factor": 0},
]
CHANGES = [
    *(("llm", "config.json", None, change) for change in SIZES),
    *(("encoder", "config.json", None, change) for change in [*SIZES, *PATCHES]),
    *(("vlm", "config.json", "text_config", change) for change in SIZES),
    *(("vlm", "config.json", "vision_config", change) for change in [*SIZES, *PATCHES]),
    *(("vlm", "config.json", None, change) for change in IMAGE_TOKENS),
    *(("vlm", "processor_config.json", "image_processor", change) for change in PROCESSORS),
    *(("connector", "config.json", None, change) for change in CONNECTORS),
    *(("encoder", "preprocessor_config.json", None, change) for change in STATISTICS),
]
WHOLE_FILES = [
    ("llm", "config.json", "[]"),
    ("llm", "config.json", "{"),
    ("tokenizer", "tokenizer_config.json", "[]"),
    ("tokenizer", "tokenizer.json", "5"),
    ("encoder", "config.json", "null"),
    ("encoder", "preprocessor_config.json", "[]"),
    ("connector", "config.json", "5"),
    ("vlm", "processor_config.json", "null"),
    ("templated", "chat_template.json", '{"chat_template": "{{ 1 / 0 }}"}'),
    ("templated", "chat_template.json", '{"chat_template": "{{ messages[9].content + 1 }}"}'),
    ("templated", "chat_template.json", '{"chat_template": 5}'),
]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of each kind; not to be changed."""
    folder = tmp_path_factory.mktemp("whole")
    for kind, save in SAVERS.items():
        save(folder / kind)
    return folder


def refused(kind: str, folder: Path) -> str:
    """The one line that loading the folder ends with."""
    with pytest.raises(InputError) as caught:
        LOADERS[kind](folder)
    line = str(caught.value)
    assert line.startswith(f"{folder}") and "\n" not in line
    return line


@pytest.mark.parametrize(("kind", "file", "part", "change"), CHANGES)
def test_a_value_of_the_wrong_kind_is_one_line(
    kind: str, file: str, part: str | None, change: dict[str, Any], whole: Path, tmp_path: Path
) -> None:
    path = shutil.copytree(whole / kind, tmp_path / kind) / file
    usual = {"image_mean": [0.5] * 3, "image_std": [0.5] * 3}
    content = json.loads(path.read_text()) if path.exists() else usual
    path.write_text(json.dumps(content))
    LOADERS[kind](path.parent)  # nothing else is wrong with it
    (content[part] if part else content).update(change)
    path.write_text(json.dumps(content))
    refused(kind, path.parent)


@pytest.mark.parametrize(("kind", "file", "content"), WHOLE_FILES)
def test_a_file_that_is_something_else_is_one_line(
    kind: str, file: str, content: str, whole: Path, tmp_path: Path
) -> None:
    folder = shutil.copytree(
        whole / {"tokenizer": "llm", "templated": "vlm"}.get(kind, kind), tmp_path / kind
    )
    (folder / file).write_text(content)
    refused(kind, folder)


def test_a_line_says_what_is_wrong(whole: Path, tmp_path: Path) -> None:
    path = shutil.copytree(whole / "llm", tmp_path / "llm") / "config.json"
    content = json.loads(path.read_text())
    path.write_text(json.dumps({**content, "hidden_size": "abc"}))
    assert "expected int" in refused("llm", path.parent) and "'hidden_size'" in refused("llm", path.parent)
    path.write_text(json.dumps({**content, "num_hidden_layers": 0}))
    assert refused("llm", path.parent).endswith("config.json has num_hidden_layers = 0, expected 1 or more")


@pytest.mark.parametrize("name", ["model.embed_tokens.weight", "model.norm.weight", "lm_head.weight"])
def test_matrices_of_the_lenses_with_nan_are_named(name: str, whole: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(whole / "llm", tmp_path / "llm")
    weights = load_file(folder / "model.safetensors")
    weights[name].view(-1)[7] = torch.nan
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(InputError, match=rf"llm: its weights hold NaN in '{name}'$"):
        LanguageModel(load_causal_lm(folder, F32, CPU), load_tokenizer(folder))


def test_an_error_inside_the_library_has_its_name_and_lack_of_memory_is_not_the_folders(
    tmp_path: Path,
) -> None:
    with pytest.raises(InputError, match=r"cannot be loaded \(KeyError: 'x'\)"), loadable(tmp_path):
        raise KeyError("x")
    with pytest.raises(MemoryError), loadable(tmp_path):
        raise MemoryError


@pytest.mark.parametrize("family", TEXT_CLASSES)
def test_a_folder_without_tokenizer_files_is_refused(family: str, tmp_path: Path) -> None:
    save_llm(tmp_path, family)
    assert len(load_tokenizer(tmp_path)) > 200
    (tmp_path / "tokenizer.json").unlink()  # its settings alone are no tokenizer
    with pytest.raises(InputError, match=r"has no tokenizer, expected tokenizer\.json") as caught:
        load_tokenizer(tmp_path)
    assert str(caught.value).startswith(f"{tmp_path}: ")
    assert "\n" not in str(caught.value)


def test_a_tokenizer_without_words_is_refused(tmp_path: Path) -> None:
    for family in ("qwen2", "gemma"):  # whose classes need no vocabulary
        folder = save_llm(tmp_path / family, family)
        for file in folder.glob("tokenizer*"):
            file.unlink()
        (folder / "tokenizer-notes.txt").touch()
        with pytest.raises(InputError, match="its tokenizer has no words"):
            load_tokenizer(folder)
    content = json.loads((save_llm(tmp_path) / "tokenizer.json").read_text())
    words = content["model"]["vocab"]
    content["model"]["vocab"] = {word: words[word] for word in ("<pad>", "<s>", "</s>", "<unk>")}
    (tmp_path / "tokenizer.json").write_text(json.dumps(content))
    with pytest.raises(InputError, match=r"its tokenizer has no words \(vocabulary of 4\)"):
        load_tokenizer(tmp_path)


def test_a_tokenizer_of_much_less_than_the_models_tokens_is_refused(tmp_path: Path) -> None:
    tokens = len(load_tokenizer(save_llm(tmp_path / "usual")))
    LanguageModel(
        load_causal_lm(save_llm(tmp_path / "padded", vocab_size=tokens + 100), F32, CPU),
        load_tokenizer(tmp_path / "usual"),
    )
    folder = save_llm(tmp_path / "other", vocab_size=3 * tokens)
    with pytest.raises(InputError, match=rf"tokenizer has {tokens} tokens, the model .* {3 * tokens}"):
        LanguageModel(load_causal_lm(folder, F32, CPU), load_tokenizer(folder))
