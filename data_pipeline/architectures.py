"""How large a model is, from its configuration alone: no weights are read and no network is asked.

A configuration is found in the model's folder, in the Hub's cache on this machine, or among
`published_architectures`, which repeats the numbers of published config.json files. The model is then built
without memory for its weights (torch's meta device) and its parameters are counted.
"""

from __future__ import annotations

import json
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from transformers import (
    AutoConfig,
    AutoModel,
    AutoModelForCausalLM,
    AutoModelForImageTextToText,
    PretrainedConfig,
)

from data_pipeline.errors import InputError
from data_pipeline.language_models import model_config
from data_pipeline.locations import TOY_WEIGHTS
from data_pipeline.published_architectures import KNOWN
from data_pipeline.remote_code import needs_remote_code
from data_pipeline.vlm_families.molmo_size import MOLMO, molmo_parameters


@dataclass(frozen=True, eq=False)
class Architecture:
    """A configuration of transformers, and where it was found."""

    config: Any
    source: str

    @property
    def text(self) -> Any:
        """The language model's part of the configuration."""
        return getattr(self.config, "text_config", None) or self.config

    @property
    def vision(self) -> Any:
        """The vision encoder's part of the configuration."""
        return getattr(self.config, "vision_config", None) or self.config


def architecture_of(location: str, base: Path) -> Architecture | None:
    """The architecture of a study file's location; None where no configuration is at hand.

    Raises:
        InputError: there is a configuration, and it cannot be read.
    """
    if location.startswith("hub:"):
        return _of_the_hub(location.removeprefix("hub:"))
    toy = location.startswith("toy:")
    folder = TOY_WEIGHTS / location.removeprefix("toy:") if toy else base / location
    if not (folder / "config.json").is_file():
        return None
    return _of_a_folder(folder, "shipped" if toy else "its config.json")


def _of_the_hub(name: str) -> Architecture | None:
    from huggingface_hub import try_to_load_from_cache

    repository, _, revision = name.partition("@")
    cached = try_to_load_from_cache(repository, "config.json", revision=revision or None)
    if isinstance(cached, str):
        return _of_a_folder(Path(cached).parent, "its config.json in the Hub's cache")
    if repository in KNOWN:
        values = deepcopy(KNOWN[repository])
        config = _numbers(values) if values["model_type"] == MOLMO else AutoConfig.for_model(**values)
        return Architecture(config, "the table of published configurations")
    return None


def _of_a_folder(folder: Path, source: str) -> Architecture:
    """Code beside weights is not run for a forecast, whatever the study says; of Molmo the numbers do."""
    if needs_remote_code(folder):
        values = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        if values.get("model_type") == MOLMO:
            return Architecture(_numbers(values), source)
    return Architecture(model_config(folder), source)


def _numbers(values: dict[str, Any]) -> Any:
    """A configuration of no class."""
    config = PretrainedConfig(**{key: value for key, value in values.items() if key != "model_type"})
    config.model_type = values["model_type"]
    return config


def count_parameters(config: Any, part: str) -> int:
    """Parameters of a whole model; `part` is "llm", "vision_encoder" or "vlm". Tied weights count once.

    Raises:
        InputError: transformers has no such model for the configuration.
    """
    if config.model_type == MOLMO:
        return molmo_parameters(config)[part]
    builders = {
        "llm": AutoModelForCausalLM,
        "vision_encoder": AutoModel,
        "vlm": AutoModelForImageTextToText,
    }
    try:
        with torch.device("meta"):
            model = builders[part].from_config(config, trust_remote_code=False)
    except (ValueError, KeyError, TypeError, AttributeError, RuntimeError, ZeroDivisionError) as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise InputError(f"a model of type {config.model_type!r} cannot be built ({reason[:200]})") from error
    return sum(parameter.numel() for parameter in model.parameters())
