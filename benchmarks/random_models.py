"""Vision-language models of the true classes with random weights, made in memory at any size.

Speed does not depend on what the weights say, so nothing needs to be downloaded or saved.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import (
    CLIPVisionConfig,
    CLIPVisionModel,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedTokenizerFast,
)

from data_pipeline.batches import Batches
from data_pipeline.connectors import Connector, ConnectorConfig
from data_pipeline.corpus import Corpus
from data_pipeline.encoders import VisionEncoder
from data_pipeline.framing import Framing
from data_pipeline.image_sources import ToyScenes
from data_pipeline.language_models import LanguageModel
from data_pipeline.lenses.contextual import ContextualLens
from data_pipeline.loading import LoadedLLM
from data_pipeline.measure import Unit
from data_pipeline.models import ComposedVLM
from data_pipeline.plan import ModelPlan, Plan
from data_pipeline.progress import SilentProgress
from data_pipeline.schema import LENSES
from data_pipeline.study import ModelSettings, Study
from data_pipeline.text_index.index import TextIndex
from data_pipeline.text_index.settings import BuildSettings

MODEL_ID = LLM_ID = "random"


@dataclass(frozen=True)
class Size:
    """Widths and depths of a model, the layers that are read, and how much text its index holds."""

    hidden: int
    blocks: int
    mlp: int
    heads: int
    key_heads: int
    vocabulary: int
    encoder_hidden: int
    encoder_blocks: int
    side: int
    vision_layers: tuple[int, ...]
    text_layers: tuple[int, ...]
    contexts: int


SIZES = {
    "tiny": Size(32, 3, 48, 4, 2, 300, 16, 2, 56, (0, 1, 3), (1, 3), 64),
    "mid": Size(
        1024, 12, 2816, 16, 16, 50_000, 768, 12, 336,
        (0, 4, 8, 12), (1, 2, 4, 6, 8, 10, 11, 12), 6000,
    ),
    "8b": Size(
        4096, 32, 14_336, 32, 8, 128_256, 1024, 24, 336,
        (0, 1, 2, 4, 8, 16, 24, 30, 31, 32), (1, 2, 4, 8, 16, 24, 30, 31), 20_000,
    ),
}  # fmt: skip
"""mid is what a CPU does in seconds; 8b has the shapes of Llama 3 8B and CLIP ViT-L/14 at 336 pixels."""


@dataclass(frozen=True)
class RandomModel:
    """A model of one of `SIZES` on a device; `dtype` is that of its weights."""

    size: Size
    device: torch.device
    dtype: torch.dtype
    images: int

    def unit(self) -> Unit:
        """What `vlens run` makes of a model and a part of a study, captions left out."""
        lens = ContextualLens(self.index, self.llm.vocabulary)
        wanted = frozenset({*LENSES, "cells", "canvases"})
        batches = Batches("model", "image", self.images, self.device, self.dtype, SilentProgress())
        return Unit(self.plan, self.plan.models[0], self.vlm, self.llm, lens, wanted, batches)

    @cached_property
    def llm(self) -> LoadedLLM:
        """The language model."""
        size = self.size
        config = LlamaConfig(
            hidden_size=size.hidden,
            intermediate_size=size.mlp,
            num_hidden_layers=size.blocks,
            num_attention_heads=size.heads,
            num_key_value_heads=size.key_heads,
            vocab_size=size.vocabulary,
        )
        with self._here():
            causal = LlamaForCausalLM(config).eval().requires_grad_(False)
        return LoadedLLM(LanguageModel(causal, tokenizer(size.vocabulary)), LLM_ID)

    @cached_property
    def vlm(self) -> ComposedVLM:
        """Encoder, connector and LLM."""
        size = self.size
        vision = CLIPVisionConfig(
            hidden_size=size.encoder_hidden,
            intermediate_size=4 * size.encoder_hidden,
            num_hidden_layers=size.encoder_blocks,
            num_attention_heads=size.encoder_hidden // 64 or 2,
            image_size=size.side,
            patch_size=14,
        )
        width = 2 * size.encoder_hidden
        blocks = (size.encoder_blocks // 2, size.encoder_blocks)
        shape = ConnectorConfig("gated_mlp", width, size.hidden, size.hidden, blocks, True, 1.0, "w2", "w3")
        with self._here():
            encoder = VisionEncoder(CLIPVisionModel(vision)).requires_grad_(False)
            connector = Connector(shape).eval().requires_grad_(False)
        language = self.llm.language
        return ComposedVLM(language.causal, language, encoder, connector, self._framing)

    @cached_property
    def _folder(self) -> TemporaryDirectory[str]:
        return TemporaryDirectory()

    @cached_property
    def index(self) -> TextIndex:
        """A text index that the LLM makes of random sentences of 24 words."""
        random = Random(0)  # noqa: S311  # no secret
        words = range(2, self.size.vocabulary)
        sentences = -(-self.size.contexts // 24)
        texts = [" ".join(f"w{random.choice(words)}" for _ in range(24)) for _ in range(sentences)]
        language = self.llm.language
        return TextIndex.build(
            Path(self._folder.name),
            language.causal,
            language.tokenizer,
            Corpus.of("random words", texts),
            BuildSettings(self.size.text_layers, LLM_ID, ""),
        )

    @cached_property
    def plan(self) -> Plan:
        """A plan as of a study that nobody wrote."""
        size = self.size
        settings = ModelSettings(id=MODEL_ID, title="random weights", vlm="nowhere")
        study = Study(
            id="speed",
            title="speed",
            dtype=str(self.dtype).removeprefix("torch."),
            images={"source": "toy-scenes"},
            model=[settings],
            images_per_part=self.images,
        )
        model = ModelPlan(
            settings=settings,
            position=0,
            llm_id=LLM_ID,
            llm_title="",
            encoder_title="",
            connector_title="",
            folders={"weights": Path()},
            framing=self._framing,
            num_layers=size.blocks,
            hidden_size=size.hidden,
            vocab_size=size.vocabulary,
            vision_layers=size.vision_layers,
            text_layers=size.text_layers,
            llm_hash="",
            weights_hash="",
        )
        return Plan(study, ToyScenes(None, 0), self.images, (model,), None)

    @property
    def _framing(self) -> Framing:
        return Framing(self.size.side, self.size.side, 14, 14)

    @contextmanager
    def _here(self) -> Iterator[None]:
        """New weights come into being on the device, in their type, the same at every call."""
        before = torch.get_default_dtype()
        torch.set_default_dtype(self.dtype)
        torch.manual_seed(0)
        try:
            with self.device:
                yield
        finally:
            torch.set_default_dtype(before)


def tokenizer(words: int) -> PreTrainedTokenizerFast:
    """One token for each of the words w2, w3 and so on."""
    end, unknown = "</s>", "<unk>"
    ids = {end: 0, unknown: 1} | {f"w{number}": number for number in range(2, words)}
    backend = Tokenizer(models.WordLevel(ids, unk_token=unknown))
    backend.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    return PreTrainedTokenizerFast(tokenizer_object=backend, eos_token=end, pad_token=unknown)
