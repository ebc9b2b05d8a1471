"""What a run will compute: every model with its folders, layers and hashes, before anything heavy is loaded.

A plan reads configuration files only. Whatever can be wrong with a study, such as a missing folder, an
unknown class or a layer that a model does not have, shows here, in the first second and not after hours.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from data_pipeline.connector_fit import check_connector_fits
from data_pipeline.connectors import read_connector_config
from data_pipeline.corpus import Corpus, everyday_sentences, read_corpus, toy_captions
from data_pipeline.dataset_files import dataset_files, parquet_files
from data_pipeline.errors import InputError
from data_pipeline.framing import Framing
from data_pipeline.image_sources import ImageFolder, ImageSource, SourceImage, ToyScenes
from data_pipeline.image_tables import Columns, ImageTable
from data_pipeline.language_models import TEXT_FAMILIES, is_language_model, loadable, model_config
from data_pipeline.locations import resolve, weights_hash
from data_pipeline.off_the_shelf import check_class
from data_pipeline.study import ModelSettings, Study, resolve_layers
from data_pipeline.text_index.stored import StoredIndex, corpus_of, find_index
from data_pipeline.training.step_rows import checkpoint_of, not_yet_trained

PIPELINE_VERSION = 3
"""Raised when the same study gives other numbers than before: earlier parts are then computed again."""

_HALF_PRECISION_VERSION = 2
"""The same for what studies in half precision alone compute otherwise."""

_IMAGES_KEPT = 256


@dataclass(frozen=True)
class ModelPlan:
    """One model: where its weights lie, what is read from it, and hashes of what the results depend on."""

    settings: ModelSettings
    position: int
    llm_id: str
    llm_title: str
    encoder_title: str
    connector_title: str
    folders: dict[str, Path]  # llm, vision_encoder and connector, or vlm
    framing: Framing | None  # None: the model's own processor makes the canvas
    num_layers: int
    hidden_size: int
    vocab_size: int
    vision_layers: tuple[int, ...]
    text_layers: tuple[int, ...]
    llm_hash: str
    weights_hash: str
    index: StoredIndex | None = None  # the text index that the study names, where it names one

    @property
    def id(self) -> str:
        """The model's id."""
        return self.settings.id

    @property
    def canvas_key(self) -> str:
        """Models with the same key see the same canvases."""
        return self.framing.recipe if self.framing else f"processor-{self.id}"


@dataclass(frozen=True)
class Waiting:
    """A model whose training has not come so far; its weights' folder and hash are of another checkpoint."""

    model: ModelPlan
    reason: str


@dataclass(frozen=True)
class Shard:
    """Some images of the study, computed together; `name` becomes part of file names."""

    name: str
    indices: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Plan:
    """A study with everything resolved."""

    study: Study
    source: ImageSource
    num_images: int
    models: tuple[ModelPlan, ...]
    corpus: Corpus | None
    waiting: tuple[Waiting, ...] = ()  # what the study has beside `models`, and cannot be computed yet
    refused: frozenset[int] = frozenset()  # images that cannot be used, known when a run has looked at all
    _images: dict[int, SourceImage] = field(default_factory=dict)

    @property
    def shards(self) -> list[Shard]:
        """All images in groups of the study's size; a group keeps its images when more are added."""
        size = self.study.images_per_part
        groups = [range(start, start + size) for start in range(0, self.num_images, size)]
        shards = [Shard(f"{number:05d}", self._usable(group)) for number, group in enumerate(groups)]
        return [shard for shard in shards if shard.indices]

    def _usable(self, indices: range) -> tuple[int, ...]:
        return tuple(index for index in indices if index < self.num_images and index not in self.refused)

    def image(self, index: int) -> SourceImage:
        """An image of the source, kept for the next model."""
        if index not in self._images:
            if len(self._images) >= _IMAGES_KEPT:
                del self._images[next(iter(self._images))]
            self._images[index] = self.source[index]
        return self._images[index]

    def images(self, shard: Shard | None = None) -> Iterator[SourceImage]:
        """The images of a shard, or of the whole study."""
        indices = shard.indices if shard else self._usable(range(self.num_images))
        return (self.image(index) for index in indices)

    @property
    def computing_order(self) -> list[ModelPlan]:
        """Models of one LLM after each other, so that it is loaded once."""
        llms = [model.llm_id for model in self.models]
        return sorted(self.models, key=lambda model: llms.index(model.llm_id))

    def capture_hash(self, model: ModelPlan) -> str:
        """Hash of what the hidden states and the lenses without text depend on, except the images."""
        framing: Any = model.framing.recipe if model.framing else model.settings.prompt
        if model.settings.grid or model.settings.remote_code:
            framing = [framing, model.settings.grid]
        if model.settings.remote_code:
            framing.append(model.settings.remote_code)
        if bounds := model.settings.pixel_bounds.stated:
            framing = [framing, bounds]
        reading = [model.vision_layers, self.study.top_k, self.study.dtype]
        if self.study.dtype != "float32":
            reading.append(_HALF_PRECISION_VERSION)
        return hash_of(PIPELINE_VERSION, model.id, model.weights_hash, framing, reading)

    def contextual_hash(self, model: ModelPlan) -> str:
        """Hash of what the contextual lens depends on, except the images."""
        return hash_of(
            self.capture_hash(model), model.llm_id, self.index_key(model), self.study.text.distinct
        )

    def index_key(self, model: ModelPlan) -> str:
        """Hash of what the text index of a model's LLM is made from, or of the one that is named."""
        if model.index:
            return hash_of("index", model.index.hash)
        corpus = self.corpus.hash if self.corpus else ""
        text = [model.text_layers, self.study.text.contexts_per_token, self.study.seed, self.study.dtype]
        return hash_of(PIPELINE_VERSION, model.llm_hash, corpus, text)

    def config_hash(self, model: ModelPlan) -> str:
        """Hash of all that a model's rows depend on, except the images."""
        settings = [self.study.stored_lenses, self.study.caption_tokens, self.study.seed]
        return hash_of(self.contextual_hash(model), settings, model.settings.model_dump())


def hash_of(*parts: Any) -> str:
    """16 hex digits of anything that JSON can write."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()[:16]


def make_plan(study: Study, num_images: int | None, ablations: bool) -> Plan:
    """Resolve a study; `num_images` None means all.

    Raises:
        InputError: a folder, class, layer, corpus or image that is not there, or too many images asked for;
            it begins with the study file.
    """
    try:
        return _plan(study, num_images, ablations)
    except InputError as error:
        if study.file is None or str(error).startswith(str(study.file)):
            raise
        raise InputError(f"{study.file}: {error}") from error


def _plan(study: Study, num_images: int | None, ablations: bool) -> Plan:
    source = image_source(study)
    count = _checked_count(num_images, source)
    hashes: dict[Path, str] = {}
    chosen = [(n, model) for n, model in enumerate(study.model) if ablations or model.group != "ablation"]
    if not chosen:
        raise InputError(f"study {study.id}: has nothing but ablations, and these are switched off")
    reasons = {model.id: not_yet_trained(study, model) for _, model in chosen}
    models = tuple(_model_plan(study, m, position, hashes) for position, m in chosen if not reasons[m.id])
    waiting = tuple(
        Waiting(_in_place_of(study, settings, position, models, hashes), reasons[settings.id])
        for position, settings in chosen
        if reasons[settings.id]
    )
    for model in models:
        _check_connector(model)
    corpus = _corpus(study, models) if "contextual" in study.lenses else None
    return Plan(study, source, count, models, corpus, waiting)


def image_source(study: Study) -> ImageSource:
    """The study's images; of a data set of the hub, whose files are downloaded, its split."""
    images = study.images
    if images.source == "toy-scenes":
        return ToyScenes(images.split, study.seed if images.seed is None else images.seed)
    if images.source in ("parquet", "hub-dataset"):
        return _image_table(study)
    captions = study.folder / images.captions if images.captions else None
    return ImageFolder(study.folder / str(images.folder), captions)


def _image_table(study: Study) -> ImageTable:
    images, location = study.images, str(study.images.path)
    if images.source == "parquet":
        files = parquet_files(study.folder / location)
    else:
        files = dataset_files(location, study.folder, images.split, images.subset)
    columns = Columns(images.image_column or Columns.image, images.caption_column, images.id_column)
    return ImageTable(location, files, columns, images.split)


def _checked_count(num_images: int | None, source: ImageSource) -> int:
    if num_images is None:
        return len(source)
    if not 0 < num_images <= len(source):
        raise InputError(
            f"{num_images} images asked for, but {source.name} has {len(source)}; expected 1 to that many"
        )
    return num_images


def _corpus(study: Study, models: tuple[ModelPlan, ...]) -> Corpus:
    text = study.text
    if text.source == "index":
        return corpus_of([model.index for model in models if model.index])
    if text.source == "lines":
        return read_corpus(study.folder / str(text.file), text.sentences)
    if text.source == "everyday":
        return everyday_sentences(text.sentences)
    return toy_captions(text.sentences, study.seed)


def _model_plan(study: Study, model: ModelSettings, position: int, hashes: dict[Path, str]) -> ModelPlan:
    names = ("vlm",) if model.vlm else ("llm", "vision_encoder", "connector")
    locations = {"vlm": model.vlm, "connector": model.connector}
    if not model.vlm:
        locations |= {"llm": study.llm_of(model).path, "vision_encoder": study.encoder_of(model).path}
    folders = {name: _resolved(str(locations[name]), study, model, name) for name in names}
    for folder in folders.values():
        hashes.setdefault(folder, weights_hash(folder) if folder not in hashes else "")
    config = model_config(folders["vlm" if model.vlm else "llm"], bool(model.remote_code))
    _check_class(config, model, folders)
    text = config.get_text_config() if model.vlm else config
    llm_hash = hashes[folders["vlm" if model.vlm else "llm"]]
    index = _index(study, model, llm_hash)
    return ModelPlan(
        settings=model,
        position=position,
        llm_id=model.id if model.vlm else study.llm_of(model).id,
        **_titles(study, model, config, folders),
        folders=folders,
        framing=None if model.vlm else _framing(study, model, folders["vision_encoder"]),
        num_layers=int(text.num_hidden_layers),
        hidden_size=int(text.hidden_size),
        vocab_size=int(text.vocab_size),
        vision_layers=resolve_layers(
            model.vision_layers or study.vision_layers,
            text.num_hidden_layers,
            f"model {model.id!r}: vision layer",
        ),
        text_layers=_text_layers(study, model, int(text.num_hidden_layers), index),
        llm_hash=llm_hash,
        weights_hash=hash_of([hashes[folder] for folder in folders.values()]),
        index=index,
    )


def _in_place_of(
    study: Study,
    settings: ModelSettings,
    position: int,
    models: tuple[ModelPlan, ...],
    hashes: dict[Path, str],
) -> ModelPlan:
    """What can be said of a model that is yet to be trained: all but weights is as in a checkpoint before it.

    Raises:
        InputError: its training has none yet that the study reads.
    """
    own = checkpoint_of(study, settings)
    trained = own.trained if own else settings
    for model in models:
        there = checkpoint_of(study, model.settings)
        if there and there.trained.id == trained.id:
            title = study.llm_of(settings).title
            return replace(model, settings=settings, position=position, llm_title=title)
    return _model_plan(study, settings, position, hashes)  # says what is missing


def _resolved(location: str, study: Study, model: ModelSettings, what: str) -> Path:
    try:
        return resolve(location, study.folder, bool(model.remote_code))
    except InputError as error:
        hint = "; vlens train makes it" if what == "connector" and study.training else ""
        raise InputError(f"model {model.id!r}, {what.replace('_', ' ')}: {error}{hint}") from error


def _index(study: Study, model: ModelSettings, llm_hash: str) -> StoredIndex | None:
    if "contextual" not in study.lenses or study.text.source != "index":
        return None
    return find_index(study.folder / str(study.text.index), llm_hash, model.id)


def _text_layers(
    study: Study, model: ModelSettings, num_layers: int, index: StoredIndex | None
) -> tuple[int, ...]:
    if "contextual" not in study.lenses:
        return ()
    if index:
        return index.origin.text_layers
    choice = model.text_layers or study.text.layers
    return resolve_layers(choice, num_layers, f"model {model.id!r}: text layer", start=1)


def _check_class(config: Any, model: ModelSettings, folders: dict[str, Path]) -> None:
    if model.vlm:
        return check_class(config.model_type, folders["vlm"], model.grid, model.pixel_bounds)
    if not is_language_model(config.model_type):
        folder, known = folders["llm"], ", ".join(sorted(TEXT_FAMILIES))
        raise InputError(
            f"{folder}: class {config.model_type!r} is not known, expected one of {known}, or another class "
            "of AutoModelForCausalLM"
        )


def _check_connector(model: ModelPlan) -> None:
    if not model.framing:
        return
    with loadable(model.folders["connector"]):
        connector = read_connector_config(model.folders["connector"])
    encoder = model_config(model.folders["vision_encoder"])
    check_connector_fits(connector, model.hidden_size, getattr(encoder, "vision_config", encoder), model.id)


def _titles(study: Study, model: ModelSettings, config: Any, folders: dict[str, Path]) -> dict[str, str]:
    if model.vlm:
        return {
            "llm_title": model.llm_title or str(config.get_text_config().model_type),
            "encoder_title": model.vision_encoder_title or _tower_title(config),
            "connector_title": f"its own ({config.model_type})",
        }
    with loadable(folders["connector"]):
        connector = read_connector_config(folders["connector"])
    kind = {"gated_mlp": "gated MLP"}.get(connector.kind, connector.kind)
    blocks = " and ".join(str(block) for block in connector.vision_blocks)
    return {
        "llm_title": study.llm_of(model).title,
        "encoder_title": study.encoder_of(model).title,
        "connector_title": f"{kind} on encoder block{'s' * (len(connector.vision_blocks) > 1)} {blocks}",
    }


def _tower_title(config: Any) -> str:
    tower = getattr(config, "vision_config", None)
    return str(getattr(tower, "model_type", "its own"))


def _framing(study: Study, model: ModelSettings, folder: Path) -> Framing:
    settings, config = study.encoder_of(model), model_config(folder)
    config = getattr(config, "vision_config", config)
    if not hasattr(config, "image_size") or not hasattr(config, "patch_size"):
        raise InputError(f"{folder}: class {config.model_type!r} is not a vision encoder with patches")
    side, patch = settings.image_size or config.image_size, config.patch_size
    return Framing(side, side, patch, patch, settings.canvas, settings.interpolation)
