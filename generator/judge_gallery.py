"""Judged items to look at one by one: what was asked, what was said, and a picture of the cell.

A study may hold hundreds of thousands of judgments; shown are `MOST` at most, chosen by a hash. They lie in
data files of their own: the texts in one, the pictures in others, which are read when they come into view.
"""

from __future__ import annotations

import bz2
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from PIL import Image

from data_pipeline.errors import InputError
from generator import queries
from generator.database import Database
from generator.image_files import DataFiles, data_file
from generator.judge_records import JudgeFacts
from generator.printable import printable
from generator.records import ModelImage
from generator.study_context import StudyContext, model_href

MOST = 900
"""Items that are shown."""
MOST_SORTED = 1_000_000
FOLDER = "judge"
CROPS_IN_FILE = 64
_AROUND = 2
"""Cells of the neighbourhood on each side of the cell."""
_LARGEST, _QUALITY = 128, 60


@dataclass(frozen=True)
class Gallery:
    """What the page knows of the items before it has read them."""

    shown: int
    items: int
    """All that were judged, of which `shown` are shown."""
    data: dict[str, Any]


@dataclass(frozen=True)
class Crop:
    """A cell with its neighbourhood, and where the cell is in it, in shares of its sides."""

    content: bytes
    place: tuple[float, float, float, float]
    """Left, top, width, height, each from 0 to 1."""


def gallery(
    database: Database, context: StudyContext, facts: Sequence[JudgeFacts], files: DataFiles
) -> Gallery:
    """Choose the items, make their files and say where these are."""
    models = [model.model_id for model in context.models]
    judges = [one.judge for one in facts]
    chosen = {"models": models, "seed": context.study.study_id, "most": MOST, **_looked_at(facts)}
    rows = database.rows("judged_items", chosen)
    pictures = _Pictures(database, context)
    items = [
        _item(list(mine), models, judges, pictures)
        for _, mine in groupby(rows, lambda row: tuple(row[name] for name in _KEY))
    ]
    crops = [
        _crop_file(first, pictures.crops[first : first + CROPS_IN_FILE], files)
        for first in range(0, len(pictures.crops), CROPS_IN_FILE)
    ]
    text = json.dumps(items, ensure_ascii=False, separators=(",", ":")).encode()
    packed = f"{len(text)}:{printable(bz2.compress(text, 9))}"
    file = data_file(f"{FOLDER}/00001.js", f"{FOLDER}/00001", {"items": packed})
    files.keep(file)
    data = {
        "file": {"src": file.path, "key": file.key},
        "crops": crops,
        "cropsInFile": CROPS_IN_FILE,
        "models": [
            {
                "id": model.model_id,
                "title": model.title,
                "href": model_href(model.model_id) if model in context.shown else None,
            }
            for model in context.models
        ],
    }
    return Gallery(len(items), rows[0]["items"] if rows else 0, data)


def _looked_at(facts: Sequence[JudgeFacts]) -> dict[str, Any]:
    """Of which judges only every n-th cell is looked at, so that about `MOST_SORTED` judgments are left."""
    thorough = [one for one in facts if one.judgments > MOST_SORTED]
    every = max((-(-one.judgments // MOST_SORTED) for one in thorough), default=1)
    return {"thorough": [one.judge for one in thorough], "every": every}


_KEY = ("image_id", "cell", "model_id", "lens", "vision_layer")


def _item(
    rows: list[dict[str, Any]], models: list[str], judges: Sequence[str], pictures: _Pictures
) -> dict[str, Any]:
    """One cell of one lens, with what each judge said of it; words once, as most judges were given them."""
    first = rows[0]
    words = max((row["candidates"] for row in rows), key=len)
    return {
        "model": models.index(first["model_id"]),
        "image": first["image_id"],
        "lens": first["lens"],
        "layer": first["vision_layer"],
        "cell": first["cell"],
        **pictures.of(first["model_id"], first["image_id"], first["cell"]),
        "words": words,
        "verdicts": [_verdict(row, judges) for row in rows],
    }


def _verdict(row: dict[str, Any], judges: Sequence[str]) -> dict[str, Any]:
    said: dict[str, Any] = {
        "judge": judges.index(row["judge"]),
        "status": row["status"],
        "yes": row["interpretable"],
    }
    for name in ("concrete", "abstract", "global"):
        if found := row[f"{name}_words"]:
            said[name] = found
    for name in ("reasoning", "failure"):
        if row[name]:
            said[name] = row[name]
    return said


class _Pictures:
    """The cells' pictures, each once for all models that saw the same pixels."""

    def __init__(self, database: Database, context: StudyContext) -> None:
        self._database, self._shown = database, {model.model_id for model in context.shown}
        self._images: dict[str, dict[str, ModelImage]] = {}
        self._canvases: dict[bytes, Image.Image] = {}
        self._numbers: dict[tuple[bytes, int, int, int], int] = {}
        self.crops: list[Crop] = []

    def of(self, model_id: str, image_id: str, cell: int) -> dict[str, Any]:
        """Row, column and number of the picture; nothing where the model's canvas is not there."""
        image = self._seen(model_id).get(image_id)
        if image is None or not 0 <= cell < image.rows * image.cols:
            return {}
        row, col = divmod(cell, image.cols)
        key = (image.bytes, image.rows, image.cols, cell)
        if key not in self._numbers:
            self._numbers[key] = len(self.crops)
            self.crops.append(_crop(self._canvas(image), image, row, col))
        number = self._numbers[key]
        place = [round(value, 3) for value in self.crops[number].place]
        return {"row": row, "col": col, "caption": image.caption, "crop": number, "place": place}

    def _seen(self, model_id: str) -> dict[str, ModelImage]:
        if model_id not in self._shown:
            return {}
        if model_id not in self._images:
            found = queries.model_images(self._database, model_id)
            self._images[model_id] = {image.image_id: image for image in found}
        return self._images[model_id]

    def _canvas(self, image: ModelImage) -> Image.Image:
        if image.bytes not in self._canvases:
            try:
                with Image.open(io.BytesIO(image.bytes)) as picture:
                    self._canvases[image.bytes] = picture.convert("RGB")
            except (OSError, ValueError, Image.DecompressionBombError) as error:
                raise InputError(
                    f"canvas of image {image.image_id!r} cannot be read as {image.media_type}"
                ) from error
        return self._canvases[image.bytes]


def _crop(canvas: Image.Image, image: ModelImage, row: int, col: int) -> Crop:
    """The cell and `_AROUND` cells on each side, as far as the canvas goes."""
    scale = canvas.width / image.width  # a canvas knows its size; a picture of another one is scaled alike
    left, top = image.grid_x + col * image.cell_width, image.grid_y + row * image.cell_height
    cell = (left, top, left + image.cell_width, top + image.cell_height)
    reach_x, reach_y = _AROUND * image.cell_width, _AROUND * image.cell_height
    box = [
        round(max(0.0, (cell[0] - reach_x) * scale)),
        round(max(0.0, (cell[1] - reach_y) * scale)),
        round(min(float(canvas.width), (cell[2] + reach_x) * scale)),
        round(min(float(canvas.height), (cell[3] + reach_y) * scale)),
    ]
    box[2], box[3] = max(box[2], box[0] + 1), max(box[3], box[1] + 1)
    width, height = box[2] - box[0], box[3] - box[1]
    small = canvas.crop((box[0], box[1], box[2], box[3]))
    small.thumbnail((_LARGEST, _LARGEST))
    buffer = io.BytesIO()
    small.save(buffer, "WEBP", quality=_QUALITY, method=2)
    place = (
        (cell[0] * scale - box[0]) / width,
        (cell[1] * scale - box[1]) / height,
        (cell[2] - cell[0]) * scale / width,
        (cell[3] - cell[1]) * scale / height,
    )
    return Crop(buffer.getvalue(), place)


def _crop_file(first: int, crops: Sequence[Crop], files: DataFiles) -> dict[str, str]:
    """The file of some crops, the first of which has the number `first`; file 1 holds the items."""
    name = f"{FOLDER}/{first // CROPS_IN_FILE + 2:05d}"
    blocks = {f"crop-{first + place}": printable(crop.content) for place, crop in enumerate(crops)}
    file = data_file(f"{name}.js", name, blocks)
    files.keep(file)
    return {"src": file.path, "key": file.key}
