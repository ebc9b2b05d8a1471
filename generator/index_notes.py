"""The index's words about the study: what it holds, how numbers were made, what ran, what is absent."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from data_pipeline.schema import LENS_TITLES, STORED_LENSES, TABLES
from data_pipeline.store import Results
from generator.absences import NOT_COMPUTED
from generator.measures import Measures
from generator.records import CaptionLoss, Judge, LostContexts, Run, StudySize
from generator.study_context import StudyContext

GROUP_NAMES = {"main": "main", "ablation": "ablation", "off_the_shelf": "off-the-shelf"}


@dataclass(frozen=True)
class Methods:
    """What `index-methods.html.jinja` must know to explain the numbers of this study."""

    top_k: int
    judges: str
    """Empty where nothing was judged."""
    failed: str
    """Like `3 calls`; empty where no call failed."""
    chance_note: str
    has_losses: bool


@dataclass(frozen=True)
class RunRow:
    """One run, in words."""

    stage: str
    model: str
    started: str
    seconds: str
    device: str
    seed: str
    command: str
    versions: str


@dataclass(frozen=True)
class Absent:
    """Blocks of one model that are missing for one reason."""

    model: str
    lenses: str
    layers: str
    images: int
    reason: str


@dataclass(frozen=True)
class DataColumn:
    """One column of a table."""

    name: str
    type: str
    unit: str
    meaning: str


@dataclass(frozen=True)
class DataTable:
    """One table of the results: what it is, how large, and its files."""

    name: str
    row: str
    rows: str
    """Like `1 row`."""
    size: str
    files: tuple[tuple[str, str], ...]
    """Path from the results' folder, and size."""
    columns: tuple[DataColumn, ...]


def thousands(number: int) -> str:
    """A count with narrow no-break spaces, like `12 960`."""
    return f"{number:,}".replace(",", "\u202f")


def size_text(size: int) -> str:
    """A size in decimal units, like `1.4 MB`."""
    for unit, scale in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size >= scale:
            return f"{size / scale:.1f}\u202f{unit}"
    return f"{size}\u202fB"


def count_text(count: int, noun: str) -> str:
    """A count with its noun, like `1 image` or `10 images`."""
    return f"{thousands(count)}\u00a0{noun}" + ("" if count == 1 else "s")


def facts(context: StudyContext, size: StudySize) -> tuple[tuple[str, str], ...]:
    """The study at a glance: label and value."""
    steps = context.checkpoints
    groups = Counter("steps" if model.model_id in steps else model.group for model in context.models)
    names = GROUP_NAMES | {"steps": "checkpoint" + "s" * (len(steps) > 1)}
    models = ", ".join(f"{groups[group]} {name}" for group, name in names.items() if groups[group])
    layers = sorted({layer for model in context.models for layer in model.vision_layers})
    found = [
        ("models", models),
        ("images", thousands(size.images)),
        ("vision layers", ", ".join(map(str, layers))),
        ("words per cell and lens", str(size.top_k)),
        ("neighbours", thousands(size.neighbors)),
    ]
    if size.judgments:
        found.append(("judgments", thousands(size.judgments)))
    return tuple(found)


def methods(
    context: StudyContext,
    measures: Measures,
    judges: Sequence[Judge],
    size: StudySize,
    losses: Mapping[str, CaptionLoss],
) -> Methods:
    """The facts that the page's explanations of its numbers depend on."""
    names = (f"{judge.judge} ({judge.judge_model})" if judge.judge_model else judge.judge for judge in judges)
    return Methods(
        size.top_k,
        ", ".join(dict.fromkeys(names)),
        count_text(measures.failed(), "call") if measures.failed() else "",
        context.study.chance_note,
        bool(losses),
    )


def run_rows(runs: Sequence[Run], context: StudyContext) -> tuple[RunRow, ...]:
    """Every run, in the order in which they began."""
    return tuple(
        RunRow(
            run.stage,
            _subject(run, context),
            f"{run.started:%Y-%m-%d %H:%M:%S} UTC",
            f"{run.seconds:.1f}",
            " ".join(part for part in (run.device, run.dtype) if part) or "–",
            "–" if run.seed is None else str(run.seed),
            run.command,
            _versions(run.versions),
        )
        for run in runs
    )


def _subject(run: Run, context: StudyContext) -> str:
    """What a run was about: a model, or the LLM for its text index, which all models with that LLM share."""
    for model in context.models:
        if model.model_id == run.model_id:
            return model.llm if run.stage == "index" else model.title
    return run.model_id or "all"


def run_summary(runs: Sequence[Run]) -> tuple[tuple[str, str], ...]:
    """What the runs have in common: label and value."""
    if not runs:
        return ()
    seconds: dict[str, float] = defaultdict(float)
    for run in runs:
        seconds[run.stage] += run.seconds
    times = ", ".join(f"{stage} {value:.1f}\u202fs" for stage, value in seconds.items())
    found = [
        ("time by stage", times),
        ("device", _distinct(run.device for run in runs)),
        ("precision", _distinct(run.dtype for run in runs)),
        ("seed", _distinct(None if run.seed is None else str(run.seed) for run in runs)),
        ("versions", _distinct(_versions(run.versions) for run in runs)),
        ("command", _distinct(run.command for run in runs)),
    ]
    return tuple((label, value) for label, value in found if value)


def _distinct(values: Iterable[str | None]) -> str:
    return "; ".join(dict.fromkeys(value for value in values if value))


def _versions(text: str) -> str:
    try:
        versions = json.loads(text)
    except ValueError:
        return text
    if not isinstance(versions, dict):
        return text
    return ", ".join(f"{name} {version}" for name, version in versions.items())


def absent_rows(context: StudyContext) -> tuple[Absent, ...]:
    """What the study promises and lacks: lenses that lack the same blocks for the same reason share a row."""
    titles = {model.model_id: model.title for model in context.models}
    blocks: dict[tuple[str, str, str], set[tuple[int, str]]] = defaultdict(set)
    for gaps in context.gaps.values():
        for gap in gaps:
            blocks[gap.model_id, gap.reason or NOT_COMPUTED, gap.lens].add((gap.vision_layer, gap.image_id))
    lenses: dict[tuple[str, str, frozenset[tuple[int, str]]], list[str]] = defaultdict(list)
    for (model_id, reason, lens), missing in blocks.items():
        lenses[model_id, reason, frozenset(missing)].append(lens)
    return tuple(
        Absent(
            titles.get(model_id, model_id),
            ", ".join(LENS_TITLES[lens] for lens in STORED_LENSES if lens in found),
            ", ".join(map(str, sorted({layer for layer, _ in missing}))),
            len({image for _, image in missing}),
            reason,
        )
        for (model_id, reason, missing), found in lenses.items()
    )


def lost_sentences(context: StudyContext, lost: Iterable[LostContexts]) -> tuple[Absent, ...]:
    """Models whose text neighbours are shown without their sentences."""
    titles = {model.model_id: model.title for model in context.models}
    return tuple(
        Absent(
            titles.get(row.model_id, row.model_id),
            LENS_TITLES["contextual"],
            "–",
            row.images,
            f"{count_text(row.neighbors, 'neighbour')} without a sentence: table contexts does not have it",
        )
        for row in lost
    )


def data_tables(results: Results) -> tuple[DataTable, ...]:
    """The results' tables that have rows, with their files and columns, in the contract's order."""
    parts = results.manifest.parts
    tables = []
    for name, spec in TABLES.items():
        mine = [parts[path] for path in sorted(parts) if parts[path].table == name]
        if not any(part.rows for part in mine):
            continue
        columns = tuple(
            DataColumn(column.name, str(column.type), column.unit, column.meaning) for column in spec.columns
        )
        tables.append(
            DataTable(
                name,
                spec.row,
                count_text(sum(part.rows for part in mine), "row"),
                size_text(sum(part.bytes for part in mine)),
                tuple((part.path, size_text(part.bytes)) for part in mine),
                columns,
            )
        )
    return tuple(tables)
