"""Tiny random models of the true classes, saved as a user would have them on disk."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from transformers import (
    CLIPImageProcessorPil,
    CLIPVisionConfig,
    CLIPVisionModel,
    Gemma2Config,
    Gemma2ForCausalLM,
    Gemma3ForCausalLM,
    Gemma3TextConfig,
    GemmaConfig,
    GemmaForCausalLM,
    LlamaConfig,
    LlamaForCausalLM,
    LlavaConfig,
    LlavaForConditionalGeneration,
    LlavaProcessor,
    MistralConfig,
    MistralForCausalLM,
    Olmo2Config,
    Olmo2ForCausalLM,
    OlmoConfig,
    OlmoForCausalLM,
    PreTrainedModel,
    PreTrainedTokenizerFast,
    Qwen2_5_VLConfig,
    Qwen2_5_VLForConditionalGeneration,
    Qwen2Config,
    Qwen2ForCausalLM,
    Qwen2VLConfig,
    Qwen2VLForConditionalGeneration,
    Qwen2VLImageProcessorPil,
    Qwen3Config,
    Qwen3ForCausalLM,
    SiglipVisionConfig,
    SiglipVisionModel,
)

from data_pipeline.connectors import Connector, ConnectorConfig
from data_pipeline.toy.tokenizer import build_tokenizer

WIDTH, LAYERS = 32, 3
TEXT_CLASSES: dict[str, tuple[type, type]] = {
    "gemma": (GemmaConfig, GemmaForCausalLM),
    "gemma2": (Gemma2Config, Gemma2ForCausalLM),
    "gemma3_text": (Gemma3TextConfig, Gemma3ForCausalLM),
    "llama": (LlamaConfig, LlamaForCausalLM),
    "mistral": (MistralConfig, MistralForCausalLM),
    "olmo": (OlmoConfig, OlmoForCausalLM),
    "olmo2": (Olmo2Config, Olmo2ForCausalLM),
    "qwen2": (Qwen2Config, Qwen2ForCausalLM),
    "qwen3": (Qwen3Config, Qwen3ForCausalLM),
}
_SHAPE: dict[str, Any] = {
    "hidden_size": WIDTH,
    "intermediate_size": 48,
    "num_hidden_layers": LAYERS,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "initializer_range": 0.3,  # large, so that layers differ and sequences are not all alike
    "tie_word_embeddings": False,
}


def text_settings(tokenizer: PreTrainedTokenizerFast) -> dict[str, Any]:
    ids = {name: getattr(tokenizer, name) for name in ("bos_token_id", "eos_token_id", "pad_token_id")}
    return {**_SHAPE, **ids, "vocab_size": len(tokenizer)}


def rescaled_norms(model: PreTrainedModel) -> PreTrainedModel:
    """Norm weights other than 1: with the initial ones a norm that is applied twice goes unnoticed."""
    for name, weights in model.named_parameters():
        if "norm" in name and weights.ndim == 1:
            torch.nn.init.uniform_(weights, 0.3, 2.0)
    return model.eval()


def save_llm(folder: Path, family: str = "llama", seed: int = 0, **changes: Any) -> Path:
    torch.manual_seed(seed)
    tokenizer = build_tokenizer()
    config_class, model_class = TEXT_CLASSES[family]
    model = model_class(config_class(**{**text_settings(tokenizer), **changes}))
    rescaled_norms(model).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def save_encoder(folder: Path, family: str = "clip", seed: int = 0) -> Path:
    torch.manual_seed(seed)
    shape: dict[str, Any] = {
        "hidden_size": 16,
        "intermediate_size": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "image_size": 56,
        "patch_size": 14,
    }
    classes: dict[str, tuple[type, type]] = {
        "clip": (CLIPVisionConfig, CLIPVisionModel),
        "siglip": (SiglipVisionConfig, SiglipVisionModel),
    }
    config_class, model_class = classes[family]
    model_class(config_class(**shape)).save_pretrained(folder)
    return folder


def save_connector(folder: Path, seed: int = 0) -> Path:
    torch.manual_seed(seed)
    config = ConnectorConfig("gated_mlp", 32, 24, WIDTH, (1, 2), True, 4.0, "<s>", ":")
    Connector(config).save_pretrained(folder)
    return folder


def save_llava(folder: Path, seed: int = 0) -> Path:
    torch.manual_seed(seed)
    tokenizer = build_tokenizer(image_token=True)
    vision = CLIPVisionConfig(
        hidden_size=16,
        intermediate_size=32,
        num_hidden_layers=3,
        num_attention_heads=2,
        image_size=56,
        patch_size=14,
    )
    config = LlavaConfig(
        vision_config=vision,
        text_config=LlamaConfig(**text_settings(tokenizer)),
        image_token_id=tokenizer.convert_tokens_to_ids("<image>"),
        image_seq_length=16,
    )
    rescaled_norms(LlavaForConditionalGeneration(config)).save_pretrained(folder)
    images = CLIPImageProcessorPil(size={"shortest_edge": 56}, crop_size={"height": 56, "width": 56})
    LlavaProcessor(
        images,
        tokenizer,
        patch_size=14,
        vision_feature_select_strategy="default",
        image_token="<image>",  # noqa: S106  # no password
        num_additional_image_tokens=1,
    ).save_pretrained(folder)
    return folder


_QWEN_MARKS = ("<|vision_start|>", "<|vision_end|>", "<|image_pad|>", "<|video_pad|>")


def save_qwen_vl(folder: Path, family: str = "qwen2_vl", seed: int = 0) -> Path:
    torch.manual_seed(seed)
    tokenizer = build_tokenizer()
    tokenizer.add_special_tokens({"additional_special_tokens": list(_QWEN_MARKS)})
    start, end, image, video = tokenizer.convert_tokens_to_ids(list(_QWEN_MARKS))
    ids = {"vision_start_token_id": start, "vision_end_token_id": end, "image_token_id": image}
    rope = {"rope_type": "default", "rope_theta": 10000.0, "mrope_section": [2, 1, 1]}
    text = {**text_settings(tokenizer), "rope_parameters": rope}
    if family == "qwen2_vl":
        vision = {
            "depth": 2,
            "embed_dim": 16,
            "hidden_size": WIDTH,
            "num_heads": 2,
            "mlp_ratio": 2,
            "patch_size": 14,
        }
        model: PreTrainedModel = Qwen2VLForConditionalGeneration(
            Qwen2VLConfig(text_config=text, vision_config=vision, video_token_id=video, **ids)
        )
    else:
        vision = {
            "depth": 2,
            "hidden_size": 16,
            "out_hidden_size": WIDTH,
            "num_heads": 2,
            "intermediate_size": 32,
        }
        model = Qwen2_5_VLForConditionalGeneration(
            Qwen2_5_VLConfig(text_config=text, vision_config=vision, video_token_id=video, **ids)
        )
    rescaled_norms(model).save_pretrained(folder)
    images = Qwen2VLImageProcessorPil(size={"shortest_edge": 28 * 28, "longest_edge": 28 * 28 * 16})
    images.save_pretrained(folder)  # the whole processor would need torchvision, for videos
    tokenizer.save_pretrained(folder)
    return folder
