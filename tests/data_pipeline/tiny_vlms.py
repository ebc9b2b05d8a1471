"""Tiny random vision-language models with their true processors, saved as a user would have them on disk."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from transformers import (
    CLIPVisionConfig,
    Gemma3Config,
    Gemma3ForConditionalGeneration,
    Gemma3ImageProcessorPil,
    Gemma3Processor,
    Gemma3TextConfig,
    GotOcr2ImageProcessorPil,
    Idefics3Config,
    Idefics3ForConditionalGeneration,
    Idefics3ImageProcessorPil,
    Idefics3Processor,
    InternVLConfig,
    InternVLForConditionalGeneration,
    LlamaConfig,
    LlavaNextConfig,
    LlavaNextForConditionalGeneration,
    LlavaNextImageProcessorPil,
    LlavaNextProcessor,
    LlavaOnevisionConfig,
    LlavaOnevisionForConditionalGeneration,
    LlavaOnevisionImageProcessorPil,
    PreTrainedTokenizerFast,
    Qwen2Config,
    Qwen2VLImageProcessorPil,
    Qwen3VLConfig,
    Qwen3VLForConditionalGeneration,
    Qwen3VLMoeConfig,
    Qwen3VLMoeForConditionalGeneration,
    SiglipVisionConfig,
    SmolVLMConfig,
    SmolVLMForConditionalGeneration,
    SmolVLMImageProcessorPil,
)

from data_pipeline.toy.tokenizer import build_tokenizer
from tests.data_pipeline.tiny_models import WIDTH, rescaled_norms, save_llava, save_qwen_vl, text_settings

_TOWER: dict[str, Any] = {
    "hidden_size": 16,
    "intermediate_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "image_size": 56,
    "patch_size": 14,
    "initializer_range": 0.3,
}
_TURN = (
    "{% for message in messages %}{{ message['role'] }} : {% for part in message['content'] %}"
    "{% if part['type'] == 'image' %}IMAGE{% else %}{{ part['text'] }}{% endif %}{% endfor %} . "
    "{% endfor %}{% if add_generation_prompt %}the :{% endif %}"
)


def _tokenizer(placeholder: str, **others: str) -> PreTrainedTokenizerFast:
    """A tokenizer that knows the image's tokens, with a chat template that writes the begin token itself."""
    tokenizer = build_tokenizer()
    tokenizer.add_special_tokens({"additional_special_tokens": list(others.values())})
    tokenizer.chat_template = "{{ bos_token }}" + _TURN.replace("IMAGE", placeholder)
    return tokenizer


def _save(model: Any, folder: Path, processor: Any) -> Path:
    rescaled_norms(model).save_pretrained(folder)
    processor.save_pretrained(folder)
    return folder


def save_gemma3(folder: Path, seed: int = 0, **text: Any) -> Path:
    """A grid of 4 x 4 soft tokens, each of 2 x 2 patches, on a canvas of 56 pixels."""
    torch.manual_seed(seed)
    marks = {
        "boi_token": "<start_of_image>",
        "image_token": "<image_soft_token>",
        "eoi_token": "<end_of_image>",
    }
    tokenizer = _tokenizer("<start_of_image>", **marks)
    tokenizer._set_model_specific_special_tokens(marks)
    ids = {name: tokenizer.convert_tokens_to_ids(mark) for name, mark in marks.items()}
    kinds = ["sliding_attention", "full_attention", "full_attention"]
    settings = {**text_settings(tokenizer), "head_dim": 8, "sliding_window": 64, "layer_types": kinds, **text}
    config = Gemma3Config(
        text_config=Gemma3TextConfig(**settings),
        vision_config=SiglipVisionConfig(**{**_TOWER, "patch_size": 7}),
        mm_tokens_per_image=16,
        boi_token_index=ids["boi_token"],
        eoi_token_index=ids["eoi_token"],
        image_token_index=ids["image_token"],
        tie_word_embeddings=settings["tie_word_embeddings"],
    )
    model = Gemma3ForConditionalGeneration(config)
    torch.nn.init.normal_(model.model.multi_modal_projector.mm_input_projection_weight)  # zeros at first
    images = Gemma3ImageProcessorPil(size={"height": 56, "width": 56})
    return _save(model, folder, Gemma3Processor(images, tokenizer, image_seq_length=16))


def save_idefics3(folder: Path, family: str = "smolvlm", seed: int = 0, **images: Any) -> Path:
    """A grid of 4 x 4 tokens, each of 2 x 2 patches, on tiles of 56 pixels; at most 2 x 2 tiles."""
    torch.manual_seed(seed)
    marks = ["<fake_token_around_image>", "<global-img>", "<image>", "<end_of_utterance>"]
    marks += [f"<row_{row}_col_{col}>" for row in (1, 2) for col in (1, 2)]
    tokenizer = _tokenizer("<image>", **{mark: mark for mark in marks})
    settings = {
        "vision_config": {**_TOWER, "patch_size": 7},
        "text_config": LlamaConfig(**text_settings(tokenizer)),
        "image_token_id": tokenizer.convert_tokens_to_ids("<image>"),
        "scale_factor": 2,
    }
    model = (
        SmolVLMForConditionalGeneration(SmolVLMConfig(**settings))
        if family == "smolvlm"
        else Idefics3ForConditionalGeneration(Idefics3Config(**settings))
    )
    kind = SmolVLMImageProcessorPil if family == "smolvlm" else Idefics3ImageProcessorPil
    shape = {"size": {"longest_edge": 112}, "max_image_size": {"longest_edge": 56}}
    processor = kind(**{**shape, **images})
    rescaled_norms(model).save_pretrained(folder)
    processor.save_pretrained(folder)  # SmolVLM's whole processor needs packages for videos
    tokenizer.save_pretrained(folder)
    return folder


def idefics3_processor(folder: Path) -> Idefics3Processor:
    """The true processor over what `save_idefics3` saved; SmolVLM's writes the same text."""
    tokenizer = PreTrainedTokenizerFast.from_pretrained(folder)
    return Idefics3Processor(Idefics3ImageProcessorPil.from_pretrained(folder), tokenizer, image_seq_len=16)


def save_llava_next(folder: Path, seed: int = 0) -> Path:
    """A base tile of 4 x 4 patches, and up to 2 x 2 tiles more."""
    torch.manual_seed(seed)
    tokenizer = _tokenizer("<image>", image="<image>")
    pinpoints = [[56, 112], [112, 56], [112, 112]]
    config = LlavaNextConfig(
        vision_config=CLIPVisionConfig(**{**_TOWER, "num_hidden_layers": 3}),
        text_config=LlamaConfig(**text_settings(tokenizer)),
        image_token_index=tokenizer.convert_tokens_to_ids("<image>"),
        image_grid_pinpoints=pinpoints,
    )
    images = LlavaNextImageProcessorPil(
        size={"shortest_edge": 56}, crop_size={"height": 56, "width": 56}, image_grid_pinpoints=pinpoints
    )
    processor = LlavaNextProcessor(
        images,
        tokenizer,
        patch_size=14,
        vision_feature_select_strategy="default",
        image_token="<image>",  # noqa: S106  # no password
        num_additional_image_tokens=1,
    )
    return _save(LlavaNextForConditionalGeneration(config), folder, processor)


def save_llava_onevision(folder: Path, seed: int = 0) -> Path:
    """As LLaVA-NeXT, with SigLIP's tower, and tiles that are shrunk to one tile's cells."""
    torch.manual_seed(seed)
    tokenizer = _tokenizer("<image>", image="<image>", video="<video>")
    pinpoints = [[56, 112], [112, 56], [112, 112]]
    config = LlavaOnevisionConfig(
        vision_config=SiglipVisionConfig(**{**_TOWER, "num_hidden_layers": 3}, vision_use_head=False),
        text_config=Qwen2Config(**text_settings(tokenizer)),
        image_token_index=tokenizer.convert_tokens_to_ids("<image>"),
        video_token_index=tokenizer.convert_tokens_to_ids("<video>"),
        image_grid_pinpoints=pinpoints,
        vision_aspect_ratio="anyres_max_1",
    )
    images = LlavaOnevisionImageProcessorPil(size={"height": 56, "width": 56}, image_grid_pinpoints=pinpoints)
    rescaled_norms(LlavaOnevisionForConditionalGeneration(config)).save_pretrained(folder)
    images.save_pretrained(folder)  # the whole processor would need torchvision, for videos
    tokenizer.save_pretrained(folder)
    return folder


def save_internvl(folder: Path, seed: int = 0) -> Path:
    """A grid of 4 x 4 tokens, each of 2 x 2 patches, on tiles of 56 pixels; at most 4 of them."""
    torch.manual_seed(seed)
    marks = {
        "start_image_token": "<img>",
        "end_image_token": "</img>",
        "context_image_token": "<IMG_CONTEXT>",
    }
    tokenizer = _tokenizer("<IMG_CONTEXT>\n", **marks)
    tokenizer._set_model_specific_special_tokens(marks)
    config = InternVLConfig(
        vision_config={**_TOWER, "patch_size": 7},
        text_config=Qwen2Config(**text_settings(tokenizer)),
        image_token_id=tokenizer.convert_tokens_to_ids("<IMG_CONTEXT>"),
        image_seq_length=16,
        tie_word_embeddings=False,
    )
    rescaled_norms(InternVLForConditionalGeneration(config)).save_pretrained(folder)
    images = GotOcr2ImageProcessorPil(size={"height": 56, "width": 56}, max_patches=4)
    images.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def save_qwen3_vl(folder: Path, family: str = "qwen3_vl", seed: int = 0) -> Path:
    """Cells of 2 x 2 patches of 14; two of three blocks are followed by further visual features."""
    torch.manual_seed(seed)
    marks = ("<|vision_start|>", "<|vision_end|>", "<|image_pad|>", "<|video_pad|>")
    tokenizer = _tokenizer("<|vision_start|><|image_pad|><|vision_end|>", **{mark: mark for mark in marks})
    start, end, image, video = tokenizer.convert_tokens_to_ids(list(marks))
    rope = {"rope_type": "default", "rope_theta": 10000.0, "mrope_section": [2, 1, 1]}
    vision = {"depth": 2, "hidden_size": 16, "intermediate_size": 32, "num_heads": 2, "patch_size": 14}
    experts = {"num_experts": 4, "num_experts_per_tok": 2, "moe_intermediate_size": 24}
    kinds: Any = (
        (Qwen3VLConfig, Qwen3VLForConditionalGeneration, {})
        if family == "qwen3_vl"
        else (Qwen3VLMoeConfig, Qwen3VLMoeForConditionalGeneration, experts)
    )
    config = kinds[0](
        text_config={**text_settings(tokenizer), "head_dim": 8, "rope_parameters": rope, **kinds[2]},
        vision_config={
            **vision,
            "out_hidden_size": WIDTH,
            "num_position_embeddings": 16,
            "deepstack_visual_indexes": [0, 1],
        },
        image_token_id=image,
        video_token_id=video,
        vision_start_token_id=start,
        vision_end_token_id=end,
    )
    rescaled_norms(kinds[1](config)).save_pretrained(folder)
    images = Qwen2VLImageProcessorPil(
        size={"shortest_edge": 28 * 28, "longest_edge": 28 * 28 * 16}, patch_size=14, merge_size=2
    )
    images.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


SAVED = {
    "llava": save_llava,
    "llava_next": save_llava_next,
    "llava_onevision": save_llava_onevision,
    "internvl": save_internvl,
    "qwen2_vl": save_qwen_vl,
    "qwen2_5_vl": lambda folder: save_qwen_vl(folder, "qwen2_5_vl"),
    "qwen3_vl": save_qwen3_vl,
    "qwen3_vl_moe": lambda folder: save_qwen3_vl(
        folder, "qwen3_vl_moe", seed=2
    ),  # which writes no image token
    "gemma3": save_gemma3,
    "smolvlm": save_idefics3,
    "idefics3": lambda folder: save_idefics3(folder, "idefics3"),
}
PROMPTS = {
    "llava": "<image> a house :",
    "qwen2_vl": "<|vision_start|><|image_pad|><|vision_end|> a house :",
    "qwen2_5_vl": "<|vision_start|><|image_pad|><|vision_end|> a house :",
}
"""Of those that have no chat template."""
