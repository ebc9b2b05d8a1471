"""The page of one model: everything decided here, placed by `templates/model.html.jinja`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from markupsafe import Markup

from data_pipeline.errors import InputError
from data_pipeline.schema import PERCENTILE_LENS
from generator import queries
from generator.canvas_files import canvas_file
from generator.citation import citation
from generator.database import Database
from generator.default_tokens import default_tokens
from generator.image_files import DataFiles, FileName
from generator.image_payloads import filed_images, whole_frame
from generator.page_data import page_data
from generator.payload import ModelTables, Payload, build_payload
from generator.pictures import compact
from generator.printable import printable
from generator.readings import Frame
from generator.records import Model, ModelImage
from generator.study_context import JUDGE_NAME, StudyContext, compare_href, page_name
from generator.thumbnails import strip_picture

MEDIA_TYPES = ("image/png", "image/jpeg", "image/webp")


@dataclass(frozen=True)
class Link:
    """Another page."""

    title: str
    href: str


@dataclass(frozen=True)
class ModelPage:
    """What `model.html.jinja` places."""

    title: str
    study_title: str
    model: Model
    index_href: str
    compare_href: str | None
    """The page that puts this model beside others; None where there is none."""
    judge_href: str | None
    """The page about the judges; None where there is none."""
    previous: Link | None
    next: Link | None
    provenance: tuple[tuple[str, str], ...]
    data: dict[str, Any]
    """The small JSON that the page's script reads before anything else."""
    payloads: tuple[tuple[str, Markup], ...]


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
    if len(images) > files.images_in_page:
        payload = _filed(database, frame, images, files)
    else:
        canvases = [compact(image.bytes) for image in images]
        payload = build_payload(frame, _tables(database, model.model_id), canvases)
    filed = [
        (name, canvas_file(image.bytes, files))
        for name, image in zip(files.names.get(model.model_id, ()), images, strict=False)
    ]
    regions = queries.image_regions(database, model.model_id)
    place = context.shown.index(model)
    return ModelPage(
        title=f"{model.title} · {context.study.title}",
        study_title=context.study.title,
        model=model,
        index_href="../index.html",
        compare_href="../" + compare_href(model.model_id) if context.compares else None,
        judge_href=_judge_href(database, context, model),
        previous=_link(context.shown[place - 1]) if place > 0 else None,
        next=_link(context.shown[place + 1]) if place + 1 < len(context.shown) else None,
        provenance=_provenance(model),
        data=page_data(context, model, images, regions, payload, filed)
        | {
            "defaultTokens": default_tokens(database, model, _stored_lenses(context, model)),
            "citation": citation(context.study, model, queries.runs(database)),
        },
        payloads=tuple((name, Markup(text)) for name, text in payload.blocks),  # noqa: S704 no <, & or quote
    )


def _stored_lenses(context: StudyContext, model: Model) -> tuple[str, ...]:
    lenses = context.lenses[model.model_id]
    return (*lenses, PERCENTILE_LENS) if model.model_id in context.ranked_twice else lenses


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
    for filed in filed_images(database, frame):
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


def _judge_href(database: Database, context: StudyContext, model: Model) -> str | None:
    """The page about the judges with the model's items."""
    judged = {row.model_id for row in queries.model_judges(database)}
    if not context.has_judgments or model.model_id not in judged:
        return None
    return f"../{JUDGE_NAME}#model={quote(model.model_id, safe='')}"


def _link(model: Model) -> Link:
    return Link(model.title, page_name(model.model_id))


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
