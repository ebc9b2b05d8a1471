"""What a study asks to be trained, checked from configuration files before any weight is loaded."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from data_pipeline.architectures import Architecture
from data_pipeline.connector_fit import check_connector_fits
from data_pipeline.connectors import ConnectorConfig
from data_pipeline.errors import InputError
from data_pipeline.folders import check_output_folder
from data_pipeline.framing import Framing
from data_pipeline.image_sources import ImageSource
from data_pipeline.language_models import is_language_model, load_tokenizer, model_config
from data_pipeline.locations import resolve, weights_hash
from data_pipeline.model_parts import framing_of
from data_pipeline.plan import image_source
from data_pipeline.study import ImageSettings, ModelSettings, Study, TrainingSettings
from data_pipeline.training.checkpoints import RECORD, read_record
from data_pipeline.training.image_fingerprint import fingerprint
from data_pipeline.training.names import STEP_FOLDER
from data_pipeline.training.settings import TrainingOptions

_FROM_THE_END = re.compile(r"N(-\d+)?")
_CLIP_TYPES = ("clip", "clip_vision_model")


@dataclass(frozen=True, eq=False)
class TrainingJob:
    """One connector to train, with everything resolved.

    `images` says, from `folder`, what `source` was made of; `llm_output` is where an unfrozen LLM goes.
    """

    model: ModelSettings
    settings: TrainingSettings
    dtype: str
    seed: int
    llm: Path
    encoder: Path
    image_size: int
    framing: Framing
    config: ConnectorConfig
    images: ImageSettings
    folder: Path
    source: ImageSource
    output: Path
    llm_output: Path | None

    @property
    def data_seed(self) -> int:
        """Of the order of images, and of what is drawn for each."""
        return self.seed if self.settings.data_seed is None else self.settings.data_seed

    @property
    def checkpoints(self) -> frozenset[int]:
        """Steps after which a checkpoint is written: regular ones, those named, those the study reads."""
        keys = self.settings
        regular = range(keys.checkpoint_every, keys.steps + 1, keys.checkpoint_every)
        return frozenset({*regular, *keys.checkpoint_steps, *self.model.steps, keys.steps})

    def record(self) -> dict[str, Any]:
        """What decides the outcome: settings, and hashes of what the training reads."""
        settings = self.settings.model_dump(mode="json", exclude={"images"})
        return {
            "model": self.model.id,
            "source": self.source.name,
            "settings": {**settings, "seed": self.seed, "data_seed": self.data_seed, "dtype": self.dtype},
            "inputs": {
                "llm": weights_hash(self.llm),
                "vision_encoder": weights_hash(self.encoder),
                **fingerprint(self.source, self.images, self.folder),
                "canvas": self.framing.recipe,
            },
        }


def training_job(study: Study, model_id: str, source: ImageSource | None = None) -> TrainingJob:
    """The training of a model's connector; `source` gives the study's training images where it is not None.

    Raises:
        InputError: there is no such model, it has no connector or no settings to train one, or something that
            it names is missing or does not fit.
    """
    try:
        return _job(study, model_id, source)
    except InputError as error:
        if study.file is None or str(error).startswith(str(study.file)):
            raise
        raise InputError(f"{study.file}: {error}") from error


def _job(study: Study, model_id: str, source: ImageSource | None) -> TrainingJob:
    model = model_to_train(study, model_id)
    settings = settings_of(study, model)
    output = _output(study, model, str(model.connector), "connector")
    llm_settings = study.llm_of(model)
    start = next((llm for llm in study.llm if llm.id == settings.unfreeze), llm_settings)
    llm, encoder = (resolve(path, study.folder) for path in (start.path, study.encoder_of(model).path))
    text, vision = model_config(llm), model_config(encoder)
    if not is_language_model(text.model_type):
        raise InputError(
            f"{llm}: LLM of type {text.model_type!r} is not known; expected a class of AutoModelForCausalLM "
            "that reads text alone"
        )
    framing = framing_of(study, model, Architecture(vision, "its config.json"))
    prefix = _first_text(llm) if settings.prefix is None else settings.prefix
    vision = getattr(vision, "vision_config", vision)
    config = connector_config(settings, str(llm), text, vision, framing, prefix)
    check_connector_fits(config, int(text.hidden_size), vision, model.id)
    llm_output = _output(study, model, llm_settings.path, "llm") if settings.unfreeze else None
    if llm_output:
        _check_llm_output(llm_output, model.id)
    return TrainingJob(
        model=model,
        settings=settings,
        dtype=study.dtype,
        seed=study.seed if settings.seed is None else settings.seed,
        llm=llm,
        encoder=encoder,
        image_size=framing.width,
        framing=framing,
        config=config,
        images=cast(ImageSettings, settings.images),  # `settings_of` sees to it
        folder=study.folder,
        source=source or image_source(study.model_copy(update={"images": settings.images})),
        output=output,
        llm_output=llm_output,
    )


def settings_of(study: Study, model: ModelSettings) -> TrainingSettings:
    """The model's training keys over those of the study.

    Raises:
        InputError: there are none, or none says which images are learned from.
    """
    if study.training is None and model.training is None:
        raise InputError(
            f"model {model.id!r}: has no settings to train its connector with; expected a table [training] "
            "in the study, or a key 'training' of the model"
        )
    tables = [table for table in (study.training, model.training) if table is not None]
    keys: dict[str, Any] = {}
    for table in tables:
        keys |= table.model_dump(exclude_unset=True)
    settings = TrainingSettings.model_validate(keys)
    if late := [step for step in (*settings.checkpoint_steps, *model.steps) if step > settings.steps]:
        raise InputError(
            f"model {model.id!r}: a checkpoint of step {late[0]} is asked for, but the training has "
            f"{settings.steps} steps"
        )
    if settings.images is None:
        raise InputError("training: key 'images' is missing, which says what the connector learns from")
    return settings


def model_to_train(study: Study, model_id: str) -> ModelSettings:
    """The model with this id; raises `InputError` where it has no connector of its own to train."""
    found = next((model for model in study.model if model.id == model_id), None)
    known = [model.id for model in study.model if not model.vlm and not _is_step(model)]
    if found is None:
        raise InputError(f"no model {model_id!r}, expected one of {', '.join(known) or 'none'}")
    if found.vlm:
        raise InputError(
            f"model {model_id!r}: is an off-the-shelf model, which has no connector to train; "
            f"expected one of {', '.join(known) or 'none'}"
        )
    if _is_step(found):
        raise InputError(f"model {model_id!r}: is a checkpoint of another model's training; train that one")
    return found


def _is_step(model: ModelSettings) -> bool:
    return bool(STEP_FOLDER.fullmatch(str(model.connector).rpartition("/")[2]))


def _output(study: Study, model: ModelSettings, location: str, what: str) -> Path:
    if problem := unwritable(location, what):
        raise InputError(f"model {model.id!r}: {problem}")
    folder = study.folder / location
    check_output_folder(folder, f"the {what}")
    return folder


def unwritable(location: str, what: str) -> str:
    """Why a training cannot write `what` there; empty where it can."""
    if not location.startswith(("toy:", "hub:")):
        return ""
    return (
        f"its {what} is {location}, which cannot be written; to train it, give a folder in a study file of "
        "your own"
    )


def _check_llm_output(folder: Path, model_id: str) -> None:
    if not folder.is_dir() or not any(folder.iterdir()):
        return
    if (folder / RECORD).is_file() and read_record(folder / RECORD).get("model") == model_id:
        return
    raise InputError(f"{folder}: holds an LLM that this training did not write; name another folder")


def connector_config(
    settings: TrainingSettings, llm: str, text: Any, vision: Any, framing: Framing, prefix: str
) -> ConnectorConfig:
    """A connector between an LLM and an encoder with the configurations `text` and `vision`.

    Raises:
        InputError: encoder blocks that there are not, or a width that neither the LLM nor the settings name.
    """
    blocks = vision_blocks(settings, vision)
    linear = settings.kind == "linear"
    padding = settings.padding_embeddings
    return ConnectorConfig(
        kind=settings.kind,
        in_features=len(blocks) * int(vision.hidden_size),
        hidden_features=int(text.hidden_size) if linear else _hidden_features(settings, llm, text),
        out_features=int(text.hidden_size),
        vision_blocks=blocks,
        layer_norm_features=settings.normalize_features,
        output_scale=1.0,
        prefix=prefix,
        suffix=settings.text_after_image,
        padding_embeddings=framing.mode == "pad" if padding is None else padding,
        image_marks=settings.image_marks,
    )


def _hidden_features(settings: TrainingSettings, llm: str, text: Any) -> int:
    width = settings.hidden_features or getattr(text, "intermediate_size", None)
    if not isinstance(width, int):
        raise InputError(
            f"{llm}: its config.json has no one width of its MLPs, which the connector would take; give the "
            "key 'hidden_features'"
        )
    return width


def vision_blocks(settings: TrainingOptions, vision: Any) -> tuple[int, ...]:
    """Block numbers in the order given; the study's choice where none is."""
    depth = int(vision.num_hidden_layers)
    # The published study loads 23 of CLIP's 24 blocks and counts from the last of these.
    usual = ("N-2", "N-9") if vision.model_type in _CLIP_TYPES else ("N-1", "N-8")
    blocks = tuple(_block(name, depth) for name in settings.vision_blocks or usual)
    if min(blocks) < 0 or max(blocks) > depth:
        whose = "" if settings.vision_blocks else ", as in the published study"
        said = ", ".join(map(str, settings.vision_blocks or usual))
        raise InputError(
            f"training: vision_blocks are {said}{whose}, but the encoder has blocks 0 to {depth}; "
            "name those to read"
        )
    return blocks


def _block(name: int | str, depth: int) -> int:
    if isinstance(name, int):
        return name
    if not _FROM_THE_END.fullmatch(name):
        raise InputError(f"training: vision block {name!r}, expected a number from 0, or 'N', 'N-1', …")
    return depth + int(name[1:] or 0)


def _first_text(llm: Path) -> str:
    """The token that begins a text, or the one that ends it where there is none, as the study had it."""
    tokenizer = load_tokenizer(llm)
    token = tokenizer.bos_token or tokenizer.eos_token
    if token is None:
        raise InputError(f"{llm}: its tokenizer has neither a begin nor an end token; give the key 'prefix'")
    return str(token)
