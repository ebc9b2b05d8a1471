"""Rows of the contract's tables from what the pipeline has in memory."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from data_pipeline.image_sources import SourceImage
from data_pipeline.images import Canvas
from data_pipeline.lenses import contextual, embedding, logit
from data_pipeline.plan import ModelPlan, Plan
from data_pipeline.schema import TABLES
from data_pipeline.text_index.index import TextIndex


def table_of(name: str, rows: Iterable[dict[str, Any]]) -> pa.Table:
    """A table of the contract from dictionaries."""
    return pa.Table.from_pylist(list(rows), schema=TABLES[name].schema)


def image_rows(plan: Plan) -> pa.Table:
    """Table `images`."""
    return table_of(
        "images",
        (
            {
                "image_id": image.image_id,
                "position": position,
                "caption": image.caption,
                "width": image.pixels.width,
                "height": image.pixels.height,
                "sha256": image.sha256,
                "split": image.split,
            }
            for position, image in enumerate(plan.images())
        ),
    )


def region_rows(plan: Plan) -> pa.Table:
    """Table `regions`."""
    return table_of(
        "regions",
        (
            {
                "image_id": image.image_id,
                "region": number,
                "kind": region.kind,
                "words": region.words,
                "attributes": region.attributes,
                **dict(zip(("x0", "y0", "x1", "y1"), map(float, region.box), strict=True)),
                "mask": region.mask,
            }
            for image in plan.images()
            for number, region in enumerate(image.regions)
        ),
    )


def model_rows(plan: Plan) -> pa.Table:
    """Table `models`."""
    study = plan.study
    notes = {
        "embedding_note": embedding.NOTE if "embedding" in study.lenses else None,
        "logit_note": logit.NOTE if "logit" in study.lenses else None,
    }
    return table_of(
        "models",
        (
            {
                "model_id": model.id,
                "position": model.position,
                "title": model.settings.title,
                "group": model.settings.group,
                "llm": model.llm_title,
                "vision_encoder": model.encoder_title,
                "connector": model.connector_title,
                "baseline_model_id": model.settings.baseline,
                "description": model.settings.description or None,
                "num_layers": model.num_layers,
                "vision_layers": model.vision_layers,
                "text_layers": model.text_layers,
                "hidden_size": model.hidden_size,
                "vocab_size": model.vocab_size,
                "dtype": study.dtype,
                **notes,
                "contextual_note": _contextual_note(plan, model),
                "corpus": f"{plan.corpus.title} ({len(plan.corpus)} texts)" if plan.corpus else None,
                "config_hash": plan.config_hash(model),
            }
            for model in (*plan.models, *(waiting.model for waiting in plan.waiting))
        ),
    )


def _contextual_note(plan: Plan, model: ModelPlan) -> str | None:
    if not plan.corpus:
        return None
    stated = model.index is not None and model.index.origin.model_stated
    note = contextual.NOTES[plan.study.text.distinct]
    return f"{note}; {contextual.STATED_NOTE}" if stated else note


def canvas_rows(canvases: Sequence[tuple[SourceImage, Canvas]]) -> pa.Table:
    """Table `canvases`."""
    rows = []
    for image, canvas in canvases:
        media_type, content = canvas.encode()
        rows.append(
            {
                "canvas_id": canvas.canvas_id(image.image_id),
                "image_id": image.image_id,
                "media_type": media_type,
                "bytes": content,
                "width": canvas.width,
                "height": canvas.height,
                "rows": canvas.grid.rows,
                "cols": canvas.grid.cols,
                "cell_width": float(canvas.grid.cell_width),
                "cell_height": float(canvas.grid.cell_height),
                "grid_x": float(canvas.grid.x),
                "grid_y": float(canvas.grid.y),
                "affine": canvas.affine or (),
                "padding": canvas.padding,
            }
        )
    return table_of("canvases", rows)


def context_rows(index: TextIndex, used: set[int]) -> pa.Table:
    """Table `contexts` for the ids in `used`, all of them from `index`."""
    return table_of(
        "contexts",
        (
            {
                "context_id": number,
                "llm": index.origin.llm,
                "text": context.text,
                "position": context.position,
                "char_start": context.char_start,
                "char_end": context.char_end,
            }
            for number, context in zip(index.context_ids.tolist(), index.contexts, strict=True)
            if number in used
        ),
    )


@dataclass(frozen=True, eq=False)
class Found:
    """What one lens found at one layer for some images' cells: arrays (image, cell, rank), best first."""

    token_ids: np.ndarray
    scores: np.ndarray
    probabilities: np.ndarray | None = None
    text_layers: np.ndarray | None = None
    context_ids: np.ndarray | None = None
    percentiles: np.ndarray | None = None


def neighbor_rows(
    model_id: str, image_ids: Sequence[str], lens: str, found: dict[int, Found], vocabulary: pa.StringArray
) -> pa.Table:
    """Table `neighbors`; `found` by vision layer, `vocabulary` has the tokens by id."""
    return pa.concat_tables(
        _neighbor_rows(model_id, image_ids, lens, layer, one, vocabulary) for layer, one in found.items()
    )


def _neighbor_rows(
    model_id: str,
    image_ids: Sequence[str],
    lens: str,
    layer: int,
    found: Found,
    vocabulary: pa.StringArray,
) -> pa.Table:
    images, cells, ranks = found.scores.shape
    size = found.scores.size

    def optional(values: np.ndarray | None, kind: pa.DataType) -> pa.Array:
        return pa.nulls(size, kind) if values is None else pa.array(values.reshape(-1)).cast(kind)

    return pa.table(
        {
            "model_id": pa.repeat(model_id, size),
            "image_id": _each(image_ids, cells * ranks),
            "lens": pa.repeat(lens, size),
            "vision_layer": np.full(size, layer, np.int16),
            "cell": np.tile(np.repeat(np.arange(cells, dtype=np.int32), ranks), images),
            "rank": np.tile(np.arange(1, ranks + 1, dtype=np.int16), images * cells),
            "token": vocabulary.take(pa.array(found.token_ids.reshape(-1))),
            "token_id": optional(found.token_ids, pa.int32()),
            "score": found.scores.reshape(-1).astype(np.float32),
            "probability": optional(found.probabilities, pa.float32()),
            "text_layer": optional(found.text_layers, pa.int16()),
            "context_id": optional(found.context_ids, pa.int64()),
            "percentile": optional(found.percentiles, pa.float32()),
        }
    )


def cell_rows(
    model_id: str, image_ids: Sequence[str], statistics: dict[int, dict[str, np.ndarray]]
) -> pa.Table:
    """Table `cells`; `statistics` has, by vision layer, its columns as arrays (image, cell)."""
    tables = []
    for layer, columns in statistics.items():
        images, cells = next(iter(columns.values())).shape
        tables.append(
            pa.table(
                {
                    "model_id": pa.repeat(model_id, images * cells),
                    "image_id": _each(image_ids, cells),
                    "vision_layer": np.full(images * cells, layer, np.int16),
                    "cell": np.tile(np.arange(cells, dtype=np.int32), images),
                    **{name: values.reshape(-1).astype(np.float32) for name, values in columns.items()},
                }
            )
        )
    return pa.concat_tables(tables)


def _each(values: Sequence[str], times: int) -> pa.Array:
    """Every value `times` times, one after the other."""
    return pa.array(list(values), pa.string()).take(pa.array(np.repeat(np.arange(len(values)), times)))
