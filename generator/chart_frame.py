"""The frame of a chart as SVG text: its x axis of categories, rules, labels at the ends of lines, tooltips.

What stands on the x axis is evenly spaced, be it vision layers or steps of a training. All coordinates are in
the units of the view box.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

from markupsafe import Markup

WIDTH, HEIGHT = 340, 150
LEFT, RIGHT, TOP, BOTTOM = 26, 74, 8, 22
_LABEL_GAP = 12
_FIGURE_WIDTH, _FIGURE_GAP = 5.8, 5


def framed(parts: Iterable[Markup], title: str, summary: str) -> Markup:
    """A chart of `parts`, named and described for those who do not see it."""
    return Markup(
        '<svg class="chart" viewBox="0 0 {} {}" role="img" aria-label="{}"><desc>{}</desc>{}</svg>'
    ).format(WIDTH, HEIGHT, title, summary, Markup("").join(parts))


def spread(count: int) -> list[float]:
    """Evenly spaced places of the x axis, however far apart layers or steps are."""
    left, right = LEFT + 6, WIDTH - RIGHT - 6
    return [left + (right - left) * (place / (count - 1) if count > 1 else 0.5) for place in range(count)]


def points(pairs: Iterable[tuple[float, float]]) -> str:
    """Of a polyline or a polygon."""
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in pairs)


def rule(y: float, label: str) -> Markup:
    """A horizontal line with its label."""
    return Markup(
        '<line class="rule" x1="{}" x2="{}" y1="{:.1f}" y2="{:.1f}"/>'
        '<text x="{}" y="{:.1f}" class="tick end">{}</text>'
    ).format(LEFT, WIDTH - RIGHT, y, y, LEFT - 4, y + 3, label)


def place_labels(places: Sequence[str], xs: Sequence[float]) -> Markup:
    """The names below the x axis; where there is no room for all, the first, the last and those between."""
    return Markup("").join(
        Markup('<text x="{:.1f}" y="{}" class="tick middle">{}</text>').format(xs[n], HEIGHT - 8, places[n])
        for n in _with_room(places, xs)
    )


def _with_room(places: Sequence[str], xs: Sequence[float]) -> list[int]:
    """Every one, every second, every third, …: as many as do not touch; the last in any case."""
    halves = [(len(name) * _FIGURE_WIDTH + _FIGURE_GAP) / 2 for name in places]
    kept: list[int] = []
    for stride in range(1, len(places) + 1):
        kept = list(range(0, len(places), stride))
        if kept[-1] != len(places) - 1:
            kept[-1 if len(kept) > 1 else 1 :] = [len(places) - 1]
        if all(xs[b] - xs[a] >= halves[a] + halves[b] for a, b in pairwise(kept)):
            break
    return kept


def runs(values: Sequence[object | None]) -> list[list[int]]:
    """Places of consecutive values that are there: a line breaks where nothing is known."""
    found: list[list[int]] = []
    for place, value in enumerate(values):
        if value is None:
            continue
        if found and found[-1][-1] == place - 1:
            found[-1].append(place)
        else:
            found.append([place])
    return found


def end_labels(ends: Iterable[tuple[float, Markup, str]], x: float) -> Markup:
    """Names at the ends of lines, pushed apart where lines end close together: height, attribute, text."""
    placed = sorted(ends, key=lambda end: end[0])
    heights: list[float] = []
    for y, _, _ in placed:
        heights.append(max(y, heights[-1] + _LABEL_GAP if heights else TOP))
    overflow = max(0.0, heights[-1] - (HEIGHT - BOTTOM)) if heights else 0.0
    return Markup("").join(
        Markup('<text class="label" {} x="{:.1f}" y="{:.1f}">{}</text>').format(
            attribute, x + 8, height - overflow + 3.5, text
        )
        for height, (_, attribute, text) in zip(heights, placed, strict=True)
    )


def column(number: int, xs: Sequence[float], lines: Iterable[str]) -> Markup:
    """An invisible strip over one place of the x axis whose tooltip tells the figures."""
    width = (xs[1] - xs[0]) if len(xs) > 1 else WIDTH - LEFT - RIGHT
    return Markup(
        '<rect class="hit" x="{:.1f}" y="{}" width="{:.1f}" height="{}"><title>{}</title></rect>'
    ).format(xs[number] - width / 2, TOP, width, HEIGHT - TOP - BOTTOM, "\n".join(lines))
