"""Differences between models by one judge, paired: by cell where both saw the same canvas, else by image.

Compared are an ablation with its baseline, and other models with the same canvases or language model.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

from markupsafe import Markup

from generator.ablations import points
from generator.charts import difference_strip
from generator.database import Database
from generator.intervals import Difference, Tallies, Tally, paired_difference, share
from generator.judge_records import PairCounts, pair_counts
from generator.records import Model, Verdicts
from generator.study_context import StudyContext

MOST_PAIRS = 60
_LEAST_REACH = 0.05


@dataclass(frozen=True)
class DifferenceCell:
    """One lens of one pair, in percentage points; empty words where there is nothing to compare."""

    lens: str
    strip: Markup | None
    value: str
    interval: str
    """Why there is none, or empty where no row has one."""
    is_clear: bool
    basis: str
    """Like `96 patches: 30 only the first, 12 only the second`."""


@dataclass(frozen=True)
class PairRow:
    """A model and the one that it is compared with."""

    model: str
    other: str
    by_cell: bool
    is_ablation: bool
    """Whether `other` is the baseline of `model`."""
    cells: tuple[DifferenceCell, ...]


@dataclass(frozen=True)
class _Compared:
    lens: str
    difference: Difference | None
    basis: str


@dataclass(frozen=True)
class Pair:
    """Two models, and their verdicts on the same cells if they saw the same canvases."""

    model: Model
    other: Model
    same_cells: tuple[PairCounts, ...]


def pairs(database: Database, context: StudyContext, judged: Iterable[str]) -> list[Pair]:
    """The pairs of models to compare, of those in `judged`, baselines' ablations first."""
    known = {model.model_id: model for model in context.models if model.model_id in set(judged)}
    wanted = [
        (model, known[model.baseline_model_id])
        for model in known.values()
        if model.group == "ablation" and model.baseline_model_id in known
    ]
    steps = context.checkpoints
    others = [model for model in known.values() if model.group != "ablation" and model.model_id not in steps]
    found = []
    for model, other in [*wanted, *((later, first) for first, later in combinations(others, 2))]:
        same = tuple(pair_counts(database, model.model_id, other.model_id))
        if same or model.llm == other.llm:
            found.append(Pair(model, other, same))
    return found[:MOST_PAIRS]


def pair_rows(
    context: StudyContext,
    lenses: Sequence[str],
    judge: str,
    found: Sequence[Pair],
    verdicts: Sequence[Verdicts],
) -> tuple[PairRow, ...]:
    """The differences by one judge; pairs without a common image are left out."""
    by_model: dict[str, list[Verdicts]] = defaultdict(list)
    for row in verdicts:
        if row.judge == judge and row.judged:
            by_model[row.model_id].append(row)
    compared = []
    for pair in found:
        of_judge = [one for one in pair.same_cells if one.judge == judge]
        ones = [
            _by_cell(context, judge, pair, lens, of_judge)
            if of_judge
            else _by_image(context, judge, pair, lens, by_model)
            for lens in lenses
        ]
        if any(one.difference for one in ones):
            compared.append((pair, bool(of_judge), ones))
    ends = [
        abs(end)
        for _, _, ones in compared
        for one in ones
        if one.difference
        for end in (one.difference.value, *(one.difference.interval or ()))
    ]
    reach = max([_LEAST_REACH, *ends])
    some = any(one.difference and one.difference.interval for _, _, ones in compared for one in ones)
    return tuple(
        PairRow(
            pair.model.title,
            pair.other.title,
            by_cell,
            pair.model.group == "ablation",
            tuple(_cell(one, reach, some) for one in ones),
        )
        for pair, by_cell, ones in compared
    )


def _by_cell(
    context: StudyContext, judge: str, pair: Pair, lens: str, found: Sequence[PairCounts]
) -> _Compared:
    mine = [one for one in found if one.lens == lens]
    model = {one.image_id: Tally(one.model_found, one.cells) for one in mine}
    other = {one.image_id: Tally(one.other_found, one.cells) for one in mine}
    cells, only, only_other = (
        sum(getattr(one, name) for one in mine) for name in ("cells", "model_only", "other_only")
    )
    basis = f"{cells} patches: {only} only the first, {only_other} only the second"
    return _Compared(lens, _difference(context, judge, pair, lens, model, other), basis)


def _by_image(
    context: StudyContext, judge: str, pair: Pair, lens: str, by_model: dict[str, list[Verdicts]]
) -> _Compared:
    """Vision layers and images that were judged for both; cells of different grids cannot be paired."""
    sides = [
        {(row.vision_layer, row.image_id): row for row in by_model[model.model_id] if row.lens == lens}
        for model in (pair.model, pair.other)
    ]
    common = sorted(sides[0].keys() & sides[1].keys())
    tallies: list[Tallies] = []
    for side in sides:
        found: Tallies = {}
        for block in common:
            row = side[block]
            found[row.image_id] = found.get(row.image_id, Tally()) + Tally(row.interpretable, row.judged)
        tallies.append(found)
    cells = [sum(tally.cells for tally in one.values()) for one in tallies]
    basis = f"{cells[0]} and {cells[1]} patches of {len(tallies[0])} images"
    return _Compared(lens, _difference(context, judge, pair, lens, *tallies), basis)


def _difference(
    context: StudyContext, judge: str, pair: Pair, lens: str, model: Tallies, other: Tallies
) -> Difference | None:
    key = (context.study.study_id, judge, pair.model.model_id, pair.other.model_id, lens, "judge page")
    return paired_difference(share, model, other, *key)


def _cell(one: _Compared, reach: float, some_intervals: bool) -> DifferenceCell:
    difference = one.difference
    if difference is None:
        return DifferenceCell(one.lens, None, "–", "", False, "")
    images = f"{difference.images} image{'s' * (difference.images > 1)}"
    interval = f"{images}: no interval" if some_intervals else ""
    if difference.interval:
        low, high = difference.interval
        interval = f"{points(low)} to {points(high)}"
    strip = difference_strip(one.lens, difference, reach)
    return DifferenceCell(one.lens, strip, points(difference.value), interval, difference.is_clear, one.basis)
