"""Which family reads which class: the `model_type` of a folder's config.json."""

from __future__ import annotations

from data_pipeline.vlm_families.family import Family
from data_pipeline.vlm_families.llava import Llava
from data_pipeline.vlm_families.qwen_vl import QwenVL

FAMILIES: dict[str, type[Family]] = {
    "llava": Llava,
    "qwen2_vl": QwenVL,
    "qwen2_5_vl": QwenVL,
}
