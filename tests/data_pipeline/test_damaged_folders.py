"""Folders of models with files missing or spoilt: one line that names the folder, never a wrong result."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from data_pipeline.errors import InputError
from data_pipeline.language_models import LanguageModel, load_causal_lm, load_tokenizer
from tests.data_pipeline.tiny_models import TEXT_CLASSES, save_llm

CPU, F32 = torch.device("cpu"), torch.float32


@pytest.mark.parametrize("family", TEXT_CLASSES)
def test_a_folder_without_tokenizer_files_is_refused(family: str, tmp_path: Path) -> None:
    save_llm(tmp_path, family)
    assert len(load_tokenizer(tmp_path)) > 200
    for file in tmp_path.glob("tokenizer*"):
        file.unlink()
    with pytest.raises(InputError, match=r"cannot be loaded|its tokenizer has no words") as caught:
        load_tokenizer(tmp_path)
    assert str(caught.value).startswith(f"{tmp_path}: ")
    assert "\n" not in str(caught.value)


def test_a_tokenizer_without_words_is_refused(tmp_path: Path) -> None:
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
