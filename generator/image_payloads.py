"""The data files of a model with many images: one payload per image, made from a few images' rows at a time.

Results are asked for in ranges of image ids, which Parquet can find without reading the rest. Every file has
shared tables of its own, so that a page needs nothing but the file of the image that it shows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import pyarrow as pa

from data_pipeline.schema import STORED_LENSES
from generator import queries
from generator.database import Database
from generator.image_files import IMAGE, SHARED, ImageFile, image_file
from generator.payload import ModelTables, Payload, build_payload
from generator.queries import EVERY_IMAGE, ImageRange
from generator.readings import Frame

_AT_ONCE = 16


@dataclass(frozen=True)
class FiledImage:
    """One image whose data lie in a file: its place in the frame, and what its page needs to know."""

    place: int
    file: ImageFile
    top_k: int


def filed_images(database: Database, frame: Frame) -> Iterator[FiledImage]:
    """Make the data files of all images of `frame`, whose texts and judges must be those of all the rows."""
    order = sorted(range(len(frame.images)), key=frame.images.__getitem__)
    batches = [order[start : start + _AT_ONCE] for start in range(0, len(order), _AT_ONCE)]
    firsts = [EVERY_IMAGE[0], *(frame.images[batch[0]] for batch in batches[1:]), EVERY_IMAGE[1]]
    for batch, within in zip(batches, pairwise(firsts), strict=True):
        tables = _batch(database, frame.only(batch), within)
        for place, mine in zip(batch, tables, strict=True):
            payload = build_payload(frame.only([place]), mine, [b""])
            yield FiledImage(place, image_file(frame.model_id, place, _blocks(payload)), payload.top_k)


def whole_frame(database: Database, frame: Frame) -> Frame:
    """`frame` with the text layers and judges of all rows, so that every file numbers them alike."""
    found = queries.model_text_layers(database, frame.model_id)
    judges = [row.judge for row in queries.model_judges(database) if row.model_id == frame.model_id]
    return replace(
        frame, text_layers=tuple(sorted({*frame.text_layers, *found})), judges=tuple(sorted(judges))
    )


def _batch(database: Database, frame: Frame, within: ImageRange) -> list[ModelTables]:
    model = frame.model_id
    lenses: dict[str, list[pa.Table]] = {
        lens: _by_image(frame, queries.model_neighbors(database, model, lens, within))
        for lens in STORED_LENSES
    }
    contexts = queries.model_contexts(database, model, within)
    judgments = _by_image(frame, queries.model_judgments(database, model, within))
    statistics = _by_image(frame, queries.model_statistics(database, model, within))
    return [
        ModelTables(
            {lens: tables[image] for lens, tables in lenses.items()}.__getitem__,
            contexts,
            judgments[image],
            statistics[image],
        )
        for image in range(len(frame.images))
    ]


def _by_image(frame: Frame, table: pa.Table) -> list[pa.Table]:
    """The rows of each image of `frame`."""
    images = frame.place(table).images
    ordered = table.take(pa.array(np.argsort(images, kind="stable")))
    counts = np.bincount(images, minlength=len(frame.images))
    starts = np.cumsum(counts) - counts
    return [
        ordered.slice(start, count) for start, count in zip(starts.tolist(), counts.tolist(), strict=True)
    ]


def _blocks(payload: Payload) -> dict[str, str]:
    blocks = dict(payload.blocks)
    return {SHARED: blocks[SHARED], IMAGE: blocks[f"{IMAGE}-0"]}
