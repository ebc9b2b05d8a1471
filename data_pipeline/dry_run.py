"""A whole study's forecast: every model's, the images, the texts, and the sums that can be known."""

from __future__ import annotations

from dataclasses import dataclass

from data_pipeline.corpus import read_corpus
from data_pipeline.errors import InputError
from data_pipeline.forecast import ModelForecast, Workload, forecast, workload
from data_pipeline.image_sources import ImageFolder, ToyScenes
from data_pipeline.study import Study


@dataclass(frozen=True)
class StudyForecast:
    """`sentences` is None where the corpus is not at hand; each of `llms` reads all of them."""

    study: Study
    work: Workload
    models: tuple[ModelForecast, ...]
    sentences: int | None
    llms: int

    @property
    def images(self) -> int:
        """What passes, bytes and seconds are multiplied with: 1 where the number of images is not known."""
        return 1 if self.work.images is None else self.work.images

    def passes(self, model: ModelForecast) -> int:
        """Of all images through `model`."""
        return self.images * model.passes

    def disk(self, model: ModelForecast) -> float | None:
        """Bytes of the model's tables and canvases, at most."""
        return None if model.disk_per_image is None else self.images * model.disk_per_image

    def seconds(self, model: ModelForecast, tokens_per_second: float | None, rate: float) -> float | None:
        """Of all images: tokens at a given rate, else operations at `rate` per second."""
        if tokens_per_second:
            return None if model.tokens is None else self.images * model.tokens / tokens_per_second
        return None if model.flops is None else self.images * model.flops / rate


def dry_run(study: Study, num_images: int | None, ablations: bool) -> StudyForecast:
    """Forecast a study without network and without weights; `num_images` None means all.

    Raises:
        InputError: what a run would also refuse and a configuration already shows; it begins with the file.
    """
    try:
        return _dry_run(study, num_images, ablations)
    except InputError as error:
        if study.file is None or str(error).startswith(str(study.file)):
            raise
        raise InputError(f"{study.file}: {error}") from error


def _dry_run(study: Study, num_images: int | None, ablations: bool) -> StudyForecast:
    chosen = [model for model in study.model if ablations or model.group != "ablation"]
    if not chosen:
        raise InputError(f"study {study.id}: has nothing but ablations, and these are switched off")
    work = workload(study, _images(study, num_images))
    models = tuple(forecast(study, model, work) for model in chosen)
    llms = len({model.llm_id for model in models}) if "contextual" in study.lenses else 0
    return StudyForecast(study, work, models, _sentences(study) if llms else 0, llms)


def _images(study: Study, wanted: int | None) -> int | None:
    """How many images a run would take; None where they are not here and no number is asked for."""
    settings = study.images
    if settings.source == "toy-scenes":
        found = len(
            ToyScenes(settings.split or "report", study.seed if settings.seed is None else settings.seed)
        )
    elif settings.source == "folder" and (study.folder / str(settings.folder)).is_dir():
        captions = study.folder / settings.captions if settings.captions else None
        found = len(ImageFolder(study.folder / str(settings.folder), captions))
    else:
        return wanted
    if wanted is not None and wanted > found:
        raise InputError(f"{wanted} images asked for, but there are {found}; expected 1 to that many")
    return found if wanted is None else wanted


def _sentences(study: Study) -> int | None:
    text = study.text
    if text.source != "lines":
        return text.sentences
    file = study.folder / str(text.file)
    return len(read_corpus(file, text.sentences)) if file.is_file() else None
