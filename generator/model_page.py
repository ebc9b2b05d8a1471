"""The page of one model: everything decided here, placed by `templates/model.html.jinja`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from markupsafe import Markup

from data_pipeline.completeness import Gap
from data_pipeline.errors import InputError
from data_pipeline.manifest import StudyInfo
from data_pipeline.schema import LENS_TITLES, LENSES, check_id
from generator import queries
from generator.absent_images import absent_images
from generator.citation import citation
from generator.database import Database
from generator.default_tokens import default_tokens
from generator.image_files import ImageFile
from generator.image_payloads import filed_images, whole_frame
from generator.payload import ModelTables, Payload, build_payload
from generator.pictures import compact
from generator.printable import printable
from generator.queries import Model, ModelImage, Region
from generator.readings import Frame
from generator.region_cells import region_cells
from generator.thumbnails import strip_picture

COMPARE_NAME = "compare.html"
MOST_COMPARED = 4
"""So many models stand side by side at most."""
MEDIA_TYPES = ("image/png", "image/jpeg", "image/webp")
_SCORE_NAMES = {"embedding": "cosine", "logit": "logit", "contextual": "cosine"}
NOT_COMPUTED = "not in the results, and the manifest does not say why"


@dataclass(frozen=True)
class Link:
    """Another page."""

    title: str
    href: str


@dataclass(frozen=True)
class Title:
    """A model's name, and its page if it has one."""

    title: str
    href: str | None


@dataclass(frozen=True)
class ModelPage:
    """What `model.html.jinja` places."""

    title: str
    study_title: str
    model: Model
    index_href: str
    compare_href: str | None
    """The page that puts this model beside others; None where there is none."""
    previous: Link | None
    next: Link | None
    provenance: tuple[tuple[str, str], ...]
    data: dict[str, Any]
    """The small JSON that the page's script reads before anything else."""
    payloads: tuple[tuple[str, Markup], ...]


def model_href(model_id: str) -> str:
    """Where a model's page is, from the site's root."""
    return f"models/{check_id(model_id, 'model id')}.html"


def compare_href(*model_ids: str) -> str:
    """The comparison of some models, or of one with its partner, from the site's root."""
    return f"{COMPARE_NAME}#models={','.join(quote(model_id, safe='') for model_id in model_ids)}"


@dataclass(frozen=True)
class StudyContext:
    """What every model's page needs to know of the whole study."""

    study: StudyInfo
    models: tuple[Model, ...]
    lenses: Mapping[str, tuple[str, ...]]
    """By model: the lenses that the manifest expects or the results hold, in the contract's order."""
    gaps: dict[str, list[Gap]]
    shown: tuple[Model, ...]
    """The models that have pages: those with at least one image."""
    judges: dict[str, str]
    """By model: the judge whose verdicts make the index's figures."""
    expected_blocks: int
    frequent_words: tuple[str, ...]
    """The words that the whole study says most often, so that each has one colour on every page."""
    compares: bool = False
    """Whether the site has a page that puts models side by side."""

    @property
    def all_lenses(self) -> tuple[str, ...]:
        """The lenses of any model, in the contract's order."""
        return tuple(lens for lens in LENSES if any(lens in lenses for lenses in self.lenses.values()))

    def compare_href(self, models: Sequence[Model]) -> str | None:
        """The comparison of those of `models` that have pages; None for fewer than two."""
        ids = [model.model_id for model in models if model in self.shown][:MOST_COMPARED]
        return compare_href(*ids) if self.compares and len(ids) > 1 else None

    def title(self, model: Model) -> Title:
        """The model's name with a link to its page, seen from the site's root."""
        return Title(model.title, model_href(model.model_id) if model in self.shown else None)


@dataclass(frozen=True)
class FileName:
    """A data file without its text."""

    path: str
    key: str
    top_k: int
    """The longest list in it."""


@dataclass(frozen=True)
class DataFiles:
    """When images' data lie in files of their own, what becomes of these, and which there are by model."""

    images_in_page: int
    """The most images whose data a model's page holds itself."""
    keep: Callable[[ImageFile], None]
    """Takes each file when it is made."""
    names: dict[str, tuple[FileName, ...]]
    """By model: the files of its images, for models whose pages do not hold them."""


def model_page(database: Database, context: StudyContext, model: Model, files: DataFiles) -> ModelPage:
    """Ask for one model's results and decide its page."""
    images = queries.model_images(database, model.model_id)
    for image in images:
        _check_canvas(image)
    frame = Frame(
        model.model_id,
        tuple(image.image_id for image in images),
        tuple((image.rows, image.cols) for image in images),
        model.vision_layers,
        model.text_layers,
    )
    canvases = [compact(image.bytes) for image in images]
    if len(images) > files.images_in_page:
        payload = _filed(database, frame, images, files)
    else:
        payload = build_payload(frame, _tables(database, model.model_id), canvases)
    filed = files.names.get(model.model_id, ())
    regions = queries.image_regions(database, model.model_id)
    place = context.shown.index(model)
    return ModelPage(
        title=f"{model.title} · {context.study.title}",
        study_title=context.study.title,
        model=model,
        index_href="../index.html",
        compare_href="../" + compare_href(model.model_id) if context.compares else None,
        previous=_link(context.shown[place - 1]) if place > 0 else None,
        next=_link(context.shown[place + 1]) if place + 1 < len(context.shown) else None,
        provenance=_provenance(model),
        data=_data(context, model, images, regions, payload, filed)
        | {
            "defaultTokens": default_tokens(database, model, context.lenses[model.model_id]),
            "citation": citation(context.study, model, queries.runs(database)),
        },
        payloads=tuple((name, Markup(text)) for name, text in payload.blocks),  # noqa: S704 no <, & or quote
    )


def _tables(database: Database, model_id: str) -> ModelTables:
    return ModelTables(
        lambda lens: queries.model_neighbors(database, model_id, lens),
        queries.model_contexts(database, model_id),
        queries.model_judgments(database, model_id),
        queries.model_statistics(database, model_id),
    )


def _filed(database: Database, frame: Frame, images: list[ModelImage], files: DataFiles) -> Payload:
    """Make the images' data files; what the page itself holds of them are small pictures."""
    frame = whole_frame(database, frame)
    names: dict[int, FileName] = {}
    for filed in filed_images(database, frame, [compact(image.bytes) for image in images]):
        files.keep(filed.file)
        names[filed.place] = FileName(filed.file.path, filed.file.key, filed.top_k)
    files.names[frame.model_id] = tuple(names[place] for place in range(len(images)))
    pictures = ((f"thumbnail-{place}", printable(strip_picture(image))) for place, image in enumerate(images))
    top_k = max(name.top_k for name in names.values())
    return Payload(tuple(pictures), top_k, frame.judges, frame.text_layers)


def _check_canvas(image: ModelImage) -> None:
    if image.media_type not in MEDIA_TYPES:
        raise InputError(
            f"canvas of image {image.image_id!r} is {image.media_type!r}, "
            f"expected one of {', '.join(MEDIA_TYPES)}"
        )
    if min(image.rows, image.cols, image.width, image.height) < 1:
        raise InputError(f"canvas of image {image.image_id!r} has no cells or no pixels")


def _link(model: Model) -> Link:
    return Link(model.title, f"{check_id(model.model_id, 'model id')}.html")


def _provenance(model: Model) -> tuple[tuple[str, str], ...]:
    facts = (
        ("connector", model.connector),
        ("LLM layers", str(model.num_layers)),
        ("hidden size", model.hidden_size),
        ("vocabulary", model.vocab_size),
        ("precision", model.dtype),
        ("corpus", model.corpus),
        ("configuration", model.config_hash),
    )
    return tuple((label, str(value)) for label, value in facts if value is not None)


def _data(
    context: StudyContext,
    model: Model,
    images: list[ModelImage],
    regions: list[Region],
    payload: Payload,
    filed: tuple[FileName, ...],
) -> dict[str, Any]:
    lenses = context.lenses[model.model_id]
    return {
        "study": {"id": context.study.study_id, "title": context.study.title},
        "model": _model_data(model),
        "visionLayers": model.vision_layers,
        "textLayers": payload.text_layers,
        "lenses": [_lens_data(model, lens) for lens in lenses],
        "images": [
            _image_data(image, regions) | (_file_data(filed[place]) if filed else {})
            for place, image in enumerate(images)
        ],
        "topK": payload.top_k,
        "judges": payload.judges,
        "frequentWords": context.frequent_words,
        "absentImages": absent_images(
            {image.image_id for image in images}, context.gaps.get(model.model_id, [])
        ),
        "absences": absences(model, images, lenses, context.gaps.get(model.model_id, [])),
        "siblings": [
            {"id": other.model_id, "title": other.title, "group": other.group, "href": _link(other).href}
            for other in context.shown
        ],
    }


def _model_data(model: Model) -> dict[str, Any]:
    return {
        "id": model.model_id,
        "title": model.title,
        "group": model.group,
        "llm": model.llm,
        "visionEncoder": model.vision_encoder,
        "connector": model.connector,
        "description": model.description,
        "numLayers": model.num_layers,
        "baseline": model.baseline_model_id,
    }


def _lens_data(model: Model, lens: str) -> dict[str, Any]:
    note = {
        "embedding": model.embedding_note,
        "logit": model.logit_note,
        "contextual": model.contextual_note,
    }[lens]
    return {"id": lens, "title": LENS_TITLES[lens], "scoreName": _SCORE_NAMES[lens], "note": note}


def _image_data(image: ModelImage, regions: list[Region]) -> dict[str, Any]:
    return {
        "id": image.image_id,
        "caption": image.caption,
        "generatedCaption": image.generated_caption,
        "losses": _losses(image),
        "canvas": {
            "mediaType": image.media_type,
            "width": image.width,
            "height": image.height,
            "rows": image.rows,
            "cols": image.cols,
            "cellWidth": image.cell_width,
            "cellHeight": image.cell_height,
            "gridX": image.grid_x,
            "gridY": image.grid_y,
            "padding": [round(share, 2) for share in image.padding] if any(image.padding) else [],
        },
        "regions": [_region_data(region, image) for region in regions if region.image_id == image.image_id],
    }


def _file_data(name: FileName) -> dict[str, Any]:
    """Where a page finds the data file of an image, seen from the page."""
    return {"file": {"src": name.path.removeprefix("models/"), "key": name.key}}


def _losses(image: ModelImage) -> dict[str, Any] | None:
    if image.caption_loss_image is None:
        return None
    losses = (image.caption_loss_image, image.caption_loss_shuffled, image.caption_loss_none)
    rounded = [None if loss is None else round(loss, 3) for loss in losses]
    return dict(zip(("image", "shuffled", "none"), rounded, strict=True)) | {"tokens": image.caption_tokens}


def _region_data(region: Region, image: ModelImage) -> dict[str, Any]:
    return {
        "kind": region.kind,
        "words": region.words,
        "attributes": region.attributes,
        "box": _canvas_box(region, image),
        "cells": region_cells(region, image),
    }


def _canvas_box(region: Region, image: ModelImage) -> list[float]:
    """The region's box in canvas pixels; empty if the canvas does not know its source."""
    if len(image.affine) != 6:
        return []
    a, b, c, d, e, f = image.affine
    corners = [(x, y) for x in (region.x0, region.x1) for y in (region.y0, region.y1)]
    xs = [min(max(a * x + b * y + c, 0), image.width) for x, y in corners]
    ys = [min(max(d * x + e * y + f, 0), image.height) for x, y in corners]
    return [round(value, 2) for value in (min(xs), min(ys), max(xs), max(ys))]


def absences(
    model: Model, images: list[ModelImage], lenses: tuple[str, ...], gaps: list[Gap]
) -> list[dict[str, Any]]:
    """The gaps of this model; a lens or a layer that lacks everything for one reason is one entry."""
    places = {image.image_id: place for place, image in enumerate(images)}
    layers = {layer: place for place, layer in enumerate(model.vision_layers)}
    missing: dict[tuple[str, str], set[tuple[int, int]]] = {}
    for gap in gaps:
        if gap.image_id in places and gap.vision_layer in layers:
            key = (gap.lens, gap.reason or NOT_COMPUTED)
            missing.setdefault(key, set()).add((layers[gap.vision_layer], places[gap.image_id]))
    found: list[dict[str, Any]] = []
    for (lens, reason), blocks in missing.items():
        if len(blocks) == len(images) * len(layers):
            found.append({"lens": lens, "reason": reason})
            continue
        for layer in sorted({layer for layer, _ in blocks}):
            lacking = sorted(image for gap_layer, image in blocks if gap_layer == layer)
            if len(lacking) == len(images):
                found.append({"lens": lens, "layer": layer, "reason": reason})
            else:
                found += [
                    {"lens": lens, "layer": layer, "image": image, "reason": reason} for image in lacking
                ]
    return [gap for gap in found if gap["lens"] in lenses]
