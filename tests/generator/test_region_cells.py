"""The page's ground truth: known answers for a mask made by hand, and agreement with the judge."""

from __future__ import annotations

import dataclasses
import io
from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image

from data_pipeline.errors import InputError
from data_pipeline.judges.ground_truth import CONCRETE_SHARE, cell_truth, read_regions
from data_pipeline.schema import TABLES
from generator import queries
from generator.database import Database
from generator.records import ModelImage, Region
from generator.region_cells import LEAST_SHARE, region_cells
from tests.generator import tiny_study as tiny

IDENTITY = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
BOAT = Region("scene-0", 0, "object", ("boat",), ("red",), 0, 0, 8, 8, None)


def canvas_of(
    affine: tuple[float, ...] = IDENTITY, grid: tuple[int, int] = (2, 2), cell: float = 4.0
) -> ModelImage:
    """A canvas of rows x columns square cells from its upper left corner."""
    rows, cols = grid
    known = {"image_id": "scene-0", "media_type": "image/png", "bytes": b"", "affine": affine, "padding": ()}
    sizes = {"width": 96, "height": 64, "rows": rows, "cols": cols, "cell_width": cell, "cell_height": cell}
    names = {field.name for field in dataclasses.fields(ModelImage)}
    values = known | sizes | {"grid_x": 0.0, "grid_y": 0.0}
    return ModelImage(**(dict.fromkeys(names) | values))  # type: ignore[arg-type]


def png(mask: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(mask.astype(bool)).save(buffer, "PNG")
    return buffer.getvalue()


def test_only_visible_pixels_count() -> None:
    mask = np.zeros((8, 8))
    mask[:4, :4] = 1  # the whole of cell 0
    mask[:4, 4] = 1  # a quarter of cell 1
    mask[4:7, 0] = 1  # three of sixteen pixels of cell 2; cell 3 holds none
    visible = dataclasses.replace(BOAT, mask=png(mask))
    assert region_cells(visible, canvas_of()) == [[0, 100], [1, 25]]
    assert region_cells(BOAT, canvas_of()) == [[0, 100], [1, 100], [2, 100], [3, 100]]


def test_a_canvas_may_scale_move_and_mirror_its_source() -> None:
    mask = np.zeros((8, 8))
    mask[:, :4] = 1  # the left half
    left = dataclasses.replace(BOAT, mask=png(mask))
    assert region_cells(left, canvas_of((0.5, 0, 0, 0, 0.5, 0))) == [[0, 50]]
    assert region_cells(left, canvas_of((1, 0, 2, 0, 1, 0))) == [[0, 50], [1, 50], [2, 50], [3, 50]]
    assert region_cells(left, canvas_of((-1, 0, 8, 0, 1, 0))) == [[1, 100], [3, 100]]


@pytest.mark.parametrize("affine", [(), (0.0, 1.0, 0.0, 1.0, 0.0, 0.0)])
def test_a_canvas_that_hides_or_turns_its_source_has_no_ground_truth(affine: tuple[float, ...]) -> None:
    assert region_cells(BOAT, canvas_of(affine)) == []


@pytest.mark.parametrize("mask", [b"GIF89a", png(np.ones((8, 7))), png(np.ones((8, 8)))[:40]])
def test_a_mask_that_is_none_is_refused(mask: bytes) -> None:
    with pytest.raises(InputError, match=r"scene-0.*mask"):
        region_cells(dataclasses.replace(BOAT, mask=mask), canvas_of())


def judged_cells(canvas: Mapping[str, Any], rows: list[dict[str, Any]]) -> list[list[int]]:
    """By the judge: the cells that hold each of an image's regions."""
    table = pa.Table.from_pylist(
        [{name: row.get(name) for name in TABLES["regions"].schema.names} for row in rows],
        schema=TABLES["regions"].schema,
    )
    holds = cell_truth(canvas, read_regions(table)[rows[0]["image_id"]]).holds
    return [np.flatnonzero(holds[:, place]).tolist() for place in range(len(rows))]


@pytest.mark.parametrize("model_id", ["alpha-round", "alpha-wide"])
def test_page_and_judge_agree_on_every_cell(tiny_database: Database, model_id: str) -> None:
    assert LEAST_SHARE == CONCRETE_SHARE
    random = np.random.default_rng(6198)
    canvases = {(row["image_id"], row["rows"], row["cols"]): row for row in tiny.canvas_rows()}
    found = 0
    for image in queries.model_images(tiny_database, model_id):
        stored = [r for r in queries.image_regions(tiny_database, model_id) if r.image_id == image.image_id]
        for density in (None, 0.2, 0.25, 0.3, 0.9):
            regions = [hidden(region, density, random) for region in stored]
            shown = [[cell for cell, _ in region_cells(region, image)] for region in regions]
            rows = [dataclasses.asdict(region) for region in regions]
            assert shown == judged_cells(canvases[image.image_id, image.rows, image.cols], rows)
            found += sum(map(len, shown))
    assert found > 10


def hidden(region: Region, density: float | None, random: np.random.Generator) -> Region:
    """The region with so much of it visible, pixel by pixel."""
    if density is None:
        return region
    mask = random.random((round(region.y1 - region.y0), round(region.x1 - region.x0))) < density
    return dataclasses.replace(region, mask=png(mask))
