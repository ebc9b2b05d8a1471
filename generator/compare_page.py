"""The page that puts models side by side on one image, and its facts.

The page holds facts only: which model saw which image on which canvas. What the lenses read comes from data
files (`compare_files.py`), by script, when it is looked at.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from data_pipeline.schema import LENS_TITLES
from generator import queries
from generator.absences import absences, absent_images
from generator.compare_files import Seen, filed, slim_files
from generator.database import Database
from generator.image_files import DataFiles
from generator.index_cards import SHORT_NAMES
from generator.records import Model, ModelImage
from generator.study_context import MOST_COMPARED, StudyContext, model_href
from generator.thumbnails import MOST, thumbnail

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


def can_compare(database: Database, context: StudyContext) -> bool:
    """Whether two models of the site saw the same image."""
    shown = {model.model_id for model in context.shown}
    saw = Counter(image for model, image in queries.samples(database) if model in shown)
    return any(count > 1 for count in saw.values())


def compare_page(database: Database, context: StudyContext, files: DataFiles) -> ComparePage:
    """Ask for what the lenses read and decide the page; the files that it has to itself are kept."""
    thumbnails: dict[str, str] = {}
    seen = {}
    for model in context.shown:
        names = files.names.get(model.model_id)
        images = queries.model_images(database, model.model_id)
        _add_thumbnails(thumbnails, images)
        found = filed(images, names, files) if names else slim_files(database, model, images, files)
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
                "canvas": {"src": one.canvas.path, "key": one.canvas.key},
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
    """Whom a model is first put beside: its baseline or its first checkpoint, else the next of the study."""
    others = [other for other in context.shown if other is not model]
    for other in others:
        if other.model_id == model.baseline_model_id:
            return other.model_id
    for training in context.trainings:
        if training.model is model and (earlier := [one for one in training.checkpoints if one in others]):
            return earlier[0].model_id
    place = context.shown.index(model)
    later = [other for other in context.shown[place + 1 :] if other.group == model.group]
    return (later or others)[0].model_id


def _first_models(context: StudyContext, seen: Mapping[str, Sequence[Seen]]) -> list[str]:
    """What the page opens with: models of the first image that differ in LLM and in encoder.

    Where there are none, it is the first and the last step of a training.
    """
    first = seen[context.shown[0].model_id][0].image.image_id
    models = [
        model for model in context.shown if any(one.image.image_id == first for one in seen[model.model_id])
    ]
    chosen: list[Model] = []
    whole = [model for model in models if model.model_id not in context.checkpoints]
    for model in whole:
        if all(model.llm != one.llm and model.vision_encoder != one.vision_encoder for one in chosen):
            chosen.append(model)
    for training in context.trainings if len(whole) < 2 else ():
        steps = [step.model for step in training.steps if step.model in models]
        if len(steps) > 1:
            return [steps[0].model_id, steps[-1].model_id]
    if len(chosen) < 2:
        chosen = next((some for some in (whole, models) if len(some) > 1), list(context.shown))[:2]
    return [model.model_id for model in chosen[:_SHOWN_AT_FIRST]]
