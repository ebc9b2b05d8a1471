"""The judge page's figures of each model: charts over the vision layers, with the tables behind them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from data_pipeline.schema import STORED_LENSES
from generator.charts import Reference, Series, layer_chart, percent, share_strip
from generator.intervals import Share, interval_text
from generator.judge_charts import LENS_NAMES, RELATIONS, Panel, parts_of, relation_chart
from generator.judge_records import Counts, CountsKey, Published, summed
from generator.records import Model
from generator.study_context import StudyContext
from generator.visible_text import visible_text

_GROUPS = {
    "main": "Main models",
    "ablation": "Ablations",
    "off_the_shelf": "Off-the-shelf models",
    "steps": "Steps of trainings",
}
Cells = tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """Figures behind a chart: text by row and column; the first column heads its row."""

    name: str
    """What the table shows, also the name of its CSV file."""
    columns: tuple[str, ...]
    rows: tuple[Cells, ...]


@dataclass(frozen=True)
class ModelChart:
    """One model's chart and the figures behind it."""

    title: str
    href: str | None
    chart: Markup
    table: Table


@dataclass(frozen=True)
class ChartGroup:
    """The charts of the main models, of the ablations or of the others."""

    name: str
    charts: tuple[ModelChart, ...]


@dataclass(frozen=True)
class RankCell:
    """One lens of one model: how often the first candidate relates, and how often any does."""

    lens: str
    first: str
    first_strip: Markup | None
    first_detail: str
    any: str
    any_strip: Markup | None
    any_detail: str


@dataclass(frozen=True)
class RankRow:
    """One model, all vision layers together."""

    title: str
    href: str | None
    cells: tuple[RankCell, ...]


def judged_lenses(found: Mapping[CountsKey, Counts]) -> tuple[str, ...]:
    """The lenses with a verdict, LN-Lens once for each of its rankings, in the contract's order."""
    judged = {key[2] for key, counts in found.items() if counts.judged}
    return tuple(lens for lens in STORED_LENSES if lens in judged)


class JudgeShares:
    """What one judge said of all models of the study."""

    def __init__(
        self,
        context: StudyContext,
        judge: str,
        found: Mapping[CountsKey, Counts],
        published: Sequence[Published],
    ) -> None:
        """`found` and `published` may hold other judges' counts and other models' shares, too."""
        self._context, self._lenses, self._published = context, judged_lenses(found), published
        self._counts = {key[1:]: counts for key, counts in found.items() if key[0] == judge}
        judged = {model_id for (model_id, _, _), counts in self._counts.items() if counts.judged}
        self.models = tuple(model for model in context.models if model.model_id in judged)
        """The models with a verdict, in the order of the study."""

    def total(self) -> Counts:
        """All of the judge's cells in the study, whatever became of them."""
        shown = {model.model_id for model in self._context.models}
        return summed(counts for (model_id, _, _), counts in self._counts.items() if model_id in shown)

    def pooled(self, model: Model, lens: str) -> Counts:
        """All vision layers of a lens together."""
        return summed(
            counts
            for (model_id, one, _), counts in self._counts.items()
            if (model_id, one) == (model.model_id, lens)
        )

    def lenses(self, model: Model) -> list[str]:
        """The lenses of a model with a verdict."""
        return [lens for lens in self._lenses if self.pooled(model, lens).judged]

    def layer_charts(self) -> tuple[ChartGroup, ...]:
        """The share over vision layers, a line for each lens."""
        return self._grouped(self._layer_chart)

    def relation_charts(self) -> tuple[ChartGroup, ...]:
        """Verdicts by relation over vision layers, a panel for each lens."""
        return self._grouped(self._relation_chart)

    def _grouped(self, chart: Callable[[Model], ModelChart]) -> tuple[ChartGroup, ...]:
        steps = self._context.checkpoints
        groups = {
            model.model_id: "steps" if model.model_id in steps else model.group for model in self.models
        }
        found = [
            ChartGroup(name, tuple(chart(model) for model in self.models if groups[model.model_id] == group))
            for group, name in _GROUPS.items()
        ]
        return tuple(one for one in found if one.charts)

    def ranks(self) -> tuple[RankRow, ...]:
        """Whether the first candidate relates, and whether any does."""
        return tuple(
            RankRow(
                model.title,
                self._context.title(model).href,
                tuple(_rank_cell(lens, self.pooled(model, lens)) for lens in self._lenses),
            )
            for model in self.models
        )

    def layers(self, model: Model) -> list[int]:
        """The model's vision layers that were judged, and no others: people judge few of them."""
        found = {
            layer
            for (model_id, _, layer), one in self._counts.items()
            if model_id == model.model_id and one.judged
        }
        return sorted(found)

    def _at(self, model: Model, lens: str, layer: int) -> Counts | None:
        return self._counts.get((model.model_id, lens, layer))

    def _layer_chart(self, model: Model) -> ModelChart:
        layers, lenses = self.layers(model), self.lenses(model)
        columns = {lens: [self._at(model, lens, layer) for layer in layers] for lens in lenses}
        series = [
            Series(
                lens,
                LENS_NAMES[lens],
                tuple(one.share if one else None for one in columns[lens]),
                tuple(one.chance if one else None for one in columns[lens]),
            )
            for lens in lenses
        ]
        references = self.references(model, layers)
        title = visible_text(f"{model.title}: interpretable share over vision layers")
        rows = tuple(
            row
            for place, layer in enumerate(layers)
            for lens in lenses
            if (row := _share_row(layer, lens, columns[lens][place], references, place))
        )
        names = (
            "vision layer",
            "lens",
            "share",
            "k",
            "n",
            "95 % interval",
            "chance",
            "trials",
            "failed",
            "skipped",
        )
        sources = tuple(dict.fromkeys(one.source for one in references))
        return ModelChart(
            model.title,
            self._context.title(model).href,
            layer_chart(layers, series, title, _summary(series), references),
            Table(f"{model.model_id} shares", names + tuple(f"published: {one}" for one in sources), rows),
        )

    def references(self, model: Model, layers: Sequence[int]) -> list[Reference]:
        """Published shares of a model at these layers, by lens and source."""
        mine = [one for one in self._published if one.model_id == model.model_id]
        found = {(one.lens, one.source): {} for one in mine}  # type: dict[tuple[str, str], dict[int, float]]
        for one in mine:
            found[one.lens, one.source][one.vision_layer] = min(max(one.percent / 100, 0.0), 1.0)
        return [
            Reference(lens, source, tuple(rates.get(layer) for layer in layers))
            for (lens, source), rates in found.items()
            if any(layer in rates for layer in layers)
        ]

    def _relation_chart(self, model: Model) -> ModelChart:
        layers, lenses = self.layers(model), self.lenses(model)
        panels = [
            Panel(lens, LENS_NAMES[lens], tuple(self._at(model, lens, layer) for layer in layers))
            for lens in lenses
        ]
        summary = "; ".join(f"{LENS_NAMES[lens]} {_parts_text(self.pooled(model, lens))}" for lens in lenses)
        title = visible_text(f"{model.title}: verdicts by relation over vision layers")
        rows = tuple(
            _relation_row(layer, panel.label, counts)
            for place, layer in enumerate(layers)
            for panel in panels
            if (counts := panel.counts[place]) and counts.judged
        )
        names = (
            "vision layer",
            "lens",
            "n",
            "interpretable",
            *RELATIONS,
            "any abstract word",
            "any global word",
        )
        return ModelChart(
            model.title,
            self._context.title(model).href,
            relation_chart(layers, panels, title, summary),
            Table(f"{model.model_id} relations", names, rows),
        )


def _share_row(
    layer: int, lens: str, counts: Counts | None, references: Sequence[Reference], place: int
) -> Cells | None:
    if counts is None:
        return None
    share = counts.share
    sources = dict.fromkeys(one.source for one in references)
    rates = {one.source: one.rates[place] for one in references if one.lens == lens}
    return (
        str(layer),
        LENS_NAMES[lens],
        percent(share.rate, 1) if share else "–",
        str(counts.interpretable),
        str(counts.judged),
        interval_text(share) if share else "–",
        "–" if counts.chance is None else percent(counts.chance),
        str(counts.chance_trials),
        str(counts.failed),
        str(counts.skipped),
        *("–" if (rate := rates.get(source)) is None else percent(rate, 1) for source in sources),
    )


def _relation_row(layer: int, label: str, counts: Counts) -> Cells:
    numbers = (*parts_of(counts).values(), counts.any_abstract, counts.any_global)
    return str(layer), label, str(counts.judged), str(counts.interpretable), *map(str, numbers)


def _parts_text(counts: Counts) -> str:
    named = ", ".join(f"{name} {count}" for name, count in parts_of(counts).items() if count)
    return f"{counts.interpretable} of {counts.judged}" + (f" ({named})" if named else "")


def _summary(series: Sequence[Series]) -> str:
    ranges = []
    for one in series:
        rates = [share.rate for share in one.shares if share]
        ranges.append(f"{one.label} {percent(min(rates))} to {percent(max(rates))}")
    return "; ".join(ranges)


def _rank_cell(lens: str, counts: Counts) -> RankCell:
    return RankCell(
        lens, *_share_texts(lens, counts.first, None), *_share_texts(lens, counts.share, counts.chance)
    )


def _share_texts(lens: str, share: Share | None, chance: float | None) -> tuple[str, Markup | None, str]:
    if share is None:
        return "–", None, ""
    detail = f"{share.count}/{share.total} · {interval_text(share)}"
    return percent(share.rate, 1), share_strip(lens, share, chance), detail
