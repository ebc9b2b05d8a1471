"""What a results folder lacks: the expected matrix of the manifest against the rows that are there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.parquet as pq

from data_pipeline.store import Results, readable, sha256_of

_BATCH_ROWS = 32_768  # small enough that a study's keys never lie in memory at once

Block = tuple[str, str, str, int]  # model_id, image_id, lens, vision_layer


@dataclass(frozen=True)
class Gap:
    """One missing block of the matrix, with the reason if the manifest gives one."""

    model_id: str
    image_id: str
    lens: str
    vision_layer: int
    reason: str | None


def expected_blocks(results: Results) -> set[Block]:
    """Every (model, image, lens, vision layer) that the study promises."""
    return {
        (entry.model_id, image, lens, layer)
        for entry in results.manifest.expected
        for image in entry.images
        for lens in entry.lenses
        for layer in entry.vision_layers
    }


def present_blocks(results: Results) -> set[Block]:
    """Every block that has at least one neighbour."""
    names = ["model_id", "image_id", "lens", "vision_layer"]
    blocks: set[Block] = set()
    for path in results.paths("neighbors"):
        with readable(path), pq.ParquetFile(path, read_dictionary=names[:3]) as file:
            for batch in file.iter_batches(_BATCH_ROWS, columns=names):
                keys = pa.Table.from_batches([batch]).group_by(names, use_threads=False).aggregate([])
                blocks.update(zip(*(keys[name].to_pylist() for name in names), strict=True))
    return blocks


def gaps(results: Results, present: set[Block] | None = None) -> Iterator[Gap]:
    """The missing blocks, in order; `present` spares reading all parts when it is already known."""
    found = present_blocks(results) if present is None else present
    for model_id, image_id, lens, layer in sorted(expected_blocks(results) - found):
        yield Gap(model_id, image_id, lens, layer, _reason(results, model_id, image_id, lens, layer))


def _reason(results: Results, model_id: str, image_id: str, lens: str, layer: int) -> str | None:
    for absence in results.manifest.absent:
        if (
            absence.model_id == model_id
            and absence.lens in (None, lens)
            and absence.vision_layer in (None, layer)
            and absence.image_id in (None, image_id)
        ):
            return absence.reason
    return None


def changed_parts(results: Results) -> list[str]:
    """Paths of the parts whose bytes are not those that were written."""
    return [
        part.path
        for part in results.manifest.parts.values()
        if sha256_of(results.folder / part.path) != part.sha256
    ]
