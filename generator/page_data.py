"""The small JSON of a model's page, which its script reads before anything else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from data_pipeline.schema import LENS_TITLES, PERCENTILE_LENS
from generator.absences import absences, absent_images
from generator.image_files import FileName
from generator.payload import Payload
from generator.records import Model, ModelImage, Region
from generator.region_cells import region_cells
from generator.study_context import StudyContext, page_name

_SCORE_NAMES = {"embedding": "cosine", "logit": "logit", "contextual": "cosine"}


def page_data(
    context: StudyContext,
    model: Model,
    images: list[ModelImage],
    regions: list[Region],
    payload: Payload,
    filed: Sequence[tuple[FileName, FileName]],
) -> dict[str, Any]:
    """What the study knows of one model: its lenses, its images and their regions, and what is absent.

    `filed` names the data file and the canvas's file of each image, where the page does not hold them.
    """
    lenses = context.lenses[model.model_id]
    ranked_twice = model.model_id in context.ranked_twice
    stored = (*lenses, PERCENTILE_LENS) if ranked_twice else lenses
    return {
        "study": {"id": context.study.study_id, "title": context.study.title},
        "model": _model_data(model),
        "visionLayers": model.vision_layers,
        "textLayers": payload.text_layers,
        "lenses": [_lens_data(model, lens) for lens in lenses],
        "images": [
            _image_data(image, regions) | (_file_data(*filed[place]) if filed else {})
            for place, image in enumerate(images)
        ],
        "topK": payload.top_k,
        "judges": payload.judges,
        "judge": _first_judge(context, model, payload),
        "judgeTitles": {judge: context.judge_titles.get(judge, judge) for judge in payload.judges},
        "frequentWords": context.frequent_words,
        "absentImages": absent_images(
            {image.image_id for image in images}, context.gaps.get(model.model_id, [])
        ),
        **({"rankedTwice": True} if ranked_twice else {}),
        "absences": absences(model, images, stored, context.gaps.get(model.model_id, [])),
        "siblings": [
            {
                "id": other.model_id,
                "title": other.title,
                "group": other.group,
                "href": page_name(other.model_id),
            }
            for other in context.shown
        ],
    }


def _first_judge(context: StudyContext, model: Model, payload: Payload) -> str | None:
    """The judge of the index's figures, if it judged this model, else the first by name."""
    chosen = context.judges.get(model.model_id)
    return chosen if chosen in payload.judges else next(iter(payload.judges), None)


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


def _file_data(name: FileName, canvas: FileName) -> dict[str, Any]:
    """Where a page finds the data files of an image, seen from the page."""
    file = {"src": name.path.removeprefix("models/"), "key": name.key}
    return {"file": file | {"canvas": {"src": f"../{canvas.path}", "key": canvas.key}}}


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
