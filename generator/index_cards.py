"""The index's cards: each model with its charts over the layers, the main models as a grid."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from markupsafe import Markup

from generator.charts import Series, layer_chart, percent
from generator.intervals import Share, interval_text
from generator.measures import Measures
from generator.records import Model
from generator.study_context import StudyContext
from generator.visible_text import visible_text

SHORT_NAMES = {"embedding": "Embedding", "logit": "LogitLens", "contextual": "LN-Lens"}
METRICS = {"interpretable": "interpretable cells", "named": "object cells whose object or colour is named"}


@dataclass(frozen=True)
class Figure:
    """One share behind a chart in short words; empty words for what is not known."""

    share: str
    chance: str = ""
    count: str = ""
    """Like `155/157`."""
    interval: str = ""


@dataclass(frozen=True)
class Figures:
    """One row of the table behind a chart: a vision layer and each lens's share."""

    vision_layer: int
    cells: tuple[Figure, ...]


@dataclass(frozen=True)
class MetricChart:
    """One measure of one model over its vision layers: the chart, and the figures behind it."""

    metric: str
    name: str
    chart: Markup
    lenses: tuple[tuple[str, str], ...]
    """Id and short name of each lens with a line."""
    figures: tuple[Figures, ...]


@dataclass(frozen=True)
class Card:
    """One model with a chart for each measure; none where nothing was judged."""

    href: str | None
    """None for a model without results: it has no page."""
    title: str
    subtitle: str
    charts: tuple[MetricChart, ...]


@dataclass(frozen=True)
class GridCell:
    """One vision encoder with one LLM: usually one model; none where the study has none."""

    encoder: str
    cards: tuple[Card, ...]


@dataclass(frozen=True)
class GridRow:
    """One LLM with every vision encoder of the grid."""

    llm: str
    cells: tuple[GridCell, ...]
    compare_href: str | None
    """The comparison of the row's models; None where there is none."""


def card(model: Model, context: StudyContext, measures: Measures) -> Card:
    """One model with its charts."""
    charts = (_metric_chart(model, context, measures, metric) for metric in METRICS)
    return Card(
        href=context.title(model).href,
        title=model.title,
        subtitle=f"{model.llm} × {model.vision_encoder}",
        charts=tuple(chart for chart in charts if chart),
    )


def _metric_chart(model: Model, context: StudyContext, measures: Measures, metric: str) -> MetricChart | None:
    series = [_series(model, lens, measures, metric) for lens in context.lenses[model.model_id]]
    series = [one for one in series if any(one.shares)]
    if not series:
        return None
    figures = tuple(
        Figures(layer, tuple(figure(one.shares[place], one.chances[place]) for one in series))
        for place, layer in enumerate(model.vision_layers)
    )
    title = visible_text(f"{model.title}: {METRICS[metric]} over vision layers")
    chart = layer_chart(model.vision_layers, series, title, _summary(series))
    lenses = tuple((one.lens, one.label) for one in series)
    return MetricChart(metric, METRICS[metric], chart, lenses, figures)


def figure(share: Share | None, chance: float | None) -> Figure:
    """A share and its chance in short words."""
    if share is None:
        return Figure("–")
    interval = interval_text(share)
    shown_chance = "" if chance is None else percent(chance)
    return Figure(percent(share.rate), shown_chance, f"{share.count}/{share.total}", interval)


def chance_legend(cards: list[Card], images: int) -> str:
    """How charts show chance, or why they show none."""
    rows = (row for one in cards for chart in one.charts for row in chart.figures)
    return chance_words((cell for row in rows for cell in row.cells), images)


def chance_words(figures: Iterable[Figure], images: int) -> str:
    """The same for the figures behind some charts."""
    if any(cell.chance for cell in figures):
        return "dashed: chance"
    return "chance needs two or more images" if images < 2 else "chance is not known"


def _series(model: Model, lens: str, measures: Measures, metric: str) -> Series:
    shares: list[Share | None] = []
    chances: list[float | None] = []
    for layer in model.vision_layers:
        if metric == "interpretable":
            shares.append(measures.share(model.model_id, lens, layer))
            chances.append(measures.chance(model.model_id, lens, layer))
        else:
            naming = measures.naming(model.model_id, lens, layer)
            shares.append(naming.share if naming else None)
            chances.append(naming.chance if naming else None)
    return Series(lens, SHORT_NAMES[lens], tuple(shares), tuple(chances))


def _summary(series: list[Series]) -> str:
    """Each lens's range, for those who do not see the chart."""
    ranges = []
    for one in series:
        rates = [share.rate for share in one.shares if share]
        ranges.append(f"{one.label} {percent(min(rates))} to {percent(max(rates))}")
    return "; ".join(ranges)


def grid(context: StudyContext, models: list[Model], cards: list[Card]) -> tuple[GridRow, ...]:
    """The main models by LLM and vision encoder, in the order of the study; nothing for a single model."""
    if len(models) < 2:
        return ()
    encoders = tuple(dict.fromkeys(model.vision_encoder for model in models))
    rows = []
    for llm in dict.fromkeys(model.llm for model in models):
        cells = []
        for encoder in encoders:
            wanted = (llm, encoder)
            both = zip(models, cards, strict=True)
            found = tuple(card for model, card in both if (model.llm, model.vision_encoder) == wanted)
            cells.append(GridCell(encoder, found))
        mine = [model for model in models if model.llm == llm]
        rows.append(GridRow(llm, tuple(cells), context.compare_href(mine)))
    return tuple(rows)
