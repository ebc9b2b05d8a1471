"""One published JSON file, of either shape, as the same records.

Shape A keeps patches in chunks, under `splits.<split>.images[]` (embedding lens) or `results[]` (the
others); shape B keeps them flat in `results[].patches[]`. `cell` is the patch's row-major number.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from data_pipeline.errors import InputError
from data_pipeline.importers.vlens_json.layout import LayerFile
from data_pipeline.importers.vlens_json.nodes import Node
from data_pipeline.schema import Lens

_LIST_KEYS: dict[Lens, tuple[str, ...]] = {  # the second name is that of older files
    "embedding": ("nearest_neighbors", "top_neighbors"),
    "logit": ("top_predictions",),
    "contextual": ("nearest_contextual_neighbors",),
}
_SCORE_KEYS: dict[Lens, str] = {"embedding": "similarity", "logit": "logit", "contextual": "similarity"}
_LAYER_KEYS = ("visual_layer", "layer_idx", "layer", "llm_layer")
_MODEL_KEYS = ("model_name", "model", "checkpoint")
_LARGEST_INTEGER = 2**31 - 1
_DEEPEST_LAYER = 1000


class Neighbor(NamedTuple):
    """One entry of a top-k list; what the file does not say is None."""

    token: str
    token_id: int | None
    score: float
    text_layer: int | None
    sentence: str | None
    position: int | None


@dataclass
class ImageLists:
    """The lists of one image: `cells[c]` belongs to cell c, best first; `grid` is (rows, cols) if stated."""

    number: int
    cells: list[list[Neighbor]]
    grid: tuple[int, int] | None
    caption: str | None
    generated_caption: str | None


@dataclass
class LayerLists:
    """Everything that is kept of one file."""

    images: list[ImageLists]
    model_name: str | None
    split: str | None
    text_layers: set[int]


def read_layer_file(file: LayerFile, content: bytes) -> LayerLists:
    """Translate the bytes of one file.

    Raises:
        InputError: not JSON, another shape, another layer than the file's name says, cells missing or
            there twice, or a score that is not finite; file, image and patch are named.
    """
    document = _parse(file, content)
    _check_layer(document, file)
    split, entries = _image_entries(document)
    images = [_image(entry, file.lens) for entry in entries]
    if not images:
        raise document.fail("no images in it, expected at least one")
    _check_distinct((image.number for image in images), document, "image_idx")
    names = (document.value[key] for key in _MODEL_KEYS if isinstance(document.value.get(key), str))
    text_layers = _text_layers(document, images) if file.lens == "contextual" else set()
    return LayerLists(images, next(names, None), split, text_layers)


def _parse(file: LayerFile, content: bytes) -> Node:
    try:
        value = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{file.path}: not valid JSON ({error}), expected published results") from None
    if not isinstance(value, dict):
        raise InputError(f"{file.path}: is a JSON {type(value).__name__}, expected an object with results")
    return Node(value, str(file.path))


def _check_layer(document: Node, file: LayerFile) -> None:
    for key in _LAYER_KEYS:
        if document.has(key) and document.value[key] != file.vision_layer:
            found = document.value[key]
            raise document.fail(f"{key} is {found!r}, expected {file.vision_layer} as in the file's name")


def _image_entries(document: Node) -> tuple[str | None, Iterator[Node]]:
    """The split's name and the images, wherever this shape keeps them."""
    if not document.has("splits"):
        return document.optional_text("split"), document.items("results", "image")
    splits = document.child("splits")
    name = "validation" if splits.has("validation") or not splits.value else next(iter(splits.value))
    return name, splits.child(name).items("images", "image")


def _image(entry: Node, lens: Lens) -> ImageLists:
    number = entry.integer("image_idx", _LARGEST_INTEGER)
    entry.name = f"image {number}"
    patches = list(_patches(entry))
    cells: list[list[Neighbor] | None] = [None] * len(patches)
    for patch in patches:
        cell = patch.integer("patch_idx", len(patches) - 1)
        patch.name = f"patch {cell}"
        if cells[cell] is not None:
            raise patch.fail("is there twice, expected each patch_idx once")
        cells[cell] = _list(patch, lens)
    return ImageLists(
        number,
        [cell for cell in cells if cell is not None],
        _grid(entry, patches),
        entry.optional_text("ground_truth_caption") or None,
        entry.optional_text("generated_response") or None,
    )


def _patches(entry: Node) -> Iterator[Node]:
    holder = entry
    if entry.has("chunks"):
        chunks = list(entry.items("chunks", "chunk"))
        if len(chunks) != 1:
            raise entry.fail(f"{len(chunks)} chunks, expected one that holds the whole image")
        holder = chunks[0]
    patches = list(holder.items("patches", "patch"))
    if not patches:
        raise entry.fail("no patches, expected at least one")
    yield from patches


def _grid(entry: Node, patches: list[Node]) -> tuple[int, int] | None:
    """Rows and columns if the patches name theirs, checked against every patch's number."""
    if not all(patch.has("patch_row") and patch.has("patch_col") for patch in patches):
        return None
    largest = len(patches) - 1
    places = [(patch.integer("patch_row", largest), patch.integer("patch_col", largest)) for patch in patches]
    rows, cols = (max(axis) + 1 for axis in zip(*places, strict=True))
    if rows * cols != len(patches):
        raise entry.fail(f"{len(patches)} patches, expected {rows * cols} for {rows} rows × {cols} columns")
    for patch, (row, col) in zip(patches, places, strict=True):
        if patch.value["patch_idx"] != row * cols + col:
            raise patch.fail(f"row {row}, column {col}, expected patch {row * cols + col} there")
    return rows, cols


def _list(patch: Node, lens: Lens) -> list[Neighbor]:
    keys = _LIST_KEYS[lens]
    key = next((key for key in keys if patch.has(key)), keys[0])
    entries = list(patch.items(key, "entry"))
    ranks = (entry.integer("rank", _LARGEST_INTEGER) for entry in entries if entry.has("rank"))
    _check_distinct(ranks, patch, "rank")
    return [_neighbor(entry, lens) for entry in entries]


def _neighbor(entry: Node, lens: Lens) -> Neighbor:
    contextual = lens == "contextual"
    return Neighbor(
        entry.text("token_str" if entry.has("token_str") else "token"),
        entry.optional_integer("token_id", _LARGEST_INTEGER),
        entry.number(_SCORE_KEYS[lens]),
        entry.integer("contextual_layer", _DEEPEST_LAYER) if contextual else None,
        entry.text("caption") if contextual else None,
        entry.optional_integer("position", _LARGEST_INTEGER) if contextual else None,
    )


def _text_layers(document: Node, images: list[ImageLists]) -> set[int]:
    key = "contextual_layers_used"
    declared = list(document.items(key, "entry")) if document.has(key) else []
    layers = {Node({key: entry.value}, entry.where).integer(key, _DEEPEST_LAYER) for entry in declared}
    for image in images:
        for cell in image.cells:
            layers.update(neighbor.text_layer for neighbor in cell if neighbor.text_layer is not None)
    return layers


def _check_distinct(values: Iterable[object], node: Node, what: str) -> None:
    twice = [value for value, count in Counter(values).items() if count > 1]
    if twice:
        raise node.fail(f"{what} {twice[0]} is there twice, expected each once")
