"""The folder of published judgments → a results folder of its own, without neighbours or canvases."""

from __future__ import annotations

import hashlib
import json
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa

from data_pipeline.errors import InputError
from data_pipeline.importers.published_judgments import tables
from data_pipeline.importers.published_judgments.scores import PART, read_scores
from data_pipeline.importers.published_judgments.study_files import LENSES, LensFiles, read_lens
from data_pipeline.importers.vlens_json.checkpoints import recognise
from data_pipeline.manifest import Expected, Manifest, StudyInfo
from data_pipeline.store import ResultsWriter
from data_pipeline.versions import recorded_versions

STUDY = "published-judgments"
_DESCRIPTION = (
    "The judgments that the published study released, imported: its LLM judge and its annotators on "
    "the same cells, at vision layer 0. LN-Lens's candidates came from one text layer, drawn for each cell. "
    "Images are not at hand; their sizes are those of the canvas that judges were shown."
)
_SCORES = "judge_scores.json"


@dataclass(frozen=True)
class PublishedCounts:
    """What was imported; `of_people` are answers, `answered` cells with at least one, by lens."""

    lens: str
    of_model: int
    of_people: int
    answered: int


def import_published_judgments(folder: Path, output: Path) -> list[PublishedCounts]:
    """Import the published judgments in `folder` into the new results folder `output`.

    Everything is read and checked before anything is written. Equal files give equal tables.

    Raises:
        InputError: nothing recognisable in `folder`, a broken or contradictory file, or an `output` that
            holds something else; the file is named with what was expected.
    """
    started, clock = datetime.now(UTC), time.perf_counter()
    read = [read_lens(folder, lens, tables.LLM_JUDGE) for lens in LENSES]
    files = [of_lens for of_lens in read if of_lens is not None]
    if not files:
        wanted = ", ".join(f"human_study_{name}.json" for name in LENSES.values())
        raise InputError(
            f"{folder}: no published judgments in it, expected {wanted} and llm_judge_… beside it"
        )
    parts = _parts(folder, files)
    writer = ResultsWriter(output, _manifest(files))
    for path, table in parts.items():
        writer.write_part(path, table)
    writer.write_part("runs/import.parquet", _run(folder, started, time.perf_counter() - clock))
    writer.drop_stale_parts([*parts, "runs/import.parquet"])
    return [_counted(of_lens) for of_lens in files]


def _parts(folder: Path, files: list[LensFiles]) -> dict[str, pa.Table]:
    items = [item for of_lens in files for item in of_lens.items]
    checkpoints = sorted((recognise(name) for name in {item.model for item in items}), key=lambda c: c.order)
    verdicts = [verdict for of_lens in files for verdict in (*of_lens.of_model, *of_lens.of_people)]
    judges = sorted({verdict.judge for verdict in verdicts})
    parts = {
        "models/models.parquet": tables.models_table(checkpoints),
        "images/images.parquet": tables.images_table(items),
        f"judge_items/{tables.PLAN}.parquet": tables.items_table(files),
        "judges/published.parquet": tables.judges_table(judges),
    }
    parts |= {f"judgments/published/{name}.parquet": tables.judgments_table(files, name) for name in judges}
    if (folder / _SCORES).is_file():
        scores = read_scores(folder / _SCORES, [checkpoint.model_id for checkpoint in checkpoints])
        parts[PART] = scores.rows
    return parts


def _manifest(files: list[LensFiles]) -> Manifest:
    """No image is promised, as no lens was read here; the LLM's verdicts make the index's figures."""
    lenses: dict[str, list[str]] = {}
    for of_lens in files:
        for name in sorted({recognise(item.model).model_id for item in of_lens.items}):
            lenses.setdefault(name, []).append(of_lens.lens)
    judged = hashlib.sha256(repr(files).encode()).hexdigest()[:16]
    study = StudyInfo(STUDY, "Published judgments", _DESCRIPTION, judged)
    expected = [Expected(name, tuple(lenses[name]), (0,), (), (tables.LLM_JUDGE,)) for name in sorted(lenses)]
    return Manifest(study, expected)


def _run(folder: Path, started: datetime, seconds: float) -> pa.Table:
    row = {
        "run_id": hashlib.sha256(f"import judgments {started.isoformat()}".encode()).hexdigest()[:16],
        "stage": "import",
        "started": started,
        "seconds": seconds,
        "command": f"vlens judge import {folder.name}",
        "versions": json.dumps(recorded_versions(("pyarrow",))),
    }
    return tables.from_rows("runs", [row])


def _counted(files: LensFiles) -> PublishedCounts:
    answered = {verdict.item.name for verdict in files.of_people}
    return PublishedCounts(files.lens, len(files.of_model), len(files.of_people), len(answered))
