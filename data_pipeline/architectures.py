"""How large a model is, from its configuration alone: no weights are read and no network is asked.

A configuration is found in the model's folder, in the Hub's cache on this machine, or in the table below,
which repeats the numbers of published config.json files. The model is then built without memory for its
weights (torch's meta device) and its parameters are counted.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from transformers import AutoConfig, AutoModel, AutoModelForCausalLM, AutoModelForImageTextToText

from data_pipeline.errors import InputError
from data_pipeline.language_models import model_config
from data_pipeline.locations import TOY_WEIGHTS

_LLAMA3_8B = {
    "model_type": "llama",
    "hidden_size": 4096,
    "intermediate_size": 14336,
    "num_hidden_layers": 32,
    "num_attention_heads": 32,
    "num_key_value_heads": 8,
    "vocab_size": 128256,
    "tie_word_embeddings": False,
}
_QWEN2_7B = {
    "model_type": "qwen2",
    "hidden_size": 3584,
    "intermediate_size": 18944,
    "num_hidden_layers": 28,
    "num_attention_heads": 28,
    "num_key_value_heads": 4,
    "vocab_size": 152064,
    "tie_word_embeddings": False,
}
_OLMO_PREVIEW = {
    "model_type": "olmo2",
    "hidden_size": 4096,
    "intermediate_size": 11008,
    "num_hidden_layers": 32,
    "num_attention_heads": 32,
    "num_key_value_heads": 32,
    "vocab_size": 100352,
    "tie_word_embeddings": False,
}
_VICUNA_7B = {
    "model_type": "llama",
    "hidden_size": 4096,
    "intermediate_size": 11008,
    "num_hidden_layers": 32,
    "num_attention_heads": 32,
    "num_key_value_heads": 32,
    "vocab_size": 32064,
    "tie_word_embeddings": False,
}
_CLIP_L_336 = {
    "model_type": "clip_vision_model",
    "hidden_size": 1024,
    "intermediate_size": 4096,
    "num_hidden_layers": 24,
    "num_attention_heads": 16,
    "image_size": 336,
    "patch_size": 14,
    "projection_dim": 768,
}
_DINOV2_L = {
    "model_type": "dinov2",
    "hidden_size": 1024,
    "num_hidden_layers": 24,
    "num_attention_heads": 16,
    "image_size": 518,
    "patch_size": 14,
}
_SIGLIP_SO400M = {
    "model_type": "siglip_vision_model",
    "hidden_size": 1152,
    "intermediate_size": 4304,
    "num_hidden_layers": 27,
    "num_attention_heads": 16,
    "image_size": 384,
    "patch_size": 14,
}
_LLAVA_7B = {"model_type": "llava", "text_config": _VICUNA_7B, "vision_config": _CLIP_L_336}
_QWEN2_VL_7B = {
    "model_type": "qwen2_vl",
    "text_config": {**_QWEN2_7B, "model_type": "qwen2_vl_text"},
    "vision_config": {"depth": 32, "embed_dim": 1280, "num_heads": 16, "mlp_ratio": 4, "hidden_size": 3584},
    "tie_word_embeddings": False,
}
KNOWN: dict[str, dict[str, Any]] = {
    "meta-llama/Meta-Llama-3-8B": _LLAMA3_8B,
    "Qwen/Qwen2-7B": _QWEN2_7B,
    "allenai/OLMo-7B-1024-preview": _OLMO_PREVIEW,
    "openai/clip-vit-large-patch14-336": _CLIP_L_336,
    "facebook/dinov2-large": _DINOV2_L,
    "google/siglip-so400m-patch14-384": _SIGLIP_SO400M,
    "llava-hf/llava-1.5-7b-hf": _LLAVA_7B,
    "Qwen/Qwen2-VL-7B-Instruct": _QWEN2_VL_7B,
}
"""By Hub name, from each repository's config.json; OLMo's preview from the published study's config.yaml."""


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
    return Architecture(model_config(folder), "shipped" if toy else "its config.json")


def _of_the_hub(name: str) -> Architecture | None:
    from huggingface_hub import try_to_load_from_cache

    repository, _, revision = name.partition("@")
    cached = try_to_load_from_cache(repository, "config.json", revision=revision or None)
    if isinstance(cached, str):
        return Architecture(model_config(Path(cached).parent), "its config.json in the Hub's cache")
    if repository in KNOWN:
        values = deepcopy(KNOWN[repository])
        return Architecture(AutoConfig.for_model(**values), "the table of published configurations")
    return None


def count_parameters(config: Any, part: str) -> int:
    """Parameters of a whole model; `part` is "llm", "vision_encoder" or "vlm". Tied weights count once.

    Raises:
        InputError: transformers has no such model for the configuration.
    """
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
