"""Which family reads which class: the `model_type` of a folder's config.json."""

from __future__ import annotations

from data_pipeline.vlm_families.family import Family
from data_pipeline.vlm_families.gemma3 import Gemma3
from data_pipeline.vlm_families.idefics3 import Idefics3
from data_pipeline.vlm_families.llava import Llava, LlavaNext
from data_pipeline.vlm_families.qwen_vl import QwenVL

FAMILIES: dict[str, type[Family]] = {
    "gemma3": Gemma3,
    "idefics3": Idefics3,
    "llava": Llava,
    "llava_next": LlavaNext,
    "qwen2_vl": QwenVL,
    "qwen2_5_vl": QwenVL,
    "smolvlm": Idefics3,
}
