"""Charts as SVG text, drawn here so that pages need no script for them. Colours come from the style sheet.

All coordinates are in the units of the chart's view box; see `chart_frame`. Series are told apart by a label
at the end of the line as well as by colour.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from generator.chart_frame import (
    BOTTOM,
    HEIGHT,
    LEFT,
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
from generator.intervals import Difference, Share, decimals_of, interval_text

_STRIP_WIDTH, _STRIP_HEIGHT = 120, 14


@dataclass(frozen=True)
class Series:
    """One lens's shares over the x axis of a chart; None where nothing was judged."""

    lens: str
    label: str
    shares: tuple[Share | None, ...]
    chances: tuple[float | None, ...]


@dataclass(frozen=True)
class Reference:
    """Shares of one lens that come from elsewhere; None where there is none. Drawn dotted, with squares."""

    lens: str
    source: str
    rates: tuple[float | None, ...]


def percent(rate: float, decimals: int = 0) -> str:
    """A rate as text with a narrow no-break space, like `82 %`; a true minus sign.

    Between 0 and 1 it has more decimals where it would read as 0 % or 100 %.
    """
    if 0 < rate < 1:
        decimals = decimals_of(rate, decimals)
    text = f"{100 * rate:.{decimals}f}"
    return (text.lstrip("-") if float(text) == 0 else text).replace("-", "−") + "\u202f%"


def layer_chart(
    places: Sequence[object],
    series: Sequence[Series],
    title: str,
    summary: str,
    references: Sequence[Reference] = (),
    what: str = "vision layer",
) -> Markup:
    """Shares over vision layers, or over what `what` names: a line, its Wilson band and chance."""
    names = [str(place) for place in places]
    xs = spread(len(names))
    parts = [_rules(), place_labels(names, xs)]
    parts += [_band(one, xs) for one in series]
    parts += [_chance(one, xs) for one in series]
    parts += [_reference(one, xs) for one in references]
    parts += [_line(one, xs) for one in series]
    parts.append(_labels(series, xs))
    parts += [
        column(number, xs, [f"{what} {name}", *_figures(number, series, references)])
        for number, name in enumerate(names)
    ]
    return framed(parts, title, summary)


def _figures(number: int, series: Sequence[Series], references: Sequence[Reference]) -> Iterator[str]:
    """What the tooltip of one place says."""
    names = {one.lens: one.label for one in series}
    for one in series:
        yield f"{one.label}: {describe(one.shares[number], one.chances[number])}"
    for other in references:
        if (rate := other.rates[number]) is not None:
            yield f"{names.get(other.lens, other.lens)}: {percent(rate)} in {other.source}"


def _y(rate: float) -> float:
    return TOP + (1 - rate) * (HEIGHT - TOP - BOTTOM)


def _rules() -> Markup:
    return Markup("").join(rule(_y(rate), f"{100 * rate:.0f}") for rate in (0, 0.5, 1))


def _band(one: Series, xs: Sequence[float]) -> Markup:
    shapes = []
    for run in runs(one.shares):
        intervals = [(xs[place], share.interval) for place in run if (share := one.shares[place])]
        upper = [(x, _y(high)) for x, (_, high) in intervals]
        lower = [(x, _y(low)) for x, (low, _) in reversed(intervals)]
        shapes.append(
            Markup('<polygon class="band" data-lens="{}" points="{}"/>').format(
                one.lens, points(upper + lower)
            )
        )
    return Markup("").join(shapes)


def _chance(one: Series, xs: Sequence[float]) -> Markup:
    return Markup("").join(
        Markup('<polyline class="chance" data-lens="{}" points="{}"/>').format(
            one.lens,
            points((xs[place], _y(chance)) for place in run if (chance := one.chances[place]) is not None),
        )
        for run in runs(one.chances)
    )


def _reference(one: Reference, xs: Sequence[float]) -> Markup:
    lines = Markup("").join(
        Markup('<polyline class="published" data-lens="{}" points="{}"/>').format(
            one.lens,
            points((xs[place], _y(rate)) for place in run if (rate := one.rates[place]) is not None),
        )
        for run in runs(one.rates)
    )
    squares = Markup("").join(
        Markup('<rect class="published" data-lens="{}" x="{:.1f}" y="{:.1f}" width="4" height="4"/>').format(
            one.lens, x - 2, _y(rate) - 2
        )
        for x, rate in zip(xs, one.rates, strict=True)
        if rate is not None
    )
    return lines + squares


def _line(one: Series, xs: Sequence[float]) -> Markup:
    places = [(xs[place], _y(share.rate)) for place, share in enumerate(one.shares) if share]
    dots = Markup("").join(
        Markup('<circle class="dot" data-lens="{}" cx="{:.1f}" cy="{:.1f}" r="2"/>').format(one.lens, x, y)
        for x, y in places
    )
    lines = Markup("").join(
        Markup('<polyline class="line" data-lens="{}" points="{}"/>').format(
            one.lens, points((xs[place], _y(share.rate)) for place in run if (share := one.shares[place]))
        )
        for run in runs(one.shares)
    )
    return lines + dots


def _labels(series: Sequence[Series], xs: Sequence[float]) -> Markup:
    ends, right = [], float(LEFT)
    for one in series:
        known = [(x, share) for x, share in zip(xs, one.shares, strict=True) if share]
        if known:
            x, share = known[-1]
            right = max(right, x)
            ends.append((_y(share.rate), Markup('data-lens="{}"').format(one.lens), one.label))
    return end_labels(ends, right)


def describe(share: Share | None, chance: float | None) -> str:
    """A share in words, like `82 % (82 of 100, 95 % interval 73–88), chance 12 %`."""
    if share is None:
        return "not judged"
    interval = f"95\u202f% interval {interval_text(share)}"
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
