"""The data files that the comparison reads.

Where models' pages keep their data to themselves, slim files are written beside the comparison: the same
coding with tokens and rounded scores only, each canvas once for all the models that saw it. Where models'
pages have data files, these are read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from data_pipeline.schema import LENSES, TABLES
from generator import queries
from generator.canvas_files import canvas_file
from generator.database import Database
from generator.image_files import IMAGE, SHARED, DataFiles, FileName, image_file
from generator.payload import ModelTables, Payload, build_payload
from generator.readings import Frame
from generator.records import Model, ModelImage

COMPARE_FOLDER = "compare"
_NOT_COMPARED = ("probability", "text_layer", "context_id")
_SCORE_DECIMALS = 2
"""One more would make the files much larger, and the page shows two."""


@dataclass(frozen=True)
class Seen:
    """One image of one model, and where its data lie."""

    image: ModelImage
    data: FileName
    canvas: FileName


def filed(images: Sequence[ModelImage], names: Sequence[FileName], files: DataFiles) -> list[Seen]:
    """The images of a model whose own page reads data files."""
    return [
        Seen(image, name, canvas_file(image.bytes, files)) for image, name in zip(images, names, strict=True)
    ]


def slim_files(
    database: Database,
    model: Model,
    images: Sequence[ModelImage],
    files: DataFiles,
) -> list[Seen]:
    """Slim files of all images of a model."""
    neighbors: dict[str, pa.Table] = {
        lens: queries.model_neighbors(database, model.model_id, lens) for lens in LENSES
    }
    found = []
    for place, image in enumerate(images):
        mine = {lens: _slim(table, image.image_id) for lens, table in neighbors.items()}
        payload = _slim_payload(model, image, mine)
        blocks = dict(payload.blocks)
        slim = {SHARED: blocks["payload-shared"], IMAGE: blocks["payload-image-0"]}
        file = image_file(model.model_id, place, slim, folder=COMPARE_FOLDER)
        files.keep(file)
        name = FileName(file.path, file.key, payload.top_k)
        found.append(Seen(image, name, canvas_file(image.bytes, files)))
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
    kept_out = ("neighbors", "contexts", "judgments", "cells")
    nothing = {name: TABLES[name].schema.empty_table() for name in kept_out}
    tables = ModelTables(
        lambda lens: neighbors.get(lens, nothing["neighbors"]),
        nothing["contexts"],
        nothing["judgments"],
        nothing["cells"],
    )
    return build_payload(frame, tables, [b""])
