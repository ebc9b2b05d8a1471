"""Charts of the judge page that no other page has: verdicts by relation, stacked over the layers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from data_pipeline.schema import PERCENTILE_LENS
from generator.charts import percent
from generator.index_cards import SHORT_NAMES
from generator.judge_records import Counts

_WIDTH, _HEIGHT = 340, 132
_LEFT, _RIGHT, _TOP, _BOTTOM = 26, 4, 20, 18
_PANEL_GAP, _BAR_SHARE = 12, 0.74
_LABEL_LEAST = 11
LENS_NAMES = SHORT_NAMES | {PERCENTILE_LENS: "by percentile"}
"""Short names of everything that is judged as a lens."""
RELATIONS = {
    "concrete": "names what is in the patch",
    "abstract": "an idea of the patch",
    "global": "only something elsewhere in the image",
    "unnamed": "interpretable, no word given",
}
"""Parts of the interpretable cells; each cell is in one, the first that it has a word of."""


@dataclass(frozen=True)
class Panel:
    """One lens over the vision layers; None where nothing was judged."""

    lens: str
    label: str
    counts: tuple[Counts | None, ...]


def parts_of(counts: Counts) -> dict[str, int]:
    """Interpretable cells by relation; they sum up to `counts.interpretable`."""
    numbers = (counts.named_concrete, counts.named_abstract, counts.named_global, counts.unnamed)
    return dict(zip(RELATIONS, numbers, strict=True))


def relation_chart(layers: Sequence[int], panels: Sequence[Panel], title: str, summary: str) -> Markup:
    """A panel for each lens: a column for each layer, as high as its interpretable share, cut by relation."""
    width = (_WIDTH - _LEFT - _RIGHT + _PANEL_GAP) / max(len(panels), 1) - _PANEL_GAP
    parts = [_rules()]
    for place, panel in enumerate(panels):
        parts.append(_panel(layers, panel, _LEFT + place * (width + _PANEL_GAP), width))
    return Markup(
        '<svg class="chart" viewBox="0 0 {} {}" role="img" aria-label="{}"><desc>{}</desc>{}</svg>'
    ).format(_WIDTH, _HEIGHT, title, summary, Markup("").join(parts))


def _y(rate: float) -> float:
    return _TOP + (1 - rate) * (_HEIGHT - _TOP - _BOTTOM)


def _rules() -> Markup:
    return Markup("").join(
        Markup(
            '<line class="rule" x1="{}" x2="{}" y1="{:.1f}" y2="{:.1f}"/>'
            '<text x="{}" y="{:.1f}" class="tick end">{}</text>'
        ).format(_LEFT, _WIDTH - _RIGHT, _y(rate), _y(rate), _LEFT - 4, _y(rate) + 3, f"{100 * rate:.0f}")
        for rate in (0, 0.5, 1)
    )


def _panel(layers: Sequence[int], panel: Panel, left: float, width: float) -> Markup:
    step = width / len(layers)
    every = max(1, -(-_LABEL_LEAST // max(int(step), 1)))
    head = Markup('<text class="label" data-lens="{}" x="{:.1f}" y="{}">{}</text>').format(
        panel.lens, left, _TOP - 8, panel.label
    )
    columns = [
        _column(layer, counts, panel.label, left + (place + (1 - _BAR_SHARE) / 2) * step, step * _BAR_SHARE)
        for place, (layer, counts) in enumerate(zip(layers, panel.counts, strict=True))
    ]
    labels = [
        Markup('<text x="{:.1f}" y="{}" class="tick middle">{}</text>').format(
            left + (place + 0.5) * step, _HEIGHT - 6, layer
        )
        for place, layer in enumerate(layers)
        if place % every == 0
    ]
    return Markup("").join([head, *columns, *labels])


def _column(layer: int, counts: Counts | None, label: str, x: float, width: float) -> Markup:
    if counts is None or not counts.judged:
        return Markup("")
    below, pieces, lines = 0, [], []
    for relation, count in parts_of(counts).items():
        if not count:
            continue
        top, bottom = _y((below + count) / counts.judged), _y(below / counts.judged)
        pieces.append(
            Markup('<rect data-relation="{}" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}"/>').format(
                relation, x, top, width, bottom - top
            )
        )
        below += count
        lines.append(f"{percent(count / counts.judged)} {RELATIONS[relation]} ({count})")
    head = f"{label}, vision layer {layer}: {percent(below / counts.judged)} ({below} of {counts.judged})"
    pieces.append(
        Markup(
            '<rect class="hit" x="{:.1f}" y="{}" width="{:.1f}" height="{}"><title>{}</title></rect>'
        ).format(x, _TOP, width, _HEIGHT - _TOP - _BOTTOM, "\n".join([head, *lines]))
    )
    return Markup("").join(pieces)
