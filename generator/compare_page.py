"""The page that puts models side by side on one image, and the data files that it reads.

The page holds facts only: which model saw which image on which canvas. What the lenses read comes from data
files, by script, when it is looked at. Where models' pages keep their data to themselves, slim files are
written beside this page: the same coding with tokens and scores only, and each canvas once for all the
models that saw it. Where models' pages have data files, these are read.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from data_pipeline.schema import LENS_TITLES, TABLES
from generator import queries
from generator.database import Database
from generator.image_files import CANVAS, IMAGE, SHARED, ImageFile, data_file, image_file
from generator.index_page import SHORT_NAMES
from generator.model_page import StudyContext, model_href
from generator.payload import ModelTables, Payload, build_payload
from generator.printable import printable
from generator.queries import Model, ModelImage
from generator.readings import Frame
from generator.thumbnails import MOST, thumbnail

COMPARE_FOLDER = "compare"
MOST_AT_ONCE = 4
_SHOWN_AT_FIRST = 3
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
class CompareSite:
    """The page and the text of its own data files, by path from the site's root."""

    page: ComparePage
    files: dict[str, str]


@dataclass(frozen=True)
class Seen:
    """One image of one model, and where its data lie."""

    image: ModelImage
    data: ImageFile
    canvas: ImageFile | None
    """None if the canvas is in `data`."""
    facts: Payload


def can_compare(database: Database, context: StudyContext) -> bool:
    """Whether two models of the site saw the same image."""
    shown = {model.model_id for model in context.shown}
    saw = Counter(image for model, image in queries.samples(database) if model in shown)
    return any(count > 1 for count in saw.values())


def compare_site(database: Database, context: StudyContext) -> CompareSite:
    """Ask for what the lenses read and decide the page and its files."""
    canvases: dict[str, ImageFile] = {}
    seen = {model.model_id: _seen(database, model, canvases) for model in context.shown}
    files = {file.path: file.text for file in canvases.values()}
    files |= {one.data.path: one.data.text for images in seen.values() for one in images}
    page = ComparePage(
        title=f"Compare models · {context.study.title}",
        study_title=context.study.title,
        index_href="index.html",
        data=_data(context, seen),
    )
    return CompareSite(page, files)


def _seen(database: Database, model: Model, canvases: dict[str, ImageFile]) -> list[Seen]:
    """Slim files of all images of a model; canvases that were not there yet join `canvases`."""
    images = queries.model_images(database, model.model_id)
    neighbors = {lens: queries.model_neighbors(database, model.model_id, lens) for lens in LENS_TITLES}
    found = []
    for place, image in enumerate(images):
        mine = {lens: _slim(table, image.image_id) for lens, table in neighbors.items()}
        payload = _slim_payload(model, image, mine)
        blocks = dict(payload.blocks)
        slim = {SHARED: blocks["payload-shared"], IMAGE: blocks["payload-image-0"]}
        file = image_file(model.model_id, place, slim, folder=COMPARE_FOLDER)
        found.append(Seen(image, file, _canvas_file(image, canvases), payload))
    return found


def _slim(table: pa.Table, image_id: str) -> pa.Table:
    """One image's neighbours without what only a model's own page shows."""
    mine = table.filter(pc.equal(table["image_id"], image_id))
    for name in ("probability", "text_layer", "context_id"):
        place = mine.schema.get_field_index(name)
        mine = mine.set_column(
            place, mine.schema.field(place), pa.nulls(len(mine), mine.schema.field(place).type)
        )
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


def _canvas_file(image: ModelImage, known: dict[str, ImageFile]) -> ImageFile:
    """The file of an image's canvas: one for all models that saw the same pixels."""
    digest = hashlib.sha256(image.bytes).hexdigest()[:16]
    if digest not in known:
        path = f"{COMPARE_FOLDER}/canvases/{digest}.js"
        known[digest] = data_file(path, f"canvas {digest}", {CANVAS: printable(image.bytes)})
    return known[digest]


def _data(context: StudyContext, seen: Mapping[str, Sequence[Seen]]) -> dict[str, Any]:
    images = _images(context, seen)
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
        "most": MOST_AT_ONCE,
        "first": _first_models(context, seen),
        "frequentWords": context.frequent_words,
    }


def _images(context: StudyContext, seen: Mapping[str, Sequence[Seen]]) -> list[dict[str, Any]]:
    """All images in the order of the study, each with a small picture while there are not too many."""
    found: dict[str, dict[str, Any]] = {}
    for model in context.shown:
        for one in seen[model.model_id]:
            image = one.image
            if image.image_id in found:
                continue
            small = thumbnail(image, "", model.title) if len(found) < MOST else None
            found[image.image_id] = {
                "id": image.image_id,
                "position": image.position,
                "caption": image.caption,
                "width": image.source_width,
                "height": image.source_height,
                "thumbnail": small.source if small else None,
            }
    return sorted(found.values(), key=lambda image: image["position"])


def _model(
    context: StudyContext,
    model: Model,
    seen: Sequence[Seen],
    places: Mapping[str, int],
    geometries: dict[str, int],
) -> dict[str, Any]:
    return {
        "id": model.model_id,
        "title": model.title,
        "group": model.group,
        "href": model_href(model.model_id),
        "partner": _partner(context, model),
        "numLayers": model.num_layers,
        "visionLayers": model.vision_layers,
        "lenses": context.lenses[model.model_id],
        "topK": max(one.facts.top_k for one in seen),
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
