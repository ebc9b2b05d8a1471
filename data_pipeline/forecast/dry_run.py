"""A whole study's forecast: every model's, the images, the texts, and the sums that can be known."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property

from data_pipeline.corpus import Corpus, everyday_sentences, read_corpus, toy_captions
from data_pipeline.errors import InputError
from data_pipeline.forecast.models import ModelForecast, Workload, forecast
from data_pipeline.forecast.pictures import pictures_of
from data_pipeline.forecast.published_corpus import (
    PUBLISHED_SENTENCES,
    PUBLISHED_VECTORS,
    TOKENS_A_PHRASE,
    is_published,
)
from data_pipeline.forecast.text_indexes import TextIndexForecast
from data_pipeline.image_sources import ImageSource
from data_pipeline.image_tables import ImageTable
from data_pipeline.loading import IMAGES_AT_ONCE
from data_pipeline.plan import image_source
from data_pipeline.study import Study

_WORD_OR_SIGN = re.compile(r"\w+|[^\w\s]")


@dataclass(frozen=True)
class StudyForecast:
    """Each of `llms` reads all of `corpus`, which is None where it is not at hand or none is read."""

    study: Study
    work: Workload
    models: tuple[ModelForecast, ...]
    corpus: Corpus | None
    llms: int

    @property
    def images(self) -> int:
        """What passes, bytes and seconds are multiplied with: 1 where the number of images is not known."""
        return 1 if self.work.images is None else self.work.images

    @property
    def sentences(self) -> int | None:
        """How many each LLM reads for its text index; None where the corpus is not at hand."""
        if not self.llms or self.study.text.source == "index":
            return 0
        return len(self.corpus) if self.corpus else None

    @property
    def as_published(self) -> bool:
        """Whether the corpus is the published study's, and not at hand."""
        return self.sentences is None and is_published(self.study.text)

    @property
    def most_sentences(self) -> int:
        """How many each LLM reads: of a corpus that is not at hand at most."""
        if self.sentences is not None:
            return self.sentences
        most = self.study.text.sentences
        return min(most, PUBLISHED_SENTENCES) if self.as_published else most

    @cached_property
    def text_tokens(self) -> int:
        """About how many tokens the corpus has; where it is not at hand, those of as many short phrases."""
        return about_tokens(self.corpus.texts) if self.corpus else TOKENS_A_PHRASE * self.most_sentences

    @property
    def text_indexes(self) -> dict[str, TextIndexForecast | None]:
        """By LLM, of those that read the corpus; None where the LLM's configuration is not at hand."""
        if self.sentences == 0:
            return {}
        return {model.llm_id: model.text_index for model in self.models}

    def text_index_bytes(self) -> list[int | None]:
        """At most, for each LLM that reads the corpus."""
        return self._index_bytes(self.text_tokens)

    def published_index_bytes(self) -> list[int | None]:
        """The same with as many vectors a layer as the published study kept of OLMo-7B."""
        return self._index_bytes(PUBLISHED_VECTORS)

    def _index_bytes(self, rows: int) -> list[int | None]:
        return [None if index is None else index.bytes(rows) for index in self.text_indexes.values()]

    def passes(self, model: ModelForecast) -> int:
        """Of all images through `model`."""
        return self.images * model.passes

    def disk(self, model: ModelForecast) -> float | None:
        """Bytes of the model's tables and canvases, at most."""
        return None if model.disk_per_image is None else self.images * model.disk_per_image

    def seconds(
        self,
        model: ModelForecast,
        tokens_per_second: float | None,
        rate: float,
        float32_rate: float | None = None,
    ) -> float | None:
        """Of all images: tokens at a given rate, which is the largest model's, else operations at `rate`.

        A smaller model has a higher one in proportion to its parameters. `float32_rate` is that of the
        lenses' operations per second, where it is another.
        """
        if tokens_per_second:
            tokens = None if model.tokens is None else self.images * model.tokens
            return None if tokens is None else tokens / tokens_per_second * self.share_of_largest(model)
        if model.flops is None or model.lens_flops is None:
            return None
        lenses = model.lens_flops / (float32_rate or rate)
        return self.images * ((model.flops - model.lens_flops) / rate + lenses)

    @property
    def largest(self) -> ModelForecast | None:
        """The model with the most parameters; None where no model's are known."""
        known = [model for model in self.models if model.parameters]
        return max(known, key=lambda model: model.parameters or 0, default=None)

    def share_of_largest(self, model: ModelForecast) -> float:
        """Parameters of `model` by those of the largest; 1 where they are not known."""
        most = self.largest.parameters if self.largest else None
        return model.parameters / most if model.parameters and most else 1.0

    def text_seconds(self, tokens_per_second: float | None, rate: float) -> list[float | None]:
        """Of reading the corpus, for each LLM that reads it: None where the LLM's size is not known."""
        if self.sentences == 0:
            return []
        flops = {model.llm_id: model.flops_per_text_token for model in self.models}.values()
        tokens = self.text_tokens
        if tokens_per_second:
            shares = {model.llm_id: self.share_of_largest(model) for model in self.models}.values()
            return [tokens / tokens_per_second * share for share in shares]
        return [None if each is None else tokens * each / rate for each in flops]


def about_tokens(texts: Iterable[str]) -> int:
    """Four tokens for every three words and signs, as tokenizers of English do; none is asked."""
    return sum(len(_WORD_OR_SIGN.findall(text)) for text in texts) * 4 // 3


def dry_run(study: Study, num_images: int | None, ablations: bool) -> StudyForecast:
    """Forecast a study without network and without weights; `num_images` None means all.

    Raises:
        InputError: what a run would also refuse and a configuration already shows; it begins with the file.
    """
    with naming_the_study(study):
        return _dry_run(study, num_images, ablations)


@contextmanager
def naming_the_study(study: Study) -> Iterator[None]:
    """Begin what is wrong with the study's file."""
    try:
        yield
    except InputError as error:
        if study.file is None or str(error).startswith(str(study.file)):
            raise
        raise InputError(f"{study.file}: {error}") from error


def _dry_run(study: Study, num_images: int | None, ablations: bool) -> StudyForecast:
    chosen = [model for model in study.model if ablations or model.group != "ablation"]
    if not chosen:
        raise InputError(f"study {study.id}: has nothing but ablations, and these are switched off")
    source = images_at_hand(study)
    count = _checked_count(num_images, source)
    most = min(IMAGES_AT_ONCE, study.images_per_part)
    pictures = pictures_of(source, count) if source and count else None
    work = Workload(count, _captioned(study, source), min(most, count) if count else most, pictures)
    models = tuple(forecast(study, model, work) for model in chosen)
    llms = len({model.llm_id for model in models}) if "contextual" in study.lenses else 0
    return StudyForecast(study, work, models, _corpus(study) if llms else None, llms)


def images_at_hand(study: Study) -> ImageSource | None:
    """The images, where they are drawn or lie on this machine."""
    settings = study.images
    location = str(settings.folder or settings.path)
    here = not location.startswith("hub:") and (study.folder / location).exists()
    return image_source(study) if here or settings.source == "toy-scenes" else None


def _checked_count(wanted: int | None, source: ImageSource | None) -> int | None:
    if source is None or (wanted is not None and wanted <= len(source)):
        return wanted
    if wanted is None:
        return len(source)
    raise InputError(
        f"{wanted} images asked for, but {source.name} has {len(source)}; expected 1 to that many"
    )


def _captioned(study: Study, source: ImageSource | None) -> bool:
    """Whether the images have captions: where that is not known, as if they had."""
    own = study.folder / str(study.images.folder) / "captions.csv"
    if isinstance(source, ImageTable):
        return source.columns.caption is not None
    return study.images.source != "folder" or bool(study.images.captions) or own.is_file()


def _corpus(study: Study) -> Corpus | None:
    """What is to be read, where it is at hand."""
    text = study.text
    if text.source == "index":
        return None
    if text.source == "everyday":
        return everyday_sentences(text.sentences)
    if text.source == "toy-captions":
        return toy_captions(text.sentences, study.seed)
    file = study.folder / str(text.file)
    return read_corpus(file, text.sentences) if file.is_file() else None
