"""Loaded weights, shared between the models of a run: one LLM at a time, encoders as long as they are used.

A text index is built once for each LLM and kept in the results' folder of work files, which is no part of the
results: deleting it costs time and nothing else.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import replace
from functools import cached_property
from pathlib import Path

import pyarrow as pa
import torch
from transformers.utils import logging as transformers_logging

from data_pipeline.batches import Batches, fitting
from data_pipeline.encoders import VisionEncoder
from data_pipeline.errors import InputError
from data_pipeline.language_models import LanguageModel, load_causal_lm, load_tokenizer
from data_pipeline.lenses.contextual import ContextualLens
from data_pipeline.lenses.embedding import EmbeddingLens
from data_pipeline.models import ComposedVLM, VisionLanguageModel, load_connector, load_vision_encoder
from data_pipeline.off_the_shelf import load_off_the_shelf
from data_pipeline.plan import ModelPlan, Plan
from data_pipeline.progress import Progress
from data_pipeline.text_index.index import TextIndex
from data_pipeline.text_index.settings import BuildSettings

WORK_FOLDER = "_work"
IMAGES_AT_ONCE = 8


class LoadedLLM:
    """A language model with what is derived from it when it is first asked for."""

    def __init__(self, language: LanguageModel, llm_id: str) -> None:
        self.language, self.llm_id = language, llm_id

    @cached_property
    def embedding_lens(self) -> EmbeddingLens:
        """The embedding lens of its input matrix."""
        return EmbeddingLens.of(self.language.input_embeddings)

    @cached_property
    def vocabulary(self) -> list[str]:
        """Every token as its tokenizer decodes it, by id."""
        return self.language.tokens(range(self.language.vocab_size))

    @cached_property
    def token_column(self) -> pa.StringArray:
        """`vocabulary`, to be taken from by columns of ids."""
        return pa.array(self.vocabulary, pa.string())


def _named(index: TextIndex, llm_id: str) -> TextIndex:
    """The index as this study calls its LLM: another study may have called it otherwise."""
    return replace(index, origin=replace(index.origin, llm=llm_id))


class Loader:
    """Gives models of a plan, loading as little as it can."""

    def __init__(self, plan: Plan, results: Path, progress: Progress) -> None:
        """`results` is the folder whose work files keep the text indexes."""
        transformers_logging.disable_progress_bar()
        self.plan, self.progress = plan, progress
        self.work = results / WORK_FOLDER
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.dtype: torch.dtype = getattr(torch, plan.study.dtype)
        self._llm: LoadedLLM | None = None
        self._encoders: dict[tuple[Path, int], VisionEncoder] = {}  # by folder and side of the canvas
        self._index: tuple[Path, TextIndex] | None = None
        self._contextual: ContextualLens | None = None
        self._vlm: tuple[str, VisionLanguageModel] | None = None
        self._batches: dict[str, Batches] = {}

    def batches(self, model: ModelPlan) -> Batches:
        """How many images the model reads at once; where fewer fit into memory, that is remembered."""
        if model.id not in self._batches:
            how = IMAGES_AT_ONCE, self.device, self.dtype, self.progress
            self._batches[model.id] = Batches(f"model {model.id}", "image", *how)
        return self._batches[model.id]

    def vlm(self, model: ModelPlan) -> VisionLanguageModel:
        """The model; the last one is kept."""
        if self._vlm is None or self._vlm[0] != model.id:
            with self._fitting(model):
                self._vlm = (model.id, self._composed(model) if model.framing else self._off_the_shelf(model))
        return self._vlm[1]

    def llm(self, model: ModelPlan) -> LoadedLLM:
        """The model's LLM; the last one is kept."""
        if self._llm is None or self._llm.llm_id != model.llm_id:
            self._llm = self._vlm = None  # frees the memory before the next is loaded
            if model.framing:
                folder = model.folders["llm"]
                with self._fitting(model):
                    causal = load_causal_lm(folder, self.dtype, self.device)
                language = LanguageModel(causal, load_tokenizer(folder))
            else:
                language = self.vlm(model).language
            self._llm = LoadedLLM(language, model.llm_id)
        return self._llm

    def text_index(self, model: ModelPlan) -> TextIndex:
        """The text index of the model's LLM: from memory, from the work files, or built now."""
        folder = self.index_folder(model)
        if self._index is None or self._index[0] != folder:
            self._index = self._contextual = None  # frees the memory before the next is loaded
            with fitting(f"text index of {model.llm_id}: it", self.device, self.dtype):
                self._index = (folder, self._stored_index(model))
        return self._index[1]

    def contextual_lens(self, model: ModelPlan) -> ContextualLens:
        """The contextual lens of the model's LLM; the last one is kept."""
        index = self.text_index(model)
        if self._contextual is None or self._contextual.index is not index:
            vocabulary = self.llm(model).vocabulary
            self._contextual = ContextualLens(index, vocabulary, self.plan.study.text.distinct)
        return self._contextual

    def has_text_index(self, model: ModelPlan) -> bool:
        """Whether the work files have the text index of the model's LLM."""
        return (self.index_folder(model) / "index.json").is_file()

    def index_folder(self, model: ModelPlan) -> Path:
        """Where the text index of the model's LLM lies, or will lie."""
        if model.index:
            return model.index.folder
        return self.work / "text_index" / f"{model.llm_id}-{self.plan.index_key(model)}"

    def _stored_index(self, model: ModelPlan) -> TextIndex:
        folder = self.index_folder(model)
        corpus = self.plan.corpus
        assert corpus is not None  # noqa: S101  # a plan with the contextual lens has one
        if model.index:
            return _named(TextIndex.load(folder, model.llm_hash), model.llm_id)
        if self.has_text_index(model):
            try:
                return TextIndex.load(folder, model.llm_hash, corpus.hash)
            except InputError:
                pass  # a damaged work file is made again
        text = self.plan.study.text
        return TextIndex.build(
            folder,
            self.llm(model).language.causal,
            self.llm(model).language.tokenizer,
            corpus,
            BuildSettings(
                model.text_layers,
                model.llm_id,
                model.llm_hash,
                max_per_token=text.contexts_per_token,
                seed=self.plan.study.seed,
            ),
            self.progress,
        )

    def _fitting(self, model: ModelPlan) -> AbstractContextManager[None]:
        return fitting(f"model {model.id}: the model itself", self.device, self.dtype)

    def _composed(self, model: ModelPlan) -> ComposedVLM:
        language = self.llm(model).language
        assert model.framing is not None  # noqa: S101  # the caller asked
        encoder = self._encoder(model.folders["vision_encoder"], model.framing.width)
        connector = load_connector(model.folders["connector"], self.dtype, self.device)
        return ComposedVLM(language.causal, language, encoder, connector, model.framing)

    def _encoder(self, folder: Path, image_size: int) -> VisionEncoder:
        key = folder, image_size
        if key not in self._encoders:
            self._encoders[key] = load_vision_encoder(folder, image_size, self.dtype, self.device)
        return self._encoders[key]

    def _off_the_shelf(self, model: ModelPlan) -> VisionLanguageModel:
        folder, settings = model.folders["vlm"], model.settings
        how = self.dtype, self.device, model.canvas_key
        code, bounds = bool(settings.remote_code), settings.pixel_bounds
        return load_off_the_shelf(
            folder, settings.prompt, *how, grid=settings.grid, remote_code=code, bounds=bounds
        )
