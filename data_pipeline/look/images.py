"""The pictures of a look: files and folders as they were named, or drawn scenes.

The pipeline's own source of a folder is used: of pictures from several folders it gets the folder around
them all and a list of their paths. Nothing is copied.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from data_pipeline.errors import InputError, printable
from data_pipeline.folders import kind_of
from data_pipeline.image_sources import CAPTIONS_FILE, id_of_path, pictures_in
from data_pipeline.study import ImageSettings

_LISTING = "pictures.jsonl"


@dataclass(frozen=True)
class ChosenImages:
    """Images for a study, a title for readers, and a name for files; `count` None means all."""

    source: ImageSettings
    title: str
    name: str
    count: int | None = None
    files: tuple[Path, ...] = ()
    """What the images are read from; none for drawn scenes."""
    listing: str = ""
    """JSON Lines with the paths from the source's folder; empty where that holds nothing else."""
    repeated: tuple[str, ...] = ()
    """Names that were given more than once and are read once."""

    def settings(self, work: Path) -> ImageSettings:
        """The images as a study's; their list, if one is needed, is written into the folder `work`."""
        if not self.listing:
            return self.source
        (work / _LISTING).write_text(self.listing, encoding="ascii")
        return self.source.model_copy(update={"captions": str(work / _LISTING)})


def drawn_scenes(count: int) -> ChosenImages:
    """The first `count` toy scenes that no training has seen."""
    title = "One drawn scene" if count == 1 else f"{count} drawn scenes"
    name = "scene" if count == 1 else f"{count}-scenes"
    return ChosenImages(ImageSettings(source="toy-scenes", split="report"), title, name, count)


def choose_images(paths: Sequence[Path]) -> ChosenImages:
    """The pictures that `paths` name.

    Raises:
        InputError: nothing at a path, or a folder without a picture.
    """
    files, repeated = _files(paths)
    title, name = printable(paths[0].name), id_of_path(paths[0].name)
    if kind_of(paths[0]) == "folder":
        title = printable(paths[0].resolve().name) or "pictures"  # "." has no name
        name = id_of_path(f"{title}/").rstrip("_")
    if len(paths) == 1 and kind_of(paths[0]) == "folder":
        captions = [file for file in [paths[0] / CAPTIONS_FILE] if file.is_file()]
        source = ImageSettings(source="folder", folder=str(paths[0].resolve()))
        return ChosenImages(source, title, name, files=(*files, *captions))
    if len(files) > 1:
        title, name = f"{len(files)} pictures", f"{name}-and-{len(files) - 1}-more"
    around = _folder_around(files)
    rows = [{"file": os.path.relpath(real, around).replace(os.sep, "/")} for real in files.values()]
    names = [id_of_path(named.name) for named in files]
    if len(set(names)) == len(names):  # else the source makes ids of the whole paths
        rows = [row | {"id": name} for row, name in zip(rows, names, strict=True)]
    return ChosenImages(
        ImageSettings(source="folder", folder=str(around)),
        title,
        name,
        files=tuple(files),
        listing="".join(json.dumps(row) + "\n" for row in rows),
        repeated=tuple(repeated),
    )


def _files(paths: Sequence[Path]) -> tuple[dict[Path, Path], list[str]]:
    """Each file as it was named, with its real place; and the names of those that came again."""
    seen: dict[Path, Path] = {}  # by real place, as it was named
    repeated: list[str] = []
    for path in paths:
        for named in _at(path):
            real = named.resolve()
            if real in seen:
                repeated.append(printable(str(named)))
            seen.setdefault(real, named)
    return {named: real for real, named in seen.items()}, repeated


def _at(path: Path) -> list[Path]:
    if "\0" in str(path):
        raise InputError(f"{str(path)!r}: is no name of a file")
    kind = kind_of(path)
    if kind is None:
        raise InputError(f"{path}: no such image or folder")
    return [path / name for name in pictures_in(path)] if kind == "folder" else [path]


def _folder_around(files: dict[Path, Path]) -> Path:
    try:
        return Path(os.path.commonpath([real.parent for real in files.values()]))
    except ValueError as error:  # Windows: on several drives
        raise InputError("the pictures lie on several drives, expected them on one") from error
