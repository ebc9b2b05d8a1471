"""The index's table of ablations: each one's share beside its baseline's, with chance on both sides."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from markupsafe import Markup

from generator.charts import difference_strip, percent
from generator.intervals import Difference, Tallies, Tally, paired_difference, share, share_above_chance
from generator.measures import Block, Measures
from generator.records import Model
from generator.study_context import StudyContext, Title

_LEAST_REACH = 0.05


@dataclass(frozen=True)
class DifferenceText:
    """A difference to the baseline in percentage points.

    `interval` says why where there is none, but is empty where no row of the table has one.
    """

    value: str
    interval: str
    is_clear: bool


@dataclass(frozen=True)
class DifferenceCell:
    """One lens of one row: its share and chance, and for an ablation what differs from the baseline."""

    lens: str
    share: str
    chance: str
    strip: Markup | None
    difference: DifferenceText | None
    above_chance: DifferenceText | None
    """The difference of share − chance; None where chance is not known on both sides."""
    basis: str
    """What was compared, where that is not all that was judged of both models."""


@dataclass(frozen=True)
class AblationRow:
    """One ablation beside its baseline."""

    link: Title
    description: str | None
    baseline: str
    """Empty for a baseline itself."""
    images: int
    cells: tuple[DifferenceCell, ...]
    compare_href: str | None = None
    """The comparison with the baseline; None where there is none."""


@dataclass(frozen=True)
class _Comparison:
    """One lens of one model and, for an ablation, of its baseline on the blocks that both have."""

    lens: str
    tally: Tally | None
    images: int
    difference: Difference | None = None
    above_chance: Difference | None = None
    basis: str = ""


def ablation_rows(context: StudyContext, measures: Measures) -> tuple[AblationRow, ...]:
    """Each baseline of an ablation, then the ablations in the order of the study."""
    titles = {model.model_id: model.title for model in context.models}
    steps = context.checkpoints  # they have a section of their own
    ablations = [m for m in context.models if m.group == "ablation" and m.model_id not in steps]
    wanted = {model.baseline_model_id for model in ablations}
    found = [
        (model, _alone(context, measures, model)) for model in context.models if model.model_id in wanted
    ]
    compared = [(model, _compared(context, measures, model)) for model in ablations]
    reach = _reach(one for _, comparisons in compared for one in comparisons)
    some = any(
        one.difference and one.difference.interval for _, comparisons in compared for one in comparisons
    )
    names = ["" for _ in found] + [
        titles.get(model.baseline_model_id or "", "no baseline in the study") for model in ablations
    ]
    return tuple(
        AblationRow(
            context.title(model),
            model.description if name else None,
            name,
            max((one.images for one in comparisons), default=0),
            tuple(_cell(one, reach, some) for one in comparisons),
            context.compare_href(
                [one for one in context.models if one.model_id == model.baseline_model_id] + [model]
            ),
        )
        for (model, comparisons), name in zip(found + compared, names, strict=True)
    )


def lack_intervals(rows: Iterable[AblationRow]) -> bool:
    """Whether there are differences, and none of them has an interval."""
    shown = [cell.difference for row in rows for cell in row.cells if cell.difference]
    return bool(shown) and not any(one.interval for one in shown)


def _alone(context: StudyContext, measures: Measures, model: Model) -> list[_Comparison]:
    return [_lone(measures, model, lens) for lens in context.all_lenses]


def _lone(measures: Measures, model: Model, lens: str) -> _Comparison:
    tallies = measures.tallies(model.model_id, lens, measures.blocks(model.model_id, lens))
    return _Comparison(lens, _sum(tallies), len(tallies))


def _compared(context: StudyContext, measures: Measures, model: Model) -> list[_Comparison]:
    baseline_id = model.baseline_model_id
    if baseline_id is None or not measures.has(baseline_id):
        return _alone(context, measures, model)
    return [_comparison(context, measures, model, baseline_id, lens) for lens in context.all_lenses]


def _comparison(
    context: StudyContext, measures: Measures, model: Model, baseline_id: str, lens: str
) -> _Comparison:
    """Only vision layers and images that were judged in both count, for the share shown as well."""
    own, theirs = (measures.blocks(model_id, lens) for model_id in (model.model_id, baseline_id))
    common = own & theirs
    if not common:
        return replace(
            _lone(measures, model, lens), basis="nothing in common with the baseline" if own else ""
        )
    tallies, baseline = (
        measures.tallies(model_id, lens, common) for model_id in (model.model_id, baseline_id)
    )
    key = (context.study.study_id, model.model_id, lens, "difference to the baseline")
    return _Comparison(
        lens,
        _sum(tallies),
        len(tallies),
        paired_difference(share, tallies, baseline, *key),
        paired_difference(share_above_chance, tallies, baseline, *key),
        "" if own == theirs else _basis(common),
    )


def _sum(tallies: Tallies) -> Tally | None:
    return sum(tallies.values(), Tally()) if tallies else None


def _basis(common: set[Block]) -> str:
    """Like `on layers 0, 2 of 9 images only`."""
    layers = ", ".join(map(str, sorted({layer for layer, _ in common})))
    return f"on layers {layers} of {_images(len({image for _, image in common}))} only"


def _images(count: int) -> str:
    return f"{count} image" + ("" if count == 1 else "s")


def _reach(comparisons: Iterable[_Comparison]) -> float:
    """How far the strips must reach to show every interval."""
    shown = [one.difference for one in comparisons if one.difference]
    ends = [abs(end) for one in shown for end in (one.value, *(one.interval or ()))]
    return max([_LEAST_REACH, *ends])


def _cell(one: _Comparison, reach: float, some_intervals: bool) -> DifferenceCell:
    tally = one.tally
    chance = None if tally is None else tally.chance
    return DifferenceCell(
        one.lens,
        "–" if tally is None else percent(tally.hits / tally.cells, 1),
        "" if chance is None else f"chance {percent(chance)}",
        difference_strip(one.lens, one.difference, reach) if one.difference else None,
        _text(one.difference, some_intervals),
        _text(one.above_chance, some_intervals),
        one.basis,
    )


def _text(difference: Difference | None, some_intervals: bool) -> DifferenceText | None:
    if difference is None:
        return None
    if difference.interval is None:
        why = f"{_images(difference.images)}: no interval" if some_intervals else ""
        return DifferenceText(points(difference.value), why, False)
    low, high = difference.interval
    return DifferenceText(points(difference.value), f"{points(low)} to {points(high)}", difference.is_clear)


def points(difference: float) -> str:
    """A difference of rates in percentage points with its sign, like `+3.1`."""
    text = f"{100 * difference:+.1f}".replace("-", "−")
    return "0.0" if text in ("+0.0", "−0.0") else text
