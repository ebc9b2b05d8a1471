"""The page that puts models side by side on one image, and the data files that it reads.

The page holds facts only: which model saw which image on which canvas. What the lenses read comes from data
files, by script, when it is looked at. Where models' pages keep their data to themselves, slim files are
written beside this page: the same coding with tokens and rounded scores only, each canvas once for all the
models that saw it. Where models' pages have data files, these are read.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from data_pipeline.schema import LENS_TITLES, TABLES
from generator import queries
from generator.absent_images import absent_images
from generator.database import Database
from generator.image_files import CANVAS, IMAGE, SHARED, data_file, image_file
from generator.index_page import SHORT_NAMES
from generator.model_page import (
    MOST_COMPARED,
    DataFiles,
    FileName,
    StudyContext,
    absences,
    model_href,
)
from generator.payload import ModelTables, Payload, build_payload
from generator.pictures import compact
from generator.printable import printable
from generator.queries import Model, ModelImage
from generator.readings import Frame
from generator.thumbnails import MOST, thumbnail

COMPARE_FOLDER = "compare"
_SHOWN_AT_FIRST = 3
_NOT_COMPARED = ("probability", "text_layer", "context_id")
_SCORE_DECIMALS = 2
_GROUP_TITLES = {"main": "Main models", "ablation": "Ablations", "off_the_shelf": "Off the shelf"}


@dataclass(frozen=True)
class ComparePage:
    """What `compare.html.jinja` places."""

    title: str
    study_title: str
    index_href: str
    data: dict[str, Any]
    """The facts that the page's script reads before any data file."""


@dataclass(frozen=True)
class Seen:
    """One image of one model, and where its data lie."""

    image: ModelImage
    data: FileName
    canvas: FileName | None
    """None if the canvas is in `data`."""


def can_compare(database: Database, context: StudyContext) -> bool:
    """Whether two models of the site saw the same image."""
    shown = {model.model_id for model in context.shown}
    saw = Counter(image for model, image in queries.samples(database) if model in shown)
    return any(count > 1 for count in saw.values())


def compare_page(database: Database, context: StudyContext, files: DataFiles) -> ComparePage:
    """Ask for what the lenses read and decide the page; the files that it has to itself are kept."""
    canvases: dict[str, FileName] = {}
    thumbnails: dict[str, str] = {}
    seen = {}
    for model in context.shown:
        names = files.names.get(model.model_id)
        images = queries.model_images(database, model.model_id)
        _add_thumbnails(thumbnails, images)
        found = _filed(images, names) if names else _slim_files(database, model, images, canvases, files)
        seen[model.model_id] = [replace(one, image=replace(one.image, bytes=b"")) for one in found]
    return ComparePage(
        title=f"Compare models · {context.study.title}",
        study_title=context.study.title,
        index_href="index.html",
        data=_data(context, seen, thumbnails),
    )


def _add_thumbnails(thumbnails: dict[str, str], images: Sequence[ModelImage]) -> None:
    """A small picture of each image of the study, while there are not too many."""
    for image in images:
        if image.image_id not in thumbnails and len(thumbnails) < MOST:
            thumbnails[image.image_id] = thumbnail(image, "", "").source


def _filed(images: Sequence[ModelImage], names: Sequence[FileName]) -> list[Seen]:
    """The images of a model whose own page reads data files."""
    return [Seen(image, name, None) for image, name in zip(images, names, strict=True)]


def _slim_files(
    database: Database,
    model: Model,
    images: Sequence[ModelImage],
    canvases: dict[str, FileName],
    files: DataFiles,
) -> list[Seen]:
    """Slim files of all images of a model; canvases that were not there yet join `canvases`."""
    neighbors = {lens: queries.model_neighbors(database, model.model_id, lens) for lens in LENS_TITLES}
    found = []
    for place, image in enumerate(images):
        mine = {lens: _slim(table, image.image_id) for lens, table in neighbors.items()}
        payload = _slim_payload(model, image, mine)
        blocks = dict(payload.blocks)
        slim = {SHARED: blocks["payload-shared"], IMAGE: blocks["payload-image-0"]}
        file = image_file(model.model_id, place, slim, folder=COMPARE_FOLDER)
        files.keep(file)
        name = FileName(file.path, file.key, payload.top_k)
        found.append(Seen(image, name, _canvas_file(image, canvases, files)))
    return found


def _slim(table: pa.Table, image_id: str) -> pa.Table:
    """One image's neighbours without what only a model's own page shows; half of the bytes were digits."""
    mine = table.filter(pc.equal(table["image_id"], image_id))
    changed = {name: pa.nulls(len(mine), mine[name].type) for name in _NOT_COMPARED}
    changed["score"] = pc.round(mine["score"], _SCORE_DECIMALS)
    for name, column in changed.items():
        mine = mine.set_column(mine.schema.get_field_index(name), name, column)
    return mine


def _slim_payload(model: Model, image: ModelImage, neighbors: Mapping[str, pa.Table]) -> Payload:
    frame = Frame(
        model.model_id, (image.image_id,), ((image.rows, image.cols),), model.vision_layers, model.text_layers
    )
    nothing = {name: TABLES[name].schema.empty_table() for name in ("contexts", "judgments", "cells")}
    tables = ModelTables(
        lambda lens: neighbors[lens], nothing["contexts"], nothing["judgments"], nothing["cells"]
    )
    return build_payload(frame, tables, [b""])


def _canvas_file(image: ModelImage, known: dict[str, FileName], files: DataFiles) -> FileName:
    """The file of an image's canvas: one for all models that saw the same pixels."""
    digest = hashlib.sha256(image.bytes).hexdigest()[:16]
    if digest not in known:
        path = f"{COMPARE_FOLDER}/canvases/{digest}.js"
        file = data_file(path, f"canvas {digest}", {CANVAS: printable(compact(image.bytes))})
        files.keep(file)
        known[digest] = FileName(file.path, file.key, 0)
    return known[digest]


def _data(
    context: StudyContext, seen: Mapping[str, Sequence[Seen]], thumbnails: Mapping[str, str]
) -> dict[str, Any]:
    images = _images(context, seen, thumbnails)
    places = {image["id"]: place for place, image in enumerate(images)}
    geometries: dict[str, int] = {}
    models = [_model(context, model, seen[model.model_id], places, geometries) for model in context.shown]
    lenses = context.all_lenses
    return {
        "study": {"id": context.study.study_id, "title": context.study.title},
        "models": models,
        "groups": [{"id": group, "title": title} for group, title in _GROUP_TITLES.items()],
        "images": images,
        "geometries": [json.loads(geometry) for geometry in geometries],
        "lenses": [{"id": lens, "title": LENS_TITLES[lens], "short": SHORT_NAMES[lens]} for lens in lenses],
        "most": MOST_COMPARED,
        "first": _first_models(context, seen),
        "frequentWords": context.frequent_words,
    }


def _images(
    context: StudyContext, seen: Mapping[str, Sequence[Seen]], thumbnails: Mapping[str, str]
) -> list[dict[str, Any]]:
    """All images in the order of the study."""
    found: dict[str, dict[str, Any]] = {}
    for model in context.shown:
        for one in seen[model.model_id]:
            image = one.image
            if image.image_id in found:
                continue
            found[image.image_id] = {
                "id": image.image_id,
                "position": image.position,
                "caption": image.caption,
                "width": image.source_width,
                "height": image.source_height,
                "thumbnail": thumbnails.get(image.image_id),
            }
    return sorted(found.values(), key=lambda image: image["position"])


def _model(
    context: StudyContext,
    model: Model,
    seen: Sequence[Seen],
    places: Mapping[str, int],
    geometries: dict[str, int],
) -> dict[str, Any]:
    images = [one.image for one in seen]
    gaps = context.gaps.get(model.model_id, [])
    return {
        "id": model.model_id,
        "title": model.title,
        "group": model.group,
        "href": model_href(model.model_id),
        "partner": _partner(context, model),
        "numLayers": model.num_layers,
        "visionLayers": model.vision_layers,
        "lenses": context.lenses[model.model_id],
        "topK": max(one.data.top_k for one in seen),
        "files": [
            {
                "image": places[one.image.image_id],
                "geometry": geometries.setdefault(_geometry(one.image), len(geometries)),
                "src": one.data.path,
                "key": one.data.key,
                "canvas": {"src": one.canvas.path, "key": one.canvas.key} if one.canvas else None,
            }
            for one in seen
        ],
        "absentImages": absent_images({image.image_id for image in images}, gaps),
        "absences": absences(model, images, context.lenses[model.model_id], gaps),
    }


def _geometry(image: ModelImage) -> str:
    """How a canvas is cut and where it comes from, as JSON: many images have the same."""
    return json.dumps(
        {
            "mediaType": image.media_type,
            "width": image.width,
            "height": image.height,
            "rows": image.rows,
            "cols": image.cols,
            "cellWidth": image.cell_width,
            "cellHeight": image.cell_height,
            "gridX": image.grid_x,
            "gridY": image.grid_y,
            "affine": image.affine if len(image.affine) == 6 else [],
        }
    )


def _partner(context: StudyContext, model: Model) -> str:
    """Whom a model is first put beside: its baseline, else the next model of the study."""
    others = [other for other in context.shown if other is not model]
    for other in others:
        if other.model_id == model.baseline_model_id:
            return other.model_id
    place = context.shown.index(model)
    later = [other for other in context.shown[place + 1 :] if other.group == model.group]
    return (later or others)[0].model_id


def _first_models(context: StudyContext, seen: Mapping[str, Sequence[Seen]]) -> list[str]:
    """What the page opens with: models of the first image that differ in LLM and in encoder."""
    first = seen[context.shown[0].model_id][0].image.image_id
    models = [
        model for model in context.shown if any(one.image.image_id == first for one in seen[model.model_id])
    ]
    chosen: list[Model] = []
    for model in models:
        if all(model.llm != one.llm and model.vision_encoder != one.vision_encoder for one in chosen):
            chosen.append(model)
    if len(chosen) < 2:
        chosen = (models if len(models) > 1 else list(context.shown))[:2]
    return [model.model_id for model in chosen[:_SHOWN_AT_FIRST]]
