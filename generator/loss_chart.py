"""Losses over a training as SVG text: those of a study's captions at its steps, and those that it learned by.

All are in nats per token on one axis from 0. Between two steps of the x axis the training's own losses stand
in proportion to their number, as means of several where there are more than can be told apart.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from markupsafe import Markup

from generator.chart_frame import (
    BOTTOM,
    HEIGHT,
    TOP,
    column,
    end_labels,
    framed,
    place_labels,
    points,
    rule,
    runs,
    spread,
)

_MOST_BETWEEN = 30  # points of a training's losses between two steps
_NICE = (1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)


@dataclass(frozen=True)
class LossSeries:
    """One kind of loss at each place of the x axis; None where it is not known."""

    kind: str
    label: str
    values: tuple[float | None, ...]


@dataclass(frozen=True)
class LearnedLosses:
    """A training's own losses: how many updates the weights had, and the loss before the next."""

    steps: tuple[int | None, ...]
    """Updates at each place of the x axis, ascending; None where nobody knows."""
    losses: tuple[tuple[int, float], ...]


def loss_chart(
    places: Sequence[str], series: Sequence[LossSeries], learned: LearnedLosses, title: str, summary: str
) -> Markup:
    """Caption losses as lines with a dot for each step, over the training's own as a thin line."""
    xs = spread(len(places))
    trace = list(_trace(learned, xs))
    known = [value for one in series for value in one.values if value is not None]
    top = _nice_top(max([*known, *(loss for _, loss in trace)], default=1.0))

    def y(loss: float) -> float:
        return TOP + (1 - loss / top) * (HEIGHT - TOP - BOTTOM)

    parts = [rule(y(tick), f"{tick:g}") for tick in (0, top / 2, top)]
    parts.append(place_labels(places, xs))
    if trace:
        line = Markup('<polyline class="line" data-loss="learned" points="{}"/>')
        parts.append(line.format(points((x, y(loss)) for x, loss in trace)))
    for one in series:
        parts += _line(one, [None if value is None else y(value) for value in one.values], xs)
    drawn = [x for one in series for x, value in zip(xs, one.values, strict=True) if value is not None]
    parts.append(end_labels(_ends(series, trace, y(0), top), max([*drawn, *(x for x, _ in trace[-1:])])))
    for number, name in enumerate(places):
        figures = (f"{one.label}: {_text(one.values[number])}" for one in series)
        parts.append(column(number, xs, [f"step {name}", *figures]))
    return framed(parts, title, summary)


def learned_between(learned: LearnedLosses, place: int) -> float | None:
    """The mean of the training's losses from the place before to this one; None where there are none."""
    start, end = (learned.steps[place - 1] if place else None, learned.steps[place])
    if start is None or end is None:
        return None
    found = [loss for step, loss in learned.losses if start < step <= end]
    return sum(found) / len(found) if found else None


def _trace(learned: LearnedLosses, xs: Sequence[float]) -> Iterator[tuple[float, float]]:
    """Places on the x axis with means of losses; the loss of step 1 is that of weights without an update."""
    known = [(step, x) for step, x in zip(learned.steps, xs, strict=True) if step is not None]
    for (start, left), (end, right) in pairwise(known):
        found = [(step - 1, loss) for step, loss in learned.losses if start < step <= end]
        size = math.ceil(len(found) / _MOST_BETWEEN) or 1
        for first in range(0, len(found), size):
            group = found[first : first + size]
            middle = sum(step for step, _ in group) / len(group)
            share = (middle - start) / (end - start)
            yield left + share * (right - left), sum(loss for _, loss in group) / len(group)


def _nice_top(most: float) -> float:
    """The smallest round number from `most` on, like 1.5 or 8."""
    scale = 10.0 ** math.floor(math.log10(most)) if most > 0 else 1.0
    place = bisect_right(_NICE, most / scale - 1e-9)
    return _NICE[min(place, len(_NICE) - 1)] * scale


def _line(one: LossSeries, ys: Sequence[float | None], xs: Sequence[float]) -> Iterator[Markup]:
    for run in runs(ys):
        spots = [(xs[place], y) for place in run if (y := ys[place]) is not None]
        yield Markup('<polyline class="line" data-loss="{}" points="{}"/>').format(one.kind, points(spots))
        for x, y in spots:
            yield Markup('<circle class="dot" data-loss="{}" cx="{:.1f}" cy="{:.1f}" r="2"/>').format(
                one.kind, x, y
            )


def _ends(
    series: Sequence[LossSeries], trace: Sequence[tuple[float, float]], bottom: float, top: float
) -> Iterator[tuple[float, Markup, str]]:
    """Labels beside the last value of each line."""
    ends = [(one.kind, one.label, [value for value in one.values if value is not None]) for one in series]
    ends.append(("learned", "training", [loss for _, loss in trace[-1:]]))
    for kind, label, values in ends:
        if values:
            yield bottom - values[-1] / top * (bottom - TOP), Markup('data-loss="{}"').format(kind), label


def _text(loss: float | None) -> str:
    return "not known" if loss is None else f"{loss:.2f}"
