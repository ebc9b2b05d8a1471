"""One or a few images through one model: a study in memory, which then goes the way of every study."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from data_pipeline.errors import InputError
from data_pipeline.look.images import ChosenImages, choose_images, drawn_scenes
from data_pipeline.look.models import ChosenModel, check_takes_images, choose_model
from data_pipeline.look.records import is_taken, remember
from data_pipeline.look.texts import NO_INDEX, TextChoice, text_settings
from data_pipeline.progress import Progress, SilentProgress
from data_pipeline.schema import Lens
from data_pipeline.study import ImageSettings, JudgeSettings, LayerChoice, Study, TextSettings
from data_pipeline.user_cache import cache_folder

STUDY_ID = "look"
_DESCRIPTION = (
    "A look at a few images: it shows what the model does with them, and measures nothing about the model."
)
_DRAWINGS_ONLY = "have seen drawn scenes only: what they say of other pictures means little."
_IN_THE_TERMINAL = f"The toy models {_DRAWINGS_ONLY} --scenes 2 shows what they know."


@dataclass(frozen=True)
class Reading:
    """How a model is read; see the keys of a study file with the same names."""

    layers: LayerChoice = "all"
    top_k: int = 5
    prompt: str | None = None
    """The whole prompt with the image's placeholder, or a question for the chat template."""
    grid: tuple[int, int] | None = None
    dtype: str = "float32"


@dataclass(frozen=True)
class Look:
    """What is looked at, through which model, and how: settled, but nothing heavy loaded."""

    images: ChosenImages
    chosen: ChosenModel
    text: TextSettings | None
    reading: Reading
    notes: tuple[str, ...] = field(default=())
    """What the user should know beforehand, a line each."""

    @property
    def model_id(self) -> str:
        """The model's id."""
        return self.chosen.model.id

    @property
    def strange_to_model(self) -> bool:
        """Whether a toy model is shown pictures, which are unlike all that it has seen."""
        return self.chosen.toy and bool(self.images.files)

    @property
    def name(self) -> str:
        """A name for files: images and model."""
        return f"{self.images.name[:60]}--{self.model_id[:50]}"

    @property
    def lenses(self) -> tuple[Lens, ...]:
        """The lenses that are possible."""
        return ("embedding", "logit", "contextual") if self.text else ("embedding", "logit")

    @property
    def request(self) -> str:
        """Hash of all that was asked for."""
        asked = [self.study().model_dump(), self.images.listing, self.images.count]
        asked += [str(self.chosen.folder), self.reading.prompt]
        asked += [str(file.absolute()) for file in self.images.files]
        return hashlib.sha256(json.dumps(asked, sort_keys=True, default=str).encode()).hexdigest()

    @property
    def default_results(self) -> Path:
        """Where results are kept that the user wants nowhere else."""
        return cache_folder() / "looks" / f"{self.name}-{self.request[:12]}"

    @property
    def default_output(self) -> Path:
        """Where the page goes otherwise: another picture of the same name must not take its place."""
        return Path("looks") / f"{self.name}-{self.request[:6]}"

    def study(self, images: ImageSettings | None = None, **changes: Any) -> Study:
        """The study of this look; `changes` are to the model.

        Raises:
            InputError: layers or a prompt that no model can have.
        """
        chosen, reading = self.chosen, self.reading
        warning = f"Toy models {_DRAWINGS_ONLY}" if self.strange_to_model else ""
        own = {
            "grid": reading.grid or chosen.model.grid,
            "description": f"{chosen.model.description} {warning}".strip(),
        }
        model = chosen.model.model_copy(update={**own, **changes})
        try:
            return Study(
                id=STUDY_ID,
                title=self.images.title,
                description=f"{_DESCRIPTION} {warning}".strip(),
                lenses=self.lenses,
                top_k=reading.top_k,
                vision_layers=reading.layers,
                dtype=reading.dtype,  # type: ignore[arg-type]
                images=images or self.images.source,
                text=self.text or TextSettings(),
                judge=JudgeSettings(kind="none" if self.images.files else "annotations"),
                llm=(chosen.llm,) if chosen.llm else (),
                vision_encoder=(chosen.vision_encoder,) if chosen.vision_encoder else (),
                model=(model,),
                folder=chosen.folder,
            )
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            raise InputError(f"{first['loc'][0]}: {first['msg'].removeprefix('Value error, ')}") from error


def prepare(
    paths: Sequence[Path],
    model: str | None,
    *,
    study: str | Path | None = None,
    scenes: int | None = None,
    text: TextChoice | None = None,
    reading: Reading | None = None,
) -> Look:
    """Settle what is meant, without loading anything heavy; drawn scenes where there is no path.

    Raises:
        InputError: no such image, model, corpus or study, or what excludes each other.
    """
    reading, choice = reading or Reading(), text or TextChoice()
    if paths and scenes:
        raise InputError("drawn scenes (--scenes) and pictures exclude each other: give one of them")
    chosen = choose_model(model, study)
    if not paths and not scenes and not chosen.toy:
        raise InputError("no image: name pictures or a folder, or let --scenes 2 draw two scenes")
    _check_whole_model_only(chosen, reading)
    images = _images(paths, scenes)
    texts = text_settings(choice, chosen)
    notes = [f"{name} is named twice and read once" for name in images.repeated]
    if chosen.toy and images.files:
        notes.append(_IN_THE_TERMINAL)
    if texts is None:
        notes.append(NO_INDEX)
    look = Look(images, chosen, texts, reading, tuple(notes))
    look.study()  # what cannot be meant shows here
    return look


def _images(paths: Sequence[Path], scenes: int | None) -> ChosenImages:
    if not paths:
        return drawn_scenes(scenes or 1)
    return choose_images(paths)


def _check_whole_model_only(chosen: ChosenModel, reading: Reading) -> None:
    for name, value in (("--prompt", reading.prompt), ("--grid", reading.grid)):
        if value and chosen.model.vlm is None:
            raise InputError(
                f"{name} has no place with {chosen.model.id!r}: its connector was trained with a fixed one"
            )


def take(look: Look, results: Path, progress: Progress | None = None, command: str = "") -> None:
    """Compute a look into `results`; nothing is computed where they are this look's already.

    Args:
        look: what `prepare` settled.
        results: a new folder, or one with an earlier look.
        progress: who is told how far it is.
        command: what the user typed, for the record.

    Raises:
        InputError: the model cannot be loaded or read, no image can be used, or `results` is another study's.
    """
    progress = progress or SilentProgress()
    taken = is_taken(results, look.request)
    if not taken:
        check_takes_images(look.chosen)
    for note in look.notes:
        progress.say(note)
    if taken:
        return
    from data_pipeline.look.run import run_look  # torch, which a repeated look does without

    places = run_look(look, results, progress, command)
    remember(results, look.request, [*places, *look.images.files])
