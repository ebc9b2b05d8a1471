"""The import: file by file into neighbours, then what the files said together into the other tables."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import groupby
from json import dumps
from pathlib import Path
from time import perf_counter

import pyarrow as pa

from data_pipeline.importers.vlens_json.checkpoints import safe_id
from data_pipeline.importers.vlens_json.describe import model_row, study_description
from data_pipeline.importers.vlens_json.facts import ModelFacts, StudyFacts
from data_pipeline.importers.vlens_json.layout import LayerFile, Layout, ModelFiles, find_layout
from data_pipeline.importers.vlens_json.pictures import Grid, Picture, grid_of, read_picture
from data_pipeline.importers.vlens_json.shapes import read_layer_file
from data_pipeline.importers.vlens_json.tables import (
    Contexts,
    canvases_table,
    images_table,
    models_table,
    neighbors_table,
    runs_table,
    samples_table,
)
from data_pipeline.manifest import Absence, Expected, Manifest, StudyInfo
from data_pipeline.progress import Progress, SilentProgress, Stage
from data_pipeline.schema import LENSES
from data_pipeline.store import ResultsWriter
from data_pipeline.versions import recorded_versions

ABSENCE_REASON = "not in the imported files"
_ROWS_A_PART = 1_000_000


def import_vlens_json(
    folder: Path, output: Path, progress: Progress | None = None, models: Collection[str] = ()
) -> None:
    """Import the published results in `folder` into the results folder `output`.

    `models` keeps the models with these ids or folder names only. An import that failed is run again:
    equal files give equal tables.

    Raises:
        InputError: nothing recognisable in `folder`, a broken or contradictory file, a missing picture, or
            an `output` that holds something else; the file is named with what was expected.
    """
    started, clock = datetime.now(UTC), perf_counter()
    progress = progress or SilentProgress()
    layout = find_layout(folder, models)
    study = StudyFacts({number: path.stem for number, path in layout.images.items()})
    manifest = Manifest(StudyInfo(safe_id(folder.resolve().name), _title(layout.models)))
    manifest.expected = [_expected(model, study.image_ids.values()) for model in layout.models]
    writer = ResultsWriter(output, manifest)
    facts, parts = _write_neighbors(layout, study, writer, progress)
    parts += _write_study(layout, facts, study, writer)
    _complete_manifest(layout, facts, study, writer)
    parts.append(_write_run(writer, folder, started, perf_counter() - clock))
    writer.drop_stale_parts(parts)


def _title(models: Sequence[ModelFiles]) -> str:
    """What the study is called; a folder's name says nothing to readers."""
    names = [model.checkpoint.title for model in models]
    return f"{names[0]}, imported" if len(names) == 1 else f"{len(names)} imported models"


def _expected(model: ModelFiles, image_ids: Iterable[str]) -> Expected:
    return Expected(model.checkpoint.model_id, LENSES, model.vision_layers, tuple(image_ids))


def _write_neighbors(
    layout: Layout, study: StudyFacts, writer: ResultsWriter, progress: Progress
) -> tuple[list[ModelFacts], list[str]]:
    """Read every file once, writing its neighbours; returns what was gathered and the parts' paths."""
    facts = [ModelFacts(model) for model in layout.models]
    banks: dict[str, Contexts] = {}
    parts: list[str] = []
    with progress.stage("Importing JSON", sum(len(model.files) for model in layout.models)) as stage:
        for model in facts:
            llm = model.source.checkpoint.llm
            contexts = banks.setdefault(llm, Contexts(llm))
            for lens, files in groupby(model.source.files, lambda file: file.lens):
                tables = _tables(model, files, study, contexts, stage)
                for number, table in enumerate(_merged(tables)):
                    parts.append(f"neighbors/{model.model_id}/{lens}-{number:05d}.parquet")
                    writer.write_part(parts[-1], table)
    for contexts in banks.values():
        writer.write_part(contexts.path, contexts.table())
        parts.append(contexts.path)
    return facts, parts


def _tables(
    model: ModelFacts, files: Iterable[LayerFile], study: StudyFacts, contexts: Contexts, stage: Stage
) -> Iterator[pa.Table]:
    """The neighbours of each file."""
    for file in files:
        stage.advance(0, f"{model.model_id}, {file.lens}, layer {file.vision_layer}")
        content = file.path.read_bytes()
        lists = read_layer_file(file, content)
        study.gather(file, lists)
        model.gather(file, lists, hashlib.sha256(content).hexdigest())
        yield neighbors_table(model.model_id, file, lists, study.image_ids, contexts)
        stage.advance()


def _merged(tables: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """The same rows in fewer tables: small files cost readers time, all of a lens at once memory."""
    held: list[pa.Table] = []
    for table in tables:
        held.append(table)
        if sum(table.num_rows for table in held) >= _ROWS_A_PART:
            yield pa.concat_tables(held)
            held = []
    if held:
        yield pa.concat_tables(held)


def _write_study(
    layout: Layout, facts: list[ModelFacts], study: StudyFacts, writer: ResultsWriter
) -> list[str]:
    """Write images, canvases, samples and models; returns the parts' paths."""
    numbers = sorted({number for model in facts for number in model.cells})
    pictures = {number: read_picture(number, layout.images[number]) for number in numbers}
    writer.write_part("images/images.parquet", images_table(pictures.values(), study.captions, study.splits))
    parts = ["images/images.parquet", "canvases/canvases.parquet", "models/models.parquet"]
    canvases: dict[tuple[int, int, int], tuple[Picture, Grid]] = {}
    rows = []
    for position, model in enumerate(facts):
        own = list(_canvases(model, pictures))
        canvases |= {(picture.number, grid.rows, grid.cols): (picture, grid) for picture, grid in own}
        path = f"samples/{model.model_id}.parquet"
        writer.write_part(path, samples_table(model.model_id, own, model.generated_captions))
        parts.append(path)
        rows.append(model_row(model, position, [grid for _, grid in own], {m.model_id for m in facts}))
    writer.write_part("canvases/canvases.parquet", canvases_table(canvases.values()))
    writer.write_part("models/models.parquet", models_table(rows))
    return parts


def _canvases(model: ModelFacts, pictures: dict[int, Picture]) -> Iterator[tuple[Picture, Grid]]:
    for number, cells in sorted(model.cells.items()):
        picture = pictures[number]
        yield picture, grid_of(cells, model.stated_grids.get(number), picture, model.model_id)


def _complete_manifest(
    layout: Layout, facts: list[ModelFacts], study: StudyFacts, writer: ResultsWriter
) -> None:
    """Expect what the files hold together, and declare what some of them lack."""
    manifest = writer.manifest
    names = {model.model_id: [study.image_ids[n] for n in sorted(model.cells)] for model in facts}
    manifest.expected = [_expected(model.source, names[model.model_id]) for model in facts]
    hashes = " ".join(model.config_hash for model in facts)
    manifest.study = StudyInfo(
        manifest.study.study_id,
        manifest.study.title,
        study_description(layout.unread),
        hashlib.sha256(hashes.encode()).hexdigest()[:16],
    )
    manifest.absent = []
    writer.record_absences(gap for model in facts for gap in _absences(model, study.image_ids))


def _absences(model: ModelFacts, image_ids: dict[int, str]) -> Iterator[Absence]:
    """The gaps, each told once and as widely as it reaches: lens, then layer, then image."""
    for lens in LENSES:
        if not any(block[0] == lens for block in model.blocks):
            yield Absence(model.model_id, ABSENCE_REASON, lens)
            continue
        for layer in model.source.vision_layers:
            missing = [number for number in sorted(model.cells) if (lens, layer, number) not in model.blocks]
            if len(missing) == len(model.cells):
                yield Absence(model.model_id, ABSENCE_REASON, lens, layer)
                continue
            for number in missing:
                yield Absence(model.model_id, ABSENCE_REASON, lens, layer, image_ids[number])


def _write_run(writer: ResultsWriter, folder: Path, started: datetime, seconds: float) -> str:
    name = f"import vlens-json {started.isoformat()}"
    row = {
        "run_id": hashlib.sha256(name.encode()).hexdigest()[:16],
        "stage": "import",
        "started": started,
        "seconds": seconds,
        "command": f"vlens import vlens-json {folder.name}",
        "versions": dumps(recorded_versions(("pyarrow", "pillow"))),
    }
    writer.write_part("runs/import.parquet", runs_table(row))
    return "runs/import.parquet"
