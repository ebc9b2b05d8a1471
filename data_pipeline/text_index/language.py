"""Which language model an index is built with or asked by: one by itself, or the one inside a whole model."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from transformers.utils import logging as transformers_logging

from data_pipeline.errors import InputError
from data_pipeline.language_models import (
    LanguageModel,
    is_language_model,
    load_causal_lm,
    load_tokenizer,
    model_config,
    model_type,
)
from data_pipeline.locations import resolve, weights_hash
from data_pipeline.off_the_shelf import load_off_the_shelf

_HUB_NAME = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*(@[\w./-]+)?")


@dataclass(frozen=True, eq=False)
class Speaker:
    """A loaded language model, its name and the hash of its files."""

    language: LanguageModel
    name: str
    hash: str


@dataclass(frozen=True, eq=False)
class StatedModel:
    """What can be known of a model without loading its weights; `num_layers` are those of its LLM."""

    tokenizer: Any
    name: str
    hash: str
    num_layers: int
    hidden_size: int


def stated_model(location: str) -> StatedModel:
    """The model of a location such as `load_speaker` takes.

    Raises:
        InputError: there is no such model, or a folder without weights, whose hash would be of no model.
    """
    folder = resolve(location_of(location), Path())
    if not any(folder.glob("*.safetensors")):
        raise InputError(f"{folder}: no weights in it (*.safetensors), expected the whole model")
    text = model_config(folder).get_text_config()
    how = load_tokenizer(folder), _name(location), weights_hash(folder)
    return StatedModel(*how, int(text.num_hidden_layers), int(text.hidden_size))


def load_speaker(location: str, dtype: str, device: str) -> Speaker:
    """The language model of a location.

    Args:
        location: `toy:llms/NAME`, a folder, `hub:ORGANISATION/NAME`, or such a name alone.
        dtype: of the weights, "float32" or "bfloat16".
        device: "cpu", "cuda", or "auto" for CUDA where there is one.

    Raises:
        InputError: there is no such model or device, or the model cannot be loaded.
    """
    there = torch.cuda.is_available()
    if device == "cuda" and not there:
        raise InputError("--device cuda: torch finds no CUDA device here")
    how = getattr(torch, dtype), torch.device("cuda" if there and device != "cpu" else "cpu")
    transformers_logging.disable_progress_bar()
    folder = resolve(location_of(location), Path())
    if is_language_model(model_type(folder)):
        language = LanguageModel(load_causal_lm(folder, *how), load_tokenizer(folder))
    else:
        # No image is read, so any prompt will do.
        language = load_off_the_shelf(folder, "", *how).language
    return Speaker(language, _name(location), weights_hash(folder))


def _name(location: str) -> str:
    return location.rstrip("/").rpartition("/")[2]


def location_of(location: str) -> str:
    """What a user means by a model's name: a bare ORGANISATION/NAME that is no folder is on the Hub."""
    if not location:
        raise InputError("the model's name is empty, expected a folder or a name on the Hugging Face Hub")
    if location.startswith(("toy:", "hub:")) or Path(location).exists() or not _HUB_NAME.fullmatch(location):
        return location
    return f"hub:{location}"
