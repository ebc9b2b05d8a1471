"""Charts as SVG text, drawn here so that pages need no script for them. Colours come from the style sheet.

All coordinates are in the units of the chart's view box. Series are told apart by a label at the end of the
line as well as by colour.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from generator.intervals import Difference, Share

_WIDTH, _HEIGHT = 340, 150
_LEFT, _RIGHT, _TOP, _BOTTOM = 26, 74, 8, 22
_LABEL_GAP = 12
_STRIP_WIDTH, _STRIP_HEIGHT = 120, 14


@dataclass(frozen=True)
class Series:
    """One lens's shares over the layers of a chart; None where nothing was judged."""

    lens: str
    label: str
    shares: tuple[Share | None, ...]
    chances: tuple[float | None, ...]


def percent(rate: float, decimals: int = 0) -> str:
    """A rate as text with a narrow no-break space, like `82 %`; a true minus sign."""
    text = f"{100 * rate:.{decimals}f}"
    return (text.lstrip("-") if float(text) == 0 else text).replace("-", "−") + "\u202f%"


def layer_chart(layers: Sequence[int], series: Sequence[Series], title: str, summary: str) -> Markup:
    """Shares over vision layers: a line, its Wilson band and its chance level for each lens."""
    xs = _spread(len(layers))
    parts = [_axes(layers, xs)]
    parts += [_band(one, xs) for one in series]
    parts += [_chance(one, xs) for one in series]
    parts += [_line(one, xs) for one in series]
    parts.append(_labels(series, xs))
    parts += [
        _column(layer, x, xs, place, series) for place, (layer, x) in enumerate(zip(layers, xs, strict=True))
    ]
    return Markup(
        '<svg class="chart" viewBox="0 0 {} {}" role="img" aria-label="{}"><desc>{}</desc>{}</svg>'
    ).format(_WIDTH, _HEIGHT, title, summary, Markup("").join(parts))


def _spread(count: int) -> list[float]:
    """Evenly spaced places: layers are labelled categories, however far apart their depths are."""
    left, right = _LEFT + 6, _WIDTH - _RIGHT - 6
    return [left + (right - left) * (place / (count - 1) if count > 1 else 0.5) for place in range(count)]


def _y(rate: float) -> float:
    return _TOP + (1 - rate) * (_HEIGHT - _TOP - _BOTTOM)


def _points(pairs: Iterable[tuple[float, float]]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in pairs)


def _axes(layers: Sequence[int], xs: Sequence[float]) -> Markup:
    lines = Markup("").join(
        Markup(
            '<line class="rule" x1="{}" x2="{}" y1="{:.1f}" y2="{:.1f}"/>'
            '<text x="{}" y="{:.1f}" class="tick end">{}</text>'
        ).format(_LEFT, _WIDTH - _RIGHT, _y(rate), _y(rate), _LEFT - 4, _y(rate) + 3, f"{100 * rate:.0f}")
        for rate in (0, 0.5, 1)
    )
    labels = Markup("").join(
        Markup('<text x="{:.1f}" y="{}" class="tick middle">{}</text>').format(x, _HEIGHT - 8, layer)
        for layer, x in zip(layers, xs, strict=True)
    )
    return lines + labels


def _runs(values: Sequence[object | None]) -> list[list[int]]:
    """Places of consecutive values that are there: a line breaks where nothing was judged."""
    runs: list[list[int]] = []
    for place, value in enumerate(values):
        if value is None:
            continue
        if runs and runs[-1][-1] == place - 1:
            runs[-1].append(place)
        else:
            runs.append([place])
    return runs


def _band(one: Series, xs: Sequence[float]) -> Markup:
    shapes = []
    for run in _runs(one.shares):
        intervals = [(xs[place], share.interval) for place in run if (share := one.shares[place])]
        upper = [(x, _y(high)) for x, (_, high) in intervals]
        lower = [(x, _y(low)) for x, (low, _) in reversed(intervals)]
        shapes.append(
            Markup('<polygon class="band" data-lens="{}" points="{}"/>').format(
                one.lens, _points(upper + lower)
            )
        )
    return Markup("").join(shapes)


def _chance(one: Series, xs: Sequence[float]) -> Markup:
    return Markup("").join(
        Markup('<polyline class="chance" data-lens="{}" points="{}"/>').format(
            one.lens,
            _points((xs[place], _y(chance)) for place in run if (chance := one.chances[place]) is not None),
        )
        for run in _runs(one.chances)
    )


def _line(one: Series, xs: Sequence[float]) -> Markup:
    places = [(xs[place], _y(share.rate)) for place, share in enumerate(one.shares) if share]
    dots = Markup("").join(
        Markup('<circle class="dot" data-lens="{}" cx="{:.1f}" cy="{:.1f}" r="2"/>').format(one.lens, x, y)
        for x, y in places
    )
    lines = Markup("").join(
        Markup('<polyline class="line" data-lens="{}" points="{}"/>').format(
            one.lens, _points((xs[place], _y(share.rate)) for place in run if (share := one.shares[place]))
        )
        for run in _runs(one.shares)
    )
    return lines + dots


def _labels(series: Sequence[Series], xs: Sequence[float]) -> Markup:
    """Names at the ends of the lines, pushed apart where lines end close together."""
    ends = []
    for one in series:
        known = [share for share in one.shares if share]
        if known:
            ends.append((_y(known[-1].rate), one))
    ends.sort(key=lambda end: end[0])
    heights: list[float] = []
    for y, _ in ends:
        heights.append(max(y, heights[-1] + _LABEL_GAP if heights else _TOP))
    overflow = max(0.0, heights[-1] - (_HEIGHT - _BOTTOM)) if heights else 0.0
    return Markup("").join(
        Markup('<text class="label" data-lens="{}" x="{:.1f}" y="{:.1f}">{}</text>').format(
            one.lens, xs[-1] + 8, height - overflow + 3.5, one.label
        )
        for height, (_, one) in zip(heights, ends, strict=True)
    )


def _column(layer: int, x: float, xs: Sequence[float], place: int, series: Sequence[Series]) -> Markup:
    """An invisible strip over one layer whose tooltip tells the figures."""
    width = (xs[1] - xs[0]) if len(xs) > 1 else _WIDTH - _LEFT - _RIGHT
    lines = [f"vision layer {layer}"]
    for one in series:
        lines.append(f"{one.label}: {describe(one.shares[place], one.chances[place])}")
    return Markup(
        '<rect class="hit" x="{:.1f}" y="{}" width="{:.1f}" height="{}"><title>{}</title></rect>'
    ).format(x - width / 2, _TOP, width, _HEIGHT - _TOP - _BOTTOM, "\n".join(lines))


def describe(share: Share | None, chance: float | None) -> str:
    """A share in words, like `82 % (82 of 100, 95 % interval 73–88), chance 12 %`."""
    if share is None:
        return "not judged"
    low, high = share.interval
    interval = f"95\u202f% interval {100 * low:.0f}–{100 * high:.0f}"
    text = f"{percent(share.rate)} ({share.count} of {share.total}, {interval})"
    return text if chance is None else f"{text}, chance {percent(chance)}"


def share_strip(lens: str, share: Share, chance: float | None) -> Markup:
    """A share on a line from 0 to 1: its interval, its place, a tick at chance. Figures stand beside it."""
    low, high = share.interval
    tick = Markup("") if chance is None else _tick("chance", chance * _STRIP_WIDTH)
    return _strip(lens, Markup("") + tick, low * _STRIP_WIDTH, high * _STRIP_WIDTH, share.rate * _STRIP_WIDTH)


def difference_strip(lens: str, difference: Difference, reach: float) -> Markup:
    """A difference on a line from -`reach` to `reach`, with a tick at zero."""

    def place(value: float) -> float:
        return (max(-1.0, min(1.0, value / reach)) + 1) / 2 * _STRIP_WIDTH

    zero = _tick("rule", _STRIP_WIDTH / 2)
    low, high = difference.interval or (difference.value, difference.value)
    return _strip(lens, zero, place(low), place(high), place(difference.value))


def _tick(kind: str, x: float) -> Markup:
    return Markup('<line class="{}" x1="{:.1f}" x2="{:.1f}" y1="1" y2="{}"/>').format(
        kind, x, x, _STRIP_HEIGHT - 1
    )


def _strip(lens: str, ticks: Markup, low: float, high: float, value: float) -> Markup:
    middle = _STRIP_HEIGHT / 2
    return Markup(
        '<svg class="strip-plot" viewBox="-4 0 {} {}" aria-hidden="true">'
        '<line class="rule" x1="0" x2="{}" y1="{}" y2="{}"/>{}'
        '<line class="range" data-lens="{}" x1="{:.1f}" x2="{:.1f}" y1="{}" y2="{}"/>'
        '<circle class="dot" data-lens="{}" cx="{:.1f}" cy="{}" r="3"/></svg>'
    ).format(
        _STRIP_WIDTH + 8,
        _STRIP_HEIGHT,
        _STRIP_WIDTH,
        middle,
        middle,
        ticks,
        lens,
        low,
        high,
        middle,
        middle,
        lens,
        value,
        middle,
    )
