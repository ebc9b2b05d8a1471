"""Which model a look is meant to go through: a toy's id, a folder, a name on the Hub, or a study's model.

What is not a vision-language model is refused from its config.json alone, before gigabytes are loaded.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from data_pipeline.errors import InputError
from data_pipeline.folders import kind_of
from data_pipeline.image_sources import id_of_path
from data_pipeline.study import (
    LLMSettings,
    ModelSettings,
    Study,
    TextSettings,
    VisionEncoderSettings,
    load_study,
)

TOY_STUDY = "toy"
_HUB_NAME = re.compile(r"(hub:)?([A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*(@[\w./-]+)?)")

_NEEDED_FILES = {
    "tokenizer": ("tokenizer.json", "tokenizer.model", "vocab.json", "vocab.txt"),
    "image processor": ("preprocessor_config.json", "processor_config.json"),
}


@dataclass(frozen=True)
class ChosenModel:
    """A model by itself, its parts, and where relative paths in it start."""

    model: ModelSettings
    llm: LLMSettings | None
    vision_encoder: VisionEncoderSettings | None
    folder: Path
    text: TextSettings | None = None
    """The study's corpus, where it is one of a study."""
    toy: bool = False
    said: str = ""
    """What the user called it, where no study describes it."""


def choose_model(name: str | None, study: str | Path | None = None) -> ChosenModel:
    """The model that `name` means; of a `study`, one of its models, or its only one for None.

    Raises:
        InputError: no such model; the line lists the toy models, or the study's, and what is like the name.
    """
    if study is not None:
        return _of_study(load_study(study), name, str(study))
    toys = load_study(TOY_STUDY)
    if not name:
        raise InputError(
            "say which model with --model: a folder of a vision-language model, its name on the Hugging Face "
            f"Hub (such as HuggingFaceTB/SmolVLM-256M-Instruct), or a toy model: {_ids(toys)}"
        )
    toy = _toy_named(name, toys)
    if toy and kind_of(Path(name) / "config.json"):
        raise InputError(
            f"{name!r} is a toy model and a folder here: write toy:{name} for the one, ./{name} for the other"
        )
    if toy:
        return _alone(toys, toy)
    if (kind := kind_of(Path(name))) is not None:
        return _of_folder(Path(name), kind)
    if found := _HUB_NAME.fullmatch(name):
        return _whole(f"hub:{found[2]}", found[2].partition("@")[0].rpartition("/")[2], name)
    raise InputError(
        f"unknown model {name!r}{_like(name, toys)}: no such folder, not like ORGANISATION/NAME on the Hub, "
        f"and no toy model; these are {_ids(toys)}"
    )


def _of_study(study: Study, name: str | None, said: str) -> ChosenModel:
    if name is None and len(study.model) == 1:
        return _alone(study, study.model[0])
    if name is None:
        raise InputError(f"study {said} has several models, say which with --model: {_ids(study)}")
    for model in study.model:
        if model.id == name:
            return _alone(study, model)
    raise InputError(f"study {said} has no model {name!r}{_like(name, study)}; it has {_ids(study)}")


def _toy_named(name: str, toys: Study) -> ModelSettings | None:
    """By its id, `toy:` and its id, or the place of the weights that no other toy model has."""
    for model in toys.model:
        if name in (model.id, f"toy:{model.id}", model.vlm, model.connector):
            return model
    return None


def _alone(study: Study, model: ModelSettings) -> ChosenModel:
    """A study's model without the study: an ablation has nothing to be compared with."""
    whole = model.vlm is not None
    group = "off_the_shelf" if model.group == "off_the_shelf" else "main"
    return ChosenModel(
        model.model_copy(update={"group": group, "baseline": None, "vision_layers": None}),
        None if whole else study.llm_of(model),
        None if whole else study.encoder_of(model),
        study.folder,
        study.text,
        toy=study.id == TOY_STUDY,
    )


def _of_folder(folder: Path, kind: str) -> ChosenModel:
    if kind != "folder":
        raise InputError(f"{folder}: is a file, expected a folder of a model, as save_pretrained writes it")
    if not (folder / "config.json").is_file():
        raise InputError(f"{folder}: no config.json in it, expected a model saved by save_pretrained")
    place = folder.resolve()
    return _whole(str(place), place.name, str(folder))


def _whole(location: str, title: str, said: str) -> ChosenModel:
    model_id = id_of_path(f"{title}/").rstrip("_")  # a folder's: what follows a dot is no suffix
    model = ModelSettings(id=model_id, title=title, group="off_the_shelf", vlm=location)
    return ChosenModel(model, None, None, Path(), said=said)


def check_takes_images(chosen: ChosenModel) -> None:
    """Refuse a model without eyes by its config.json alone, which of a model on the Hub is fetched first.

    Raises:
        InputError: its class is none that reads images and writes text, or the Hub cannot give it.
    """
    if chosen.model.vlm is None or not chosen.said:
        return
    # Imported here as they import transformers, which a repeated look does without.
    from data_pipeline.language_models import TEXT_FAMILIES, model_type
    from data_pipeline.locations import snapshot
    from data_pipeline.vlm_families.known import is_loadable_class

    location, said = chosen.model.vlm, chosen.said
    folder = Path(location)
    if location.startswith("hub:"):
        try:
            folder = snapshot(location.removeprefix("hub:"), ["config.json"])
        except InputError as error:
            raise InputError(f"{said}: no such folder here, and {error}") from error
    kind = model_type(folder)
    if is_loadable_class(kind):
        return None if location.startswith("hub:") else _check_files(folder, said)
    if kind in TEXT_FAMILIES:
        raise InputError(
            f"{said}: class {kind!r} is a language model that takes no images; a study file joins it to a "
            "vision encoder by a connector"
        )
    raise InputError(
        f"{said}: class {kind!r} does not read images and write text, expected a vision-language model"
    )


def _check_files(folder: Path, said: str) -> None:
    """Refuse a folder of weights alone; the library's own words for it name no file."""
    for what, names in _NEEDED_FILES.items():
        if not any((folder / name).is_file() for name in names):
            raise InputError(f"{said}: no {what} in it (looked for {', '.join(names)})")


def _ids(study: Study) -> str:
    return ", ".join(model.id for model in study.model)


def _like(name: str, study: Study) -> str:
    close = get_close_matches(name.removeprefix("toy:"), [model.id for model in study.model], 2)
    return f", did you mean {' or '.join(close)}" if close else ""
