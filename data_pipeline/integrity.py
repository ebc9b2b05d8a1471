"""What is wrong with a results folder, or missing from it, in words: the substance of `vlens check`.

`Results` already refuses what cannot be read (a missing, foreign or truncated file, another schema version).
Here the rows themselves are held against the contract and the manifest: changed bytes, impossible values,
keys that occur twice, ids that lead nowhere, and blocks of the expected matrix that are absent, incomplete
or not judged.
"""

from __future__ import annotations

import io
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from PIL import Image

from data_pipeline.completeness import Block, Gap, changed_parts, expected_blocks, gaps, present_blocks
from data_pipeline.errors import InputError
from data_pipeline.schema import TABLES
from data_pipeline.store import Results
from data_pipeline.value_rules import MOST_CELLS, REFERENCES, SMALLEST, choices


@dataclass(frozen=True)
class Inspection:
    """Counts, gaps that the manifest explains, and what is wrong or missing without a reason."""

    summary: str
    declared: tuple[str, ...]
    problems: tuple[str, ...]


def inspect(folder: Path) -> Inspection:
    """Look through all tables of the results in `folder`.

    Raises:
        InputError: `folder` does not hold V-Lens results that can be read at all.
    """
    results = Results(folder)
    problems = [f"{path}: not the bytes that were written" for path in changed_parts(results)]
    tables: dict[str, pa.Table] = {}
    for name in TABLES:
        try:
            tables[name] = results.read(name)
        except InputError as error:
            problems.append(str(error))
    problems += _strange_values(tables)
    problems += _strange_canvases(tables)
    problems += _strange_baselines(tables)
    problems += _repeated_keys(tables)
    problems += _dangling_ids(tables)
    present = present_blocks(results)
    missing = list(gaps(results, present))
    problems += _missing_samples(results, tables, missing)
    problems += _incomplete_blocks(tables)
    problems += _unjudged_blocks(results, tables, present)
    problems += _gaps_in_words([gap for gap in missing if gap.reason is None])
    declared = _gaps_in_words([gap for gap in missing if gap.reason is not None])
    return Inspection(_summary(results, len(missing)), tuple(declared), tuple(problems))


def _summary(results: Results, missing: int) -> str:
    expected = expected_blocks(results)
    models = {model for model, *_ in expected}
    images = {image for _, image, *_ in expected}
    return (
        f"study {results.manifest.study.study_id}: {len(models)} models, {len(images)} images, "
        f"{len(expected) - missing} of {len(expected)} blocks (model × image × lens × vision layer)"
    )


def _strange_values(tables: dict[str, pa.Table]) -> Iterator[str]:
    """Values below the smallest of their column, or not among its choices."""
    for name, table in tables.items():
        for column in TABLES[name].columns:
            values = table[column.name]
            if pa.types.is_integer(column.type) and column.name in SMALLEST:
                smallest, limit = pc.min(values).as_py(), SMALLEST[column.name]
                if smallest is not None and smallest < limit:
                    yield f"table {name}: {column.name} is {smallest}, expected {limit} or more"
            if listed := choices(column):
                strange = set(pc.unique(values).to_pylist()) - {None, *listed}
                if strange:
                    expected = ", ".join(listed)
                    yield f"table {name}: {column.name} is {min(strange)!r}, expected one of {expected}"


def _strange_canvases(tables: dict[str, pa.Table]) -> Iterator[str]:
    """A canvas must be an image of the encoding that it names, and have cells that fit into memory."""
    if "canvases" not in tables:
        return
    columns = ["canvas_id", "media_type", "bytes", "rows", "cols"]
    for canvas, media_type, content, rows, cols in _rows(tables["canvases"], columns):
        if rows * cols > MOST_CELLS:
            yield f"canvas {canvas}: {rows} × {cols} cells, expected at most {MOST_CELLS}"
        if not _is_image(content, media_type):
            yield f"canvas {canvas}: cannot be read as {media_type}"


def _is_image(content: bytes, media_type: str) -> bool:
    try:
        with Image.open(io.BytesIO(content), formats=[media_type.removeprefix("image/").upper()]) as image:
            image.load()
    except (OSError, ValueError, SyntaxError, KeyError, Image.DecompressionBombError):
        return False
    return True


def _strange_baselines(tables: dict[str, pa.Table]) -> Iterator[str]:
    if "models" not in tables:
        return
    for model, baseline in _rows(tables["models"], ["model_id", "baseline_model_id"]):
        if model == baseline:
            yield f"model {model}: is its own baseline, expected another model"


def _repeated_keys(tables: dict[str, pa.Table]) -> Iterator[str]:
    for name, table in tables.items():
        key = list(TABLES[name].key)
        repeated = table.num_rows - table.group_by(key).aggregate([]).num_rows
        if repeated:
            yield f"table {name}: {repeated} rows repeat the key ({', '.join(key)}) of another row"


def _dangling_ids(tables: dict[str, pa.Table]) -> Iterator[str]:
    for name, column, target in REFERENCES:
        if name not in tables or target not in tables:
            continue
        known = tables[target][TABLES[target].key[0]].combine_chunks()
        used = pc.drop_null(pc.unique(tables[name][column]))
        unknown = used.filter(pc.invert(pc.is_in(used, known)))
        if len(unknown):
            yield (
                f"table {name}: {len(unknown)} values of {column}, such as {unknown[0].as_py()!r}, "
                f"are not in table {target}"
            )


def _missing_samples(results: Results, tables: dict[str, pa.Table], missing: list[Gap]) -> Iterator[str]:
    if "samples" not in tables:
        return
    present = set(_rows(tables["samples"], ["model_id", "image_id"]))
    explained = {(gap.model_id, gap.image_id) for gap in missing if gap.reason is not None}
    expected = {(entry.model_id, image) for entry in results.manifest.expected for image in entry.images}
    by_model = Counter(model for model, _ in expected - present - explained)
    for model, count in sorted(by_model.items()):
        yield f"model {model}: no row in table samples for {count} images"


def _incomplete_blocks(tables: dict[str, pa.Table]) -> Iterator[str]:
    """A block that is there must have every cell of its canvas."""
    if not {"samples", "canvases", "neighbors"} <= tables.keys():
        return
    sizes = {
        canvas: rows * cols for canvas, rows, cols in _rows(tables["canvases"], ["canvas_id", "rows", "cols"])
    }
    canvases = {
        (model, image): sizes.get(canvas)
        for model, image, canvas in _rows(tables["samples"], ["model_id", "image_id", "canvas_id"])
    }
    block = ["model_id", "image_id", "lens", "vision_layer"]
    cells = tables["neighbors"].group_by(block).aggregate([("cell", "count_distinct"), ("cell", "max")])
    columns = [*block, "cell_count_distinct", "cell_max"]
    for model, image, lens, layer, count, last in sorted(_rows(cells, columns)):
        size = canvases.get((model, image))
        if size is not None and (count != size or last >= size):
            yield (
                f"model {model}, image {image}, lens {lens}, vision layer {layer}: "
                f"{count} cells up to number {last}, expected {size}"
            )


def _unjudged_blocks(results: Results, tables: dict[str, pa.Table], present: set[Block]) -> Iterator[str]:
    if "judgments" not in tables:
        return
    columns = ["model_id", "image_id", "lens", "vision_layer", "judge"]
    judged = set(_rows(tables["judgments"].group_by(columns).aggregate([]), columns))
    for entry in results.manifest.expected:
        blocks = [block for block in present if block[0] == entry.model_id]
        for judge in entry.judges:
            unjudged = sum((*block, judge) not in judged for block in blocks)
            if unjudged:
                count = f"{unjudged} of {len(blocks)} blocks"
                yield f"model {entry.model_id}: judge {judge} has not judged {count}"


def _gaps_in_words(missing: list[Gap]) -> list[str]:
    """One sentence per model and lens, not one per block."""
    groups: dict[tuple[str, str, str | None], list[Gap]] = defaultdict(list)
    for gap in missing:
        groups[gap.model_id, gap.lens, gap.reason].append(gap)
    return [
        f"model {model}, lens {lens}: {_extent(group)}" + (f" ({reason})" if reason else "")
        for (model, lens, reason), group in groups.items()
    ]


def _extent(group: list[Gap]) -> str:
    layers = sorted({gap.vision_layer for gap in group})
    images = sorted({gap.image_id for gap in group})
    shown = ", ".join(images[:3]) + (f" and {len(images) - 3} more" if len(images) > 3 else "")
    return f"{len(group)} blocks missing (vision layers {', '.join(map(str, layers))}; images {shown})"


def _rows(table: pa.Table, columns: list[str]) -> Iterator[tuple[Any, ...]]:
    return zip(*(table[column].to_pylist() for column in columns), strict=True)
