"""Data files: their names, their keys and what a script of them can hold."""

from __future__ import annotations

import json
import re

import pytest

from data_pipeline.errors import InputError
from generator.image_files import image_file
from generator.printable import printable


def called_with(text: str) -> list[str | dict[str, str]]:
    """The two arguments of the one call that a data file is."""
    found = re.fullmatch(r"vlensImage\((.*)\);\n", text, re.DOTALL)
    assert found
    arguments: list[str | dict[str, str]] = json.loads(f"[{found[1]}]", strict=False)
    return arguments


def test_a_file_is_one_call_with_its_key_and_its_blocks() -> None:
    blocks = {"payload-image": printable(bytes(range(256)) * 9), "odd": 'a\\b"\n\r'}
    file = image_file("toy", 11, blocks)
    assert file.path == "models/toy/00012.js"
    assert called_with(file.text) == [file.key, blocks]


def test_coded_text_needs_no_escape() -> None:
    text = printable(bytes(range(256)) * 9)
    assert f'"{text}"' in image_file("toy", 0, {"payload-image": text}).text


def test_the_key_tells_models_images_and_builds_apart() -> None:
    keys = {
        image_file(model, place, {"payload-image": text}).key
        for model in ("a", "b")
        for place in (0, 1)
        for text in ("1:x", "1:y")
    }
    assert len(keys) == 8


def test_a_model_id_that_cannot_name_a_folder_is_refused() -> None:
    with pytest.raises(InputError):
        image_file("../escape", 0, {})
