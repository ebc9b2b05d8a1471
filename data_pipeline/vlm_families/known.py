"""Which family reads which class: the `model_type` of a folder's config.json."""

from __future__ import annotations

from transformers.models.auto.modeling_auto import MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES

from data_pipeline.vlm_families.family import Family
from data_pipeline.vlm_families.gemma3 import Gemma3
from data_pipeline.vlm_families.idefics3 import Idefics3
from data_pipeline.vlm_families.internvl import InternVL
from data_pipeline.vlm_families.llava import Llava, LlavaNext, LlavaOnevision
from data_pipeline.vlm_families.qwen_vl import Qwen3VL, QwenVL

FAMILIES: dict[str, type[Family]] = {
    "gemma3": Gemma3,
    "idefics3": Idefics3,
    "internvl": InternVL,
    "llava": Llava,
    "llava_next": LlavaNext,
    "llava_onevision": LlavaOnevision,
    "qwen2_vl": QwenVL,
    "qwen2_5_vl": QwenVL,
    "qwen3_vl": Qwen3VL,
    "qwen3_vl_moe": Qwen3VL,
    "smolvlm": Idefics3,
}
"""All others go through `general.General`."""

ANY_SIZE = frozenset(name for name, family in FAMILIES.items() if issubclass(family, QwenVL))
"""Classes whose canvas has as many pixels as the image, within bounds that a study may state."""

REMOTE_FAMILY = "molmo"
"""The one class that is read with code that comes with its weights, by `molmo.Molmo`."""


def is_loadable_class(model_type: str) -> bool:
    """Whether transformers has a class of this type that takes images and text and writes text."""
    return model_type in FAMILIES or model_type in MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES
