"""Which folder holds which text layer, in which of the three layouts."""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from data_pipeline.errors import InputError
from data_pipeline.folders import kind_of
from data_pipeline.importers.latentlens.cache_files import read_cache
from data_pipeline.importers.latentlens.places import Places, Vectors
from data_pipeline.importers.latentlens.single_vectors import LIST_FILE, read_single_vectors
from data_pipeline.text_index.exporting import BEFORE_NORM, CACHE_FILE, METADATA_FILE

_LAYER = re.compile(r"layer_(\d{1,4})")
_FEWER = re.compile(r"embeddings_cache_max(\d{1,9})\.pt")


@dataclass(frozen=True)
class LayerFolder:
    """A text layer, and the file that lists its rows."""

    layer: int
    file: Path

    def read(self) -> tuple[Places, Vectors]:
        """Its rows and vectors; raises `InputError` for files that are damaged or something else."""
        if self.file.name == LIST_FILE:
            return read_single_vectors(self.file.parent)
        return read_cache(self.file)


@dataclass(frozen=True)
class Facts:
    """What metadata.json says, as far as there is one."""

    layers: tuple[int, ...] | None
    width: int | None
    model: str | None
    corpus: str | None
    before_norm: bool
    """Whether layer N, if it is there, is what leaves the last block; else its norm has been applied."""


def read_facts(folder: Path) -> Facts:
    """Of LatentLens's or the study's metadata.json; raises `InputError` for one that cannot be read."""
    path = folder / METADATA_FILE
    if not path.is_file():
        return Facts(None, None, None, None, False)
    try:
        content: Any = json.loads(path.read_text(encoding="utf-8"))
        layers = content.get("layers", content.get("layers_extracted"))
        width = content.get("hidden_dim")
        model, corpus = (str(content.get(name) or "") or None for name in ("model_name", "dataset"))
        return Facts(
            None if layers is None else tuple(sorted(map(int, layers))),
            None if width is None else int(width),
            model,
            corpus,
            content.get(BEFORE_NORM) is True,
        )
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise InputError(f"{path}: not the metadata of a text index ({error})") from error


def find_layers(folder: Path, facts: Facts, wanted: Collection[int] | None) -> list[LayerFolder]:
    """The text layers in `folder`, ascending; `wanted` None: all that its metadata or its folders name.

    Raises:
        InputError: no such folder, no layer in it, or a layer without its file.
    """
    if kind_of(folder) != "folder":
        raise InputError(f"{folder}: no such folder, expected one with layer_1, layer_2 and so on")
    there = {
        int(name[1]): path
        for path in folder.iterdir()
        if (name := _LAYER.fullmatch(path.name)) and path.is_dir()
    }
    names = set(there) if facts.layers is None else set(facts.layers)
    layers = sorted(names if wanted is None else wanted)
    if not layers:
        raise InputError(f"{folder}: no folder layer_N in it, expected a text index of LatentLens")
    found = []
    for layer in layers:
        if layer not in there:
            known = ", ".join(map(str, sorted(there))) or "none"
            raise InputError(f"{folder / f'layer_{layer}'}: missing; the layers that are there: {known}")
        found.append(LayerFolder(layer, _file_of(there[layer])))
    return found


def _file_of(folder: Path) -> Path:
    """The cache, else the largest cache of fewer contexts a token, else the list of single vectors."""
    names = [path.name for path in folder.iterdir()]
    fewer = {int(name[1]): name.string for name in map(_FEWER.fullmatch, names) if name}
    for candidate in (CACHE_FILE, fewer.get(max(fewer, default=0)), LIST_FILE):
        if candidate in names:
            return folder / str(candidate)
    raise InputError(f"{folder}: holds neither {CACHE_FILE} nor {LIST_FILE}")
