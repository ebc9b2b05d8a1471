"""Records of the published files → Arrow tables of the contract."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from data_pipeline.importers.vlens_json.checkpoints import safe_id
from data_pipeline.importers.vlens_json.layout import LayerFile
from data_pipeline.importers.vlens_json.pictures import Grid, Picture, canvas_id
from data_pipeline.importers.vlens_json.shapes import LayerLists, Neighbor
from data_pipeline.importers.vlens_json.spans import token_span
from data_pipeline.schema import TABLES

Rows = list[dict[str, Any]]


@dataclass
class Contexts:
    """The sentences that one language model's neighbours stand in, each place once."""

    llm: str
    rows: dict[int, tuple[str, int | None, int | None, int | None]] = field(default_factory=dict)
    _ids: dict[tuple[str, str, int | None], int] = field(default_factory=dict)

    @property
    def path(self) -> str:
        """Where the table is written; the hash keeps apart names that look alike once made safe."""
        digest = hashlib.sha256(self.llm.encode()).hexdigest()[:8]
        return f"contexts/{safe_id(self.llm)}-{digest}.parquet"

    def id_of(self, neighbor: Neighbor) -> int | None:
        """The id of the neighbour's sentence and place, entered on first sight; None without a sentence."""
        if neighbor.sentence is None:
            return None
        key = (neighbor.token, neighbor.sentence, neighbor.position)
        if key not in self._ids:
            self._ids[key] = self._enter(*key)
        return self._ids[key]

    def _enter(self, token: str, sentence: str, position: int | None) -> int:
        start, end = token_span(token, sentence, position) or (None, None)
        row = (sentence, position, start, end)
        digest = hashlib.blake2b(repr((self.llm, *row)).encode(), digest_size=8).digest()
        context_id = int.from_bytes(digest, "big") >> 1
        self.rows[context_id] = row
        return context_id

    def table(self) -> pa.Table:
        """Table `contexts`."""
        texts, positions, starts, ends = zip(*self.rows.values(), strict=True) if self.rows else ((),) * 4
        columns = [list(self.rows), [self.llm] * len(self.rows), texts, positions, starts, ends]
        return _table("contexts", columns)


def neighbors_table(
    model_id: str, file: LayerFile, lists: LayerLists, image_ids: dict[int, str], contexts: Contexts
) -> pa.Table:
    """Table `neighbors` of one file: rank by place in the list, probability and percentile unknown."""
    cells: list[int] = []
    ranks: list[int] = []
    images: list[str] = []
    entries: list[Neighbor] = []
    for image in lists.images:
        for cell, neighbors in enumerate(image.cells):
            entries += neighbors
            ranks += range(1, len(neighbors) + 1)
            cells += [cell] * len(neighbors)
        images += [image_ids[image.number]] * (len(entries) - len(images))
    count = len(entries)
    columns = [
        pa.repeat(pa.scalar(model_id), count),
        images,
        pa.repeat(pa.scalar(file.lens), count),
        pa.repeat(pa.scalar(file.vision_layer, pa.int16()), count),
        cells,
        ranks,
        [entry.token for entry in entries],
        [entry.token_id for entry in entries],
        [entry.score for entry in entries],
        pa.nulls(count, pa.float32()),
        [entry.text_layer for entry in entries],
        [contexts.id_of(entry) for entry in entries],
        pa.nulls(count, pa.float32()),
    ]
    return _table("neighbors", columns)


def images_table(pictures: Iterable[Picture], captions: dict[int, str], splits: dict[int, str]) -> pa.Table:
    """Table `images`: the published picture stands for the source image, which is not in the files."""
    return _from_rows(
        "images",
        [
            {
                "image_id": picture.image_id,
                "position": position,
                "caption": captions.get(picture.number),
                "width": picture.width,
                "height": picture.height,
                "sha256": picture.sha256,
                "split": splits.get(picture.number),
            }
            for position, picture in enumerate(pictures)
        ],
    )


def canvases_table(canvases: Iterable[tuple[Picture, Grid]]) -> pa.Table:
    """Table `canvases`: the grid covers the whole picture; affine map and padding are unknown."""
    return _from_rows(
        "canvases",
        [
            {
                "canvas_id": canvas_id(picture, grid),
                "image_id": picture.image_id,
                "media_type": picture.media_type,
                "bytes": picture.content,
                "width": picture.width,
                "height": picture.height,
                "rows": grid.rows,
                "cols": grid.cols,
                "cell_width": picture.width / grid.cols,
                "cell_height": picture.height / grid.rows,
                "grid_x": 0.0,
                "grid_y": 0.0,
                "affine": [],
                "padding": [],
            }
            for picture, grid in canvases
        ],
    )


def samples_table(
    model_id: str, canvases: Iterable[tuple[Picture, Grid]], generated_captions: dict[int, str]
) -> pa.Table:
    """Table `samples` of one model."""
    return _from_rows(
        "samples",
        [
            {
                "model_id": model_id,
                "image_id": picture.image_id,
                "canvas_id": canvas_id(picture, grid),
                "generated_caption": generated_captions.get(picture.number),
            }
            for picture, grid in canvases
        ],
    )


def _from_rows(name: str, rows: Rows) -> pa.Table:
    """A table from its rows; a nullable column that no row names is null."""
    return pa.Table.from_pylist(rows, schema=TABLES[name].schema)


def models_table(rows: Rows) -> pa.Table:
    """Table `models`."""
    return _from_rows("models", rows)


def runs_table(row: dict[str, Any]) -> pa.Table:
    """Table `runs`."""
    return _from_rows("runs", [row])


def _table(name: str, columns: list[Any]) -> pa.Table:
    schema = TABLES[name].schema
    arrays = [
        column if isinstance(column, pa.Array) else pa.array(column, field.type)
        for field, column in zip(schema, columns, strict=True)
    ]
    return pa.Table.from_arrays(arrays, schema=schema)
