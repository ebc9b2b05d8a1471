"""Study files: TOML in, frozen settings out.

A study names images, a text corpus, lenses and models. Everything is checked at the door: an unknown key, an
id that names nothing or a path that cannot be meant is one line that says where it is. Layers are checked
against the models themselves when a run is planned, as a study file does not say how deep a model is.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from data_pipeline.errors import InputError
from data_pipeline.folders import kind_of
from data_pipeline.framing import Interpolation, ResizeMode
from data_pipeline.schema import GROUPS, LENSES, PERCENTILE_LENS, Lens, check_id
from data_pipeline.training.settings import (
    Count,
    CountFrom0,
    TrainingOptions,
    WholeNumber,
    training_problems,
)
from data_pipeline.training.step_rows import with_step_rows
from data_pipeline.vlm_families.pixel_bounds import PixelBounds

_HUB_NAME = re.compile(r"hub:[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*(@[\w./-]+)?")
_PINNED_CODE = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*@[0-9a-f]{40}")
# Each piece begins with a letter or figure: no "..", nothing absolute.
_TOY_NAME = re.compile(r"toy:[A-Za-z0-9][\w.-]*(/[A-Za-z0-9][\w.-]*)*")
_PLAIN_NAME = r"^[A-Za-z0-9][\w.+-]*$"
_COLUMNS = ("image_column", "caption_column", "id_column")
_IMAGE_KEYS = {  # the first is needed, but for toy-scenes
    "toy-scenes": ("split", "seed"),
    "folder": ("folder", "captions"),
    "parquet": ("path", *_COLUMNS),
    "hub-dataset": ("path", "split", "subset", *_COLUMNS),
}
_FROM_THE_END = re.compile(r"N(-[0-9]+)?")


def _id(value: str) -> str:
    try:
        return check_id(value, "id")
    except InputError as error:
        raise ValueError(str(error)) from error


def _location(value: str) -> str:
    if value.startswith("hub:") and not _HUB_NAME.fullmatch(value):
        raise ValueError(f"{value!r} is not like hub:organisation/name")
    if value.startswith("toy:") and not _TOY_NAME.fullmatch(value):
        raise ValueError(f"{value!r} is not like toy:connectors/olmo-clip")
    return value


def _pinned(value: str | None) -> str | None:
    if value is not None and not _PINNED_CODE.fullmatch(value):
        raise ValueError("expected ORGANISATION/NAME@COMMIT, the commit in all its 40 hex digits")
    return value


def _layers(value: Any) -> Any:
    """Checked before the types: of a choice between types pydantic would complain about the first."""
    if value == "all":
        return value
    if not isinstance(value, list | tuple) or not value:
        raise ValueError("expected 'all' or a list of layers")
    for layer in value:
        is_number = isinstance(layer, int) and not isinstance(layer, bool)
        if is_number and layer < 0:
            raise ValueError(
                f"{layer} is below 0; layers from the end are written 'N-1', N being the last block's output"
            )
        if not is_number and not (isinstance(layer, str) and _FROM_THE_END.fullmatch(layer)):
            raise ValueError(f"{layer!r} is not a layer, expected a number from 0, or 'N', 'N-1', …")
    return tuple(value)


def _dtype(value: Any) -> Any:
    """Half precision is refused with its reason, which a list of choices would not say."""
    if value in ("float16", "fp16", "half"):
        raise ValueError(
            "hidden states of some models exceed the range of float16 (65504); use 'bfloat16' or 'float32'"
        )
    return value


Id = Annotated[str, AfterValidator(_id)]
Location = Annotated[str, AfterValidator(_location)]
LayerChoice = Annotated[Literal["all"] | tuple[int | str, ...], BeforeValidator(_layers)]
Precision = Annotated[Literal["float32", "bfloat16"], BeforeValidator(_dtype)]


class _Settings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=False)


class ImageSettings(_Settings):
    """Where the images come from."""

    source: Literal["toy-scenes", "folder", "parquet", "hub-dataset"]
    split: Annotated[str | None, Field(pattern=_PLAIN_NAME)] = None
    """toy-scenes: which scenes; report, the default, has those that no choice was made on.
    hub-dataset: train is the default."""
    seed: WholeNumber | None = None
    """toy-scenes: seed of the drawing; the study's seed where missing."""
    folder: str | None = None
    captions: str | None = None
    """folder: CSV or JSON Lines with `file` and `caption`; see `image_sources.ImageFolder`."""
    path: Location | None = None
    """parquet: a file or folder. hub-dataset: `hub:…`, or a folder; see `dataset_files`."""
    subset: Annotated[str | None, Field(pattern=_PLAIN_NAME)] = None
    """hub-dataset: which one, of a data set that has several."""
    image_column: str | None = None
    caption_column: str | None = None
    id_column: str | None = None
    """parquet and hub-dataset: see `image_tables.Columns`."""


class TextSettings(_Settings):
    """What the contextual lens searches."""

    source: Literal["toy-captions", "everyday", "lines", "index"] = "toy-captions"
    file: str | None = None
    """lines: UTF-8 text, one sentence a line."""
    index: str | None = None
    """index: a text index that was built before, or results that have one; see `stored_indexes`."""
    sentences: Count = 2000
    """At most this many sentences are read."""
    layers: LayerChoice = "all"
    contexts_per_token: Count = 50
    """How many contexts of one token are kept."""
    distinct: Literal["context", "word"] = "context"
    """What may come only once among a cell's neighbours: a place in a sentence, or a word."""
    percentile: bool = True
    """Whether LN-Lens's ranking by percentile is stored too."""


class JudgeSettings(_Settings):
    """Who judges: the regions of the images' annotations, or nobody."""

    kind: Literal["annotations", "none"] = "annotations"


class LLMSettings(_Settings):
    """A language model."""

    id: Id
    title: str
    path: Location


class VisionEncoderSettings(_Settings):
    """A vision encoder, and how images are fitted to its canvas."""

    id: Id
    title: str
    path: Location
    canvas: ResizeMode = "squash"
    interpolation: Interpolation = "bilinear"
    image_size: Count | None = None
    """Side of the canvas in pixels, where it is not the encoder's own."""


class TrainingSettings(TrainingOptions):
    """How connectors are trained, and from which images; a model's own keys count before the study's."""

    images: ImageSettings | None = None


class ModelSettings(_Settings):
    """A vision-language model: an LLM, an encoder and a connector, or a `vlm` of a class in transformers."""

    id: Id
    title: str
    group: Literal["main", "ablation", "off_the_shelf"] = "main"
    description: str = ""
    baseline: Id | None = None
    llm: Id | None = None
    vision_encoder: Id | None = None
    connector: Location | None = None
    vlm: Location | None = None
    vision_encoder_title: str | None = None
    """vlm: name of its vision encoder, as there is no [[vision_encoder]] to take it from."""
    llm_title: str | None = None
    """vlm: name of its language model."""
    prompt: str | None = None
    """vlm: the whole prompt, the image's placeholder included; the chat template's where missing."""
    grid: tuple[Count, Count] | None = None
    """vlm: rows and columns of its image tokens, for a class that V-Lens does not know by itself."""
    min_pixels: Count | None = Field(default=None, exclude=True)
    max_pixels: Count | None = Field(default=None, exclude=True)
    """vlm: bounds of a canvas of any size, as Qwen-VL has it; its image processor's where missing."""
    remote_code: Annotated[str | None, AfterValidator(_pinned)] = None
    """vlm: ORGANISATION/NAME@COMMIT of the hub, whose code may be run; see `remote_code`."""
    vision_layers: LayerChoice | None = None
    """The study's choice where missing."""
    text_layers: LayerChoice | None = Field(default=None, exclude=True)
    """Those of `[text]` where missing; models of one LLM share its text index. Hashed with the index."""
    training: TrainingSettings | None = Field(default=None, exclude=True)
    """What of the study's training is otherwise for this model; results do not depend on it."""
    steps: tuple[CountFrom0, ...] = Field(default=(), exclude=True)
    """Checkpoints of its training that are read too, each as a model; see `training.step_rows`."""

    @property
    def pixel_bounds(self) -> PixelBounds:
        """`min_pixels` and `max_pixels`."""
        return PixelBounds(self.min_pixels, self.max_pixels)


class Study(_Settings):
    """A whole study file."""

    id: Id
    title: str
    description: str = ""
    chance_note: str = ""
    """Said beside every chance level on the pages."""
    seed: WholeNumber = 0
    lenses: Annotated[tuple[Lens, ...], Field(min_length=1)] = LENSES
    top_k: Annotated[Count, Field(le=100)] = 5
    vision_layers: LayerChoice = "all"
    dtype: Precision = "float32"
    caption_tokens: Count = 48
    """Longest caption that a model may write."""
    images_per_part: Count = 10
    """How many images are computed and stored at a time; a killed run loses at most these."""
    images: ImageSettings
    text: TextSettings = TextSettings()
    judge: JudgeSettings = JudgeSettings()
    llm: tuple[LLMSettings, ...] = ()
    vision_encoder: tuple[VisionEncoderSettings, ...] = ()
    model: Annotated[tuple[ModelSettings, ...], Field(min_length=1)]
    training: TrainingSettings | None = None
    folder: Path = Field(default=Path(), exclude=True)
    """Folder of the study file: relative paths start there. Not a key of the file."""
    file: Path | None = Field(default=None, exclude=True)
    """The study file, as it was given: errors begin with it. Not a key of the file."""

    def llm_of(self, model: ModelSettings) -> LLMSettings:
        """The language model of a composed model."""
        return next(llm for llm in self.llm if llm.id == model.llm)

    def encoder_of(self, model: ModelSettings) -> VisionEncoderSettings:
        """The vision encoder of a composed model."""
        return next(encoder for encoder in self.vision_encoder if encoder.id == model.vision_encoder)

    @property
    def stored_lenses(self) -> tuple[str, ...]:
        """The lenses that rows are stored of: LN-Lens in both rankings."""
        both = self.text.percentile and "contextual" in self.lenses
        return (*self.lenses, PERCENTILE_LENS) if both else self.lenses

    @property
    def baseline_model_id(self) -> str | None:
        """The model that most ablations are compared with; None where there are none."""
        baselines = [model.baseline for model in self.model if model.baseline]
        return max(baselines, key=baselines.count) if baselines else None


def load_study(path_or_name: str | Path) -> Study:
    """Read a study file, or one of the shipped studies by its name.

    Raises:
        InputError: no such file, not TOML, or a setting that cannot be meant; the line names it.
    """
    path = find_study(path_or_name)
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"{path}: not a TOML file ({error})") from error
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from error
    return parse_study(content, path)


def parse_study(content: dict[str, Any], source: Path) -> Study:
    """Check the content of a study file; `source` is named in errors; relative paths start at its folder."""
    for key in ("folder", "file"):
        if key in content:
            raise InputError(f"{source}: unknown key {key!r}; known: {_known(Study)}")
    try:
        study = Study.model_validate({**content, "folder": source.parent.resolve(), "file": source})
    except ValidationError as error:
        raise InputError(f"{source}: {_first_problem(error)}") from error
    study = with_step_rows(study)
    for problem in _problems(study):
        raise InputError(f"{source}: {problem}")
    return study


def find_study(path_or_name: str | Path) -> Path:
    """The file of a study given by path, or by name among those that come with V-Lens."""
    path = Path(path_or_name)
    kind = kind_of(path)
    if path.suffix == ".toml" or path.parent != Path():
        if kind == "folder":
            raise InputError(f"{path}: is a folder, expected a study file")
        if kind is None:
            raise InputError(f"{path}: no such study file")
        return path
    here = Path(__file__).parent
    folders = [here / "studies", here.parent / "studies"]  # installed; in a checkout
    shipped = {
        file.stem: file for folder in folders if folder.is_dir() for file in sorted(folder.glob("*.toml"))
    }
    if path.name not in shipped:
        if kind:
            raise InputError(f"{path}: is a {kind}, expected a study file, whose name ends in .toml")
        raise InputError(
            f"study {str(path)!r}: not a .toml file, nor one of those shipped: {', '.join(shipped)}"
        )
    return shipped[path.name]


def _first_problem(error: ValidationError) -> str:
    """One line for the first thing that is wrong, with its place as a reader of TOML would say it."""
    first = error.errors(include_url=False)[0]
    place = _place(first["loc"])
    if first["type"] == "extra_forbidden":
        known = _known(_class_at(first["loc"]))
        return f"unknown key {first['loc'][-1]!r}{_inside(first['loc'][:-1])}; known: {known}"
    if first["type"] == "missing":
        return f"key {first['loc'][-1]!r} is missing{_inside(first['loc'][:-1])}"
    if first["loc"] == ("lenses",):
        return f"lenses: expected a list of one or more of {', '.join(LENSES)} (found {first['input']!r})"
    if first["loc"] and first["loc"][0] == "lenses":
        return f"unknown lens {first['input']!r}, expected one of {', '.join(LENSES)}"
    if first["type"] == "tuple_type":
        return f"{place}: expected a list, in TOML one [[{place}]] for each (found {first['input']!r})"
    return f"{place}: {first['msg'].removeprefix('Value error, ')} (found {first['input']!r})"


def _inside(location: tuple[int | str, ...]) -> str:
    return f" in {_place(location)}" if location else ""


def _place(location: tuple[int | str, ...]) -> str:
    parts: list[str] = []
    for step in location:
        if isinstance(step, int) and parts:
            parts[-1] += f" number {step + 1}"
        elif not str(step).startswith(("tuple[", "literal[", "function-", "constrained", "int", "str")):
            parts.append(str(step))
    return ", ".join(parts)


def _class_at(location: tuple[int | str, ...]) -> type[BaseModel]:
    if "training" in location[:-1]:
        return ImageSettings if "images" in location[:-1] else TrainingSettings
    classes: dict[str, type[_Settings]] = {
        "images": ImageSettings,
        "text": TextSettings,
        "judge": JudgeSettings,
        "llm": LLMSettings,
        "vision_encoder": VisionEncoderSettings,
        "model": ModelSettings,
    }
    return classes.get(str(location[0]), Study) if len(location) > 1 else Study


def _not_keys(settings: type[BaseModel]) -> tuple[str, ...]:
    return ("folder", "file") if settings is Study else ()


def _known(settings: type[BaseModel]) -> str:
    return ", ".join(name for name in settings.model_fields if name not in _not_keys(settings))


def _problems(study: Study) -> list[str]:
    """What the types cannot say, in the order of the file."""
    problems = [f"lens {lens!r} is named twice" for lens in set(study.lenses) if study.lenses.count(lens) > 1]
    problems += _image_problems(study.images)
    for training in (study.training, *(model.training for model in study.model)):
        found = _image_problems(training.images) if training and training.images else []
        problems += [f"training, {problem}" for problem in found]
    problems += training_problems(study)
    problems += _text_problems(study.text)
    problems += _text_layer_problems(study)
    for kind, entries in (
        ("llm", study.llm),
        ("vision_encoder", study.vision_encoder),
        ("model", study.model),
    ):
        ids = [entry.id for entry in entries]
        problems += [
            f"{kind} id {name!r} is used twice" for name in dict.fromkeys(ids) if ids.count(name) > 1
        ]
    names: dict[str, str] = {}
    for model in study.model:
        other = names.setdefault(model.id.lower(), model.id)
        if other != model.id:
            problems.append(f"model ids {other!r} and {model.id!r} differ in case only and name one file")
    for model in study.model:
        problems += [f"model {model.id!r}: {problem}" for problem in _model_problems(study, model)]
    return problems


def _image_problems(images: ImageSettings) -> list[str]:
    keys = _IMAGE_KEYS[images.source]
    problems = []
    if images.source != "toy-scenes" and not getattr(images, keys[0]):
        problems.append(f"images: source {images.source!r} needs the key {keys[0]!r}")
    given = images.model_dump(exclude_none=True).keys() - {"source"}
    problems += [
        f"images: key {key!r} has no place with source {images.source!r}" for key in sorted(given - set(keys))
    ]
    if images.source == "parquet" and (images.path or "").startswith("hub:"):
        problems.append("images: a data set of the hub is source 'hub-dataset'")
    return problems


def _text_problems(text: TextSettings) -> list[str]:
    needed = {"lines": "file", "index": "index"}
    problems = [
        f"text: source {source!r} needs the key {key!r}"
        for source, key in needed.items()
        if text.source == source and not getattr(text, key)
    ]
    built = {"sentences", "layers", "contexts_per_token"} if text.source == "index" else {"index"}
    problems += [
        f"text: key {key!r} has no place with source {text.source!r}"
        for key in sorted(text.model_fields_set & built)
    ]
    return problems


def _text_layer_problems(study: Study) -> list[str]:
    """An LLM reads the corpus once, for all models that have it."""
    problems, first = [], dict[str, ModelSettings]()
    for model in study.model:
        if model.text_layers and study.text.source == "index":
            problems.append(f"model {model.id!r}: key 'text_layers' has no place with text source 'index'")
        other = first.setdefault(str(model.llm), model)
        if model.llm and other.text_layers != model.text_layers:
            problems.append(
                f"models {other.id!r} and {model.id!r} share the text index of llm {model.llm!r}, but name "
                "other 'text_layers'; give both the same"
            )
    return problems


def _model_problems(study: Study, model: ModelSettings) -> list[str]:
    composed = {"llm": model.llm, "vision_encoder": model.vision_encoder, "connector": model.connector}
    problems = []
    if model.vlm:
        problems += [f"key {key!r} has no place beside 'vlm'" for key, value in composed.items() if value]
    else:
        problems += [f"key {key!r} is missing (or 'vlm')" for key, value in composed.items() if not value]
        only_vlm: dict[str, Any] = {"prompt": model.prompt, "llm_title": model.llm_title}
        only_vlm["vision_encoder_title"] = model.vision_encoder_title
        only_vlm |= {"grid": model.grid, "remote_code": model.remote_code, **model.pixel_bounds.stated}
        problems += [f"key {key!r} is only for a 'vlm'" for key, value in only_vlm.items() if value]
    if model.vlm and model.remote_code and model.vlm != f"hub:{model.remote_code}":
        problems.append(
            f"remote_code = {model.remote_code!r} needs vlm = 'hub:{model.remote_code}', as only code of the "
            "model's own repository is run"
        )
    for kind, wanted, entries in (
        ("llm", model.llm, study.llm),
        ("vision_encoder", model.vision_encoder, study.vision_encoder),
    ):
        if wanted and wanted not in {entry.id for entry in entries}:
            known = ", ".join(entry.id for entry in entries) or "none"
            problems.append(f"unknown {kind} {wanted!r}, expected one of {known}")
    others = [other.id for other in study.model if other.id != model.id]
    if model.baseline and model.baseline not in others:
        problems.append(f"unknown baseline {model.baseline!r}, expected one of {', '.join(others) or 'none'}")
    if model.group == "ablation" and not model.baseline:
        problems.append("an ablation needs the key 'baseline'")
    return problems


def resolve_layers(choice: LayerChoice, num_layers: int, what: str, start: int = 0) -> tuple[int, ...]:
    """Layer numbers, ascending, of a choice for an LLM of `num_layers` blocks; "all" begins at `start`.

    Raises:
        InputError: a layer that the LLM does not have; `what` is named.
    """
    if choice == "all":
        return tuple(range(start, num_layers + 1))
    numbers = {num_layers + int(name[1:] or 0) if isinstance(name, str) else name for name in choice}
    for number in sorted(numbers):
        if not 0 <= number <= num_layers:
            raise InputError(
                f"{what} {number} does not exist: the LLM has {num_layers} blocks, so 0 to {num_layers}"
            )
    return tuple(sorted(numbers))


assert set(GROUPS) == {"main", "ablation", "off_the_shelf"}  # noqa: S101  # the literal above repeats the contract
