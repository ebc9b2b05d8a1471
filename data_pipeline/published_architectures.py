"""Published configurations of the shipped studies' models: what their sizes follow from, and no more."""

from __future__ import annotations

from typing import Any

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
_YI_34B = {
    "model_type": "llama",
    "hidden_size": 7168,
    "intermediate_size": 20480,
    "num_hidden_layers": 60,
    "num_attention_heads": 56,
    "num_key_value_heads": 8,
    "vocab_size": 64064,
    "tie_word_embeddings": False,
}
_LLAVA_NEXT_34B = {
    "model_type": "llava_next",
    "text_config": _YI_34B,
    "vision_config": _CLIP_L_336,
    "image_grid_pinpoints": [[336, 672], [672, 336], [672, 672], [1008, 336], [336, 1008]],
}
_QWEN25_VL_32B = {
    "model_type": "qwen2_5_vl",
    "text_config": {
        "model_type": "qwen2_5_vl_text",
        "hidden_size": 5120,
        "intermediate_size": 27648,
        "num_hidden_layers": 64,
        "num_attention_heads": 40,
        "num_key_value_heads": 8,
        "vocab_size": 152064,
        "tie_word_embeddings": False,
    },
    "vision_config": {
        "depth": 32,
        "hidden_size": 1280,
        "out_hidden_size": 5120,
        "intermediate_size": 3456,
        "num_heads": 16,
    },
    "tie_word_embeddings": False,
}
_MOLMO_7B = {
    "model_type": "molmo",
    "hidden_size": 3584,
    "intermediate_size": 37888,
    "num_hidden_layers": 28,
    "num_attention_heads": 28,
    "num_key_value_heads": 4,
    "vocab_size": 152064,
}
_MOLMO_72B = {
    "model_type": "molmo",
    "hidden_size": 8192,
    "intermediate_size": 59136,
    "num_hidden_layers": 80,
    "num_attention_heads": 64,
    "num_key_value_heads": 8,
    "vocab_size": 152064,
}
_SMOLVLM_256M = {
    "model_type": "idefics3",
    "text_config": {
        "model_type": "llama",
        "hidden_size": 576,
        "intermediate_size": 1536,
        "num_hidden_layers": 30,
        "num_attention_heads": 9,
        "num_key_value_heads": 3,
        "vocab_size": 49280,
        "tie_word_embeddings": False,
    },
    "vision_config": {
        "model_type": "idefics3_vision",
        "hidden_size": 768,
        "intermediate_size": 3072,
        "num_hidden_layers": 12,
        "num_attention_heads": 12,
        "image_size": 512,
        "patch_size": 16,
    },
    "scale_factor": 4,
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
    "llava-hf/llava-v1.6-34b-hf": _LLAVA_NEXT_34B,
    "Qwen/Qwen2-VL-7B-Instruct": _QWEN2_VL_7B,
    "Qwen/Qwen2.5-VL-32B-Instruct": _QWEN25_VL_32B,
    "allenai/Molmo-7B-D-0924": _MOLMO_7B,
    "allenai/Molmo-72B-0924": _MOLMO_72B,
    "HuggingFaceTB/SmolVLM-256M-Instruct": _SMOLVLM_256M,
}
"""By Hub name, from each repository's config.json; OLMo's preview from the published study's config.yaml."""
