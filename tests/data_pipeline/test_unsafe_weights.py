"""Weights that may not be loaded: pickles, folders whose own code would run, and files cut short."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from transformers import modeling_utils

from data_pipeline.architectures import count_parameters
from data_pipeline.errors import InputError
from data_pipeline.language_models import load_causal_lm, load_tokenizer, model_config
from data_pipeline.models import load_connector, load_vision_encoder
from data_pipeline.off_the_shelf import load_off_the_shelf
from tests.data_pipeline.tiny_models import save_connector, save_encoder, save_llava, save_llm

CPU, F32 = torch.device("cpu"), torch.float32
LOADERS: dict[str, tuple[Callable[[Path], Path], Callable[[Path], object]]] = {
    "llm": (save_llm, lambda folder: load_causal_lm(folder, F32, CPU)),
    "encoder": (save_encoder, lambda folder: load_vision_encoder(folder, None, F32, CPU)),
    "vlm": (save_llava, lambda folder: load_off_the_shelf(folder, "<image> :", F32, CPU)),
}
CODE = """
from pathlib import Path
Path({marker!r}).touch()
from transformers import PretrainedConfig, PreTrainedTokenizerFast, CLIPImageProcessorPil
class Config(PretrainedConfig):
    model_type = "stranger"
class Tokenizer(PreTrainedTokenizerFast):
    pass
class Images(CLIPImageProcessorPil):
    pass
"""


@pytest.mark.parametrize("kind", LOADERS)
def test_pickled_weights_are_refused(kind: str, tmp_path: Path) -> None:
    save, load = LOADERS[kind]
    save(tmp_path)
    load(tmp_path)
    weights = tmp_path / "model.safetensors"
    torch.save(load_file(weights), tmp_path / "pytorch_model.bin")
    weights.unlink()
    with pytest.raises(InputError, match=r"cannot be loaded \(.*no file named model\.safetensors"):
        load(tmp_path)


@pytest.mark.parametrize("kind", [*LOADERS, "connector"])
def test_weights_that_are_cut_short_are_named_in_one_line(kind: str, tmp_path: Path) -> None:
    connector = (save_connector, lambda folder: load_connector(folder, F32, CPU))
    save, load = LOADERS.get(kind, connector)
    weights = save(tmp_path) / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-50])
    with pytest.raises(InputError, match=r"cannot be loaded \(.*not fully covered") as caught:
        load(tmp_path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("key", ["attn_implementation", "_attn_implementation"])
@pytest.mark.parametrize("kind", LOADERS)
def test_a_configuration_cannot_make_the_library_fetch_a_kernel(
    kind: str, key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetched: list[object] = []
    monkeypatch.setattr(
        modeling_utils, "lazy_import_flash_attention", lambda *name, **_: fetched.append(name)
    )
    save, load = LOADERS[kind]
    _change(save(tmp_path) / "config.json", **{key: "stranger/kernel"})
    loaded: Any = load(tmp_path)
    model = getattr(loaded, "model", loaded)
    assert model.config._attn_implementation == "sdpa"
    if kind != "encoder":
        count_parameters(model_config(tmp_path), kind)
    assert not fetched


def _change(file: Path, **settings: Any) -> None:
    content = json.loads(file.read_text()) if file.exists() else {}
    file.write_text(json.dumps({**content, **settings}))


def _own_config(folder: Path) -> None:
    _change(folder / "config.json", model_type="stranger", auto_map={"AutoConfig": "stranger.Config"})


def _own_tokenizer(folder: Path) -> None:
    (folder / "config.json").unlink()
    auto_map = {"AutoTokenizer": [None, "stranger.Tokenizer"]}
    _change(folder / "tokenizer_config.json", tokenizer_class="Stranger", auto_map=auto_map)


def _own_image_processor(folder: Path) -> None:
    (folder / "processor_config.json").unlink()
    auto_map = {"AutoImageProcessor": "stranger.Images"}
    _change(folder / "preprocessor_config.json", image_processor_type="Stranger", auto_map=auto_map)


@pytest.mark.parametrize(
    ("save", "change", "load"),
    [
        (save_llm, _own_config, model_config),
        (save_llm, _own_config, LOADERS["llm"][1]),
        (save_llm, _own_tokenizer, load_tokenizer),
        (save_encoder, _own_config, LOADERS["encoder"][1]),
        (save_llava, _own_config, LOADERS["vlm"][1]),
        (save_llava, _own_image_processor, LOADERS["vlm"][1]),
    ],
    ids=["config", "llm", "tokenizer", "encoder", "vlm", "image processor"],
)
def test_code_in_a_folder_never_runs(
    save: Callable[[Path], Path],
    change: Callable[[Path], None],
    load: Callable[[Path], object],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder, marker = save(tmp_path / "weights"), tmp_path / "ran"
    change(folder)
    (folder / "stranger.py").write_text(CODE.format(marker=str(marker)))
    asked: list[object] = []
    monkeypatch.setattr("builtins.input", lambda *prompt: asked.append(prompt) or "y")
    with pytest.raises(InputError, match="cannot be loaded"):
        load(folder)
    assert not asked
    assert not marker.exists()
