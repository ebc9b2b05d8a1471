"""A stand-in's processor: `process` in place of a call, the image first, the question in a frame."""

import numpy as np
import torch
from transformers import AutoTokenizer
from transformers.processing_utils import ProcessingKwargs, ProcessorMixin, TextKwargs

from .image_preprocessing_molmo import MolmoImageProcessor, MolmoImagesKwargs

TOKENS = {"start": "<im_start>", "end": "<im_end>", "patch": "<im_patch>", "col": "<im_col>"}


class MolmoTextKwargs(TextKwargs, total=False):
    message_format: str | None
    always_start_with_space: bool | None


class MolmoProcessorKwargs(ProcessingKwargs, total=False):
    text_kwargs: MolmoTextKwargs
    images_kwargs: MolmoImagesKwargs
    _defaults = {  # noqa: RUF012  # as published
        "images_kwargs": {},
        "text_kwargs": {"message_format": "role", "always_start_with_space": True},
    }


class MolmoProcessor(ProcessorMixin):
    attributes = ["image_processor", "tokenizer"]  # noqa: RUF012  # as published
    image_processor_class = "AutoImageProcessor"
    tokenizer_class = ("GPT2Tokenizer", "GPT2TokenizerFast", "Qwen2Tokenizer", "Qwen2TokenizerFast")

    def __init__(
        self, image_processor: MolmoImageProcessor = None, tokenizer: AutoTokenizer = None, **kwargs
    ):
        super().__init__(image_processor, tokenizer)

    def process(self, text=None, images=None, **kwargs):
        settings = self._merge_kwargs(
            MolmoProcessorKwargs, tokenizer_init_kwargs=self.tokenizer.init_kwargs, **kwargs
        )
        if settings["text_kwargs"]["message_format"] == "role":
            text = "User: " + text + " Assistant:"
        if settings["text_kwargs"]["always_start_with_space"]:
            text = " " + text
        out = self.image_processor.multimodal_preprocess(
            images=None if images is None else [np.array(image) for image in images],
            tokens=np.array(self.tokenizer.encode(text, add_special_tokens=False), np.int32),
            image_idx=None if images is None else [-1],
            ids={name: self.tokenizer.convert_tokens_to_ids(token) for name, token in TOKENS.items()},
            **settings["images_kwargs"],
        )
        begin = self.tokenizer.bos_token_id or self.tokenizer.eos_token_id
        out["input_ids"] = np.pad(out["input_ids"], [[1, 0]], constant_values=begin)
        if "image_input_idx" in out:
            out["image_input_idx"] = np.where(out["image_input_idx"] < 0, -100, out["image_input_idx"] + 1)
        return {name: torch.from_numpy(values) for name, values in out.items()}


MolmoProcessor.register_for_auto_class()
