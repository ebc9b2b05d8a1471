"""Which file of a published results folder holds which model, lens and vision layer.

Expected: `analysis_results/<lens folder>/<model folder…>/<file with its layer in the name>.json` and
`images/image_NNNN.jpg` beside `analysis_results`. Only names are looked at here, never contents.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from data_pipeline.errors import InputError
from data_pipeline.importers.vlens_json.checkpoints import Checkpoint, recognise
from data_pipeline.schema import LENSES, Lens

LENS_FOLDERS: dict[Lens, str] = {
    "embedding": "nearest_neighbors",
    "logit": "logit_lens",
    "contextual": "contextual_nearest_neighbors",
}
_FILE_NAMES: dict[Lens, re.Pattern[str]] = {
    "embedding": re.compile(r"nearest_neighbors.*layer(\d{1,4})(?!\d).*\.json"),
    "logit": re.compile(r"logit_lens.*layer(\d{1,4})(?!\d).*\.json"),
    # `…_visual0_contextual8…` holds one text layer only: a list of its own kind, not the merged one.
    "contextual": re.compile(r"contextual_neighbors_visual(\d{1,4})_allLayers.*\.json"),
}
_IMAGE_NAME = re.compile(r"image_(\d{1,9})\.(?:jpe?g|png|webp)", re.IGNORECASE)


@dataclass(frozen=True)
class LayerFile:
    """One JSON file: one lens of one model at one vision layer."""

    path: Path
    lens: Lens
    vision_layer: int


@dataclass
class ModelFiles:
    """Everything that was found for one model."""

    checkpoint: Checkpoint
    files: list[LayerFile] = field(default_factory=list)

    @property
    def vision_layers(self) -> tuple[int, ...]:
        """The union over the lenses, ascending."""
        return tuple(sorted({file.vision_layer for file in self.files}))


@dataclass
class Layout:
    """What an import will read: models in the order of the study, image files by number."""

    models: list[ModelFiles]
    images: dict[int, Path]
    unread: list[str]


def find_layout(folder: Path, only: Collection[str] = ()) -> Layout:
    """Look through `folder`; `only` keeps the models with these ids or folder names (empty: all).

    Raises:
        InputError: no such folder, nothing recognisable in it, an unknown model in `only`, or two files
            that claim the same place.
    """
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder, expected published results (analysis_results/, images/)")
    base = folder / "analysis_results" if (folder / "analysis_results").is_dir() else folder
    unread: list[str] = []
    models = _find_models(base, unread)
    if not models:
        wanted = ", ".join(f"{name}/MODEL/*.json" for name in LENS_FOLDERS.values())
        raise InputError(f"{folder}: no published results in it, expected analysis_results/ with {wanted}")
    kept = _keep(models, only, folder)
    kept.sort(key=lambda model: (model.checkpoint.order, model.checkpoint.model_id))
    return Layout(kept, _find_images(folder, base), unread)


def _find_models(base: Path, unread: list[str]) -> list[ModelFiles]:
    by_folder: dict[str, ModelFiles] = {}
    for lens in LENSES:
        lens_folder = base / LENS_FOLDERS[lens]
        for path in _json_files(lens_folder):
            name = path.parent.relative_to(lens_folder).as_posix()
            match = _FILE_NAMES[lens].fullmatch(path.name)
            if match is None or name == ".":
                unread.append(path.relative_to(base).as_posix())
                continue
            model = by_folder.setdefault(name, ModelFiles(recognise(name)))
            _add(model, LayerFile(path, lens, int(match.group(1))))
    _check_distinct(by_folder.values())
    return list(by_folder.values())


def _json_files(folder: Path) -> Iterator[Path]:
    if folder.is_dir():
        yield from sorted(path for path in folder.rglob("*.json") if path.is_file())


def _add(model: ModelFiles, file: LayerFile) -> None:
    for other in model.files:
        if (other.lens, other.vision_layer) == (file.lens, file.vision_layer):
            raise InputError(
                f"{file.path}: holds lens {file.lens}, layer {file.vision_layer} like {other.path.name}; "
                "expected one file of each layer"
            )
    model.files.append(file)


def _check_distinct(models: Collection[ModelFiles]) -> None:
    seen: dict[str, str] = {}
    for model in models:
        checkpoint = model.checkpoint
        if earlier := seen.get(checkpoint.model_id):
            raise InputError(
                f"folders {earlier!r} and {checkpoint.folder!r} both mean model {checkpoint.model_id!r}; "
                "expected one folder for each model"
            )
        seen[checkpoint.model_id] = checkpoint.folder


def _keep(models: list[ModelFiles], only: Collection[str], folder: Path) -> list[ModelFiles]:
    names = {name for model in models for name in (model.checkpoint.model_id, model.checkpoint.folder)}
    if strange := sorted(set(only) - names):
        known = ", ".join(sorted(model.checkpoint.model_id for model in models))
        raise InputError(f"{folder}: no model {strange[0]!r} in it, expected one of {known}")
    return [m for m in models if not only or {m.checkpoint.model_id, m.checkpoint.folder} & set(only)]


def _find_images(folder: Path, base: Path) -> dict[int, Path]:
    for candidate in (folder / "images", base.parent / "images"):
        if candidate.is_dir():
            return _image_files(candidate)
    raise InputError(f"{folder / 'images'}: no such folder, expected the canvases as image_NNNN.jpg")


def _image_files(folder: Path) -> dict[int, Path]:
    images: dict[int, Path] = {}
    for path in sorted(folder.iterdir()):
        match = _IMAGE_NAME.fullmatch(path.name)
        if match is None or not path.is_file():
            continue
        number = int(match.group(1))
        if number in images:
            raise InputError(f"{path}: is image {number} like {images[number].name}; expected one file")
        images[number] = path
    return images
