"""Code that comes with weights: never run, unless the study file names its repository and commit.

Transformers runs such code where `auto_map` in a JSON file of the folder points to it. A study may allow it
for one model: `vlm = "hub:ORGANISATION/NAME@COMMIT"` with `remote_code = "ORGANISATION/NAME@COMMIT"`. The
commit makes sure that what runs is what was looked at; folders have no commit, so none of their code is run.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from transformers import AutoConfig
from transformers.dynamic_module_utils import get_class_from_dynamic_module
from transformers.models.auto.configuration_auto import CONFIG_MAPPING_NAMES

from data_pipeline.errors import InputError

_FILES = ("config.json", "processor_config.json", "preprocessor_config.json", "tokenizer_config.json")


def needs_remote_code(folder: Path) -> bool:
    """Whether the class that the folder names is not part of transformers, but code beside the weights.

    Code that was run before may have made its class known to transformers; that does not count.
    """
    content = _content(folder / "config.json")
    return "auto_map" in content and content.get("model_type") not in CONFIG_MAPPING_NAMES


def check_remote_code(folder: Path, allowed: bool) -> None:
    """Nothing is run yet.

    Raises:
        InputError: the folder's class needs code and that is not allowed, or the other way round, or the code
            lies in another repository than the one that was allowed.
    """
    named = _content(folder / "config.json").get("model_type")
    if not needs_remote_code(folder):
        if allowed:
            raise InputError(f"{folder}: key 'remote_code' has no place, class {named!r} needs no code")
        return
    if not allowed:
        raise InputError(
            f"{folder}: cannot be loaded (class {named!r} brings code of its own, which is never run unless "
            "the study's key 'remote_code' names its repository and commit)"
        )
    for file in _FILES:
        for reference in _references(_content(folder / file).get("auto_map")):
            if "--" in reference:  # how transformers writes REPOSITORY--MODULE.CLASS
                raise InputError(
                    f"{folder}: {file} asks for code of another repository ({reference}), which the study "
                    "does not name"
                )


def remote_config(folder: Path) -> Any:
    """The configuration that the folder's own class reads; only after `check_remote_code`."""
    with running(folder):
        return AutoConfig.from_pretrained(folder, trust_remote_code=True)


def remote_class(folder: Path, reference: str) -> Any:
    """A class of the folder's own code, `MODULE.CLASS`; only after `check_remote_code`."""
    with running(folder):
        return get_class_from_dynamic_module(reference, str(folder))


@contextmanager
def running(folder: Path) -> Iterator[None]:
    """Turns whatever goes wrong in such code into one line."""
    try:
        yield
    except InputError:
        raise
    except Exception as error:  # code of others raises anything
        reason = " ".join(str(error).split())[:300] or type(error).__name__
        raise InputError(f"{folder}: its own code fails with this transformers ({reason})") from error


def _references(found: Any) -> Iterator[str]:
    if isinstance(found, str):
        yield found
    elif isinstance(found, dict | list):
        for part in found.values() if isinstance(found, dict) else found:
            yield from _references(part)


def _content(file: Path) -> dict[str, Any]:
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}  # the library says what is wrong
    return content if isinstance(content, dict) else {}
