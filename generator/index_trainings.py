"""The index's section on trainings: what lenses and captions say at each step that the study reads."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from generator.charts import Series, layer_chart, percent
from generator.index_cards import METRICS, SHORT_NAMES, Figure, chance_words, figure
from generator.index_notes import thousands
from generator.intervals import Share
from generator.loss_chart import LearnedLosses, LossSeries, learned_between, loss_chart
from generator.measures import Measures
from generator.records import CaptionLoss, Model
from generator.study_context import StudyContext, Title
from generator.trainings import Training
from generator.visible_text import visible_text

_QUARTERS = 4
_LOSS_DETAIL = "of the study’s captions; thin: of what is learned"
_LOSSES: dict[str, tuple[str, Callable[[CaptionLoss], float | None]]] = {
    "image": ("image", lambda loss: loss.with_image),
    "other": ("other image", lambda loss: loss.shuffled),
    "none": ("no image", lambda loss: loss.without),
}


@dataclass(frozen=True)
class StepRow:
    """One row of the table behind a chart."""

    step: str
    cells: tuple[Figure, ...]


@dataclass(frozen=True)
class StepChart:
    """One measure over the steps of a training: the chart, and the figures behind it."""

    measure: str
    name: str
    detail: str
    """The vision layer of each lens, or what the losses are of."""
    chart: Markup
    columns: tuple[tuple[str, str], ...]
    """Lens (empty for losses) and title of each column of `figures`."""
    figures: tuple[StepRow, ...]


@dataclass(frozen=True)
class TrainingView:
    """One model's training."""

    link: Title
    steps: tuple[Title, ...]
    """Each step that the study reads, with its page if it has one."""
    compare_href: str | None
    """The comparison of the first with the last step."""
    charts: tuple[StepChart, ...]


def training_views(
    context: StudyContext, measures: Measures, losses: Mapping[str, CaptionLoss]
) -> tuple[TrainingView, ...]:
    """Every training of which something can be drawn, in the order of the study."""
    views = (_view(context, training, measures, losses) for training in context.trainings)
    return tuple(view for view in views if view.charts or len(view.steps) > 1)


def chance_of_steps(views: Sequence[TrainingView], images: int) -> str:
    """How the charts of shares show chance, or why they show none; empty where there is no such chart."""
    shares = [chart for view in views for chart in view.charts if chart.measure in METRICS]
    figures = [cell for chart in shares for row in chart.figures for cell in row.cells]
    return chance_words(figures, images) if figures else ""


def _view(
    context: StudyContext, training: Training, measures: Measures, losses: Mapping[str, CaptionLoss]
) -> TrainingView:
    charts = [_share_chart(context, training, measures, metric) for metric in METRICS]
    charts.append(_loss_chart(training, losses))
    shown = [step.model for step in training.steps if step.model in context.shown]
    return TrainingView(
        context.title(training.model),
        tuple(Title(_name(step.step), context.title(step.model).href) for step in training.steps),
        context.compare_href([shown[0], shown[-1]]) if len(shown) > 1 else None,
        tuple(chart for chart in charts if chart),
    )


def _name(step: int | None) -> str:
    return "end" if step is None else thousands(step)


def _share_chart(
    context: StudyContext, training: Training, measures: Measures, metric: str
) -> StepChart | None:
    """None where fewer than two steps were judged."""
    series, layers = [], []
    for lens in context.all_lenses:
        layer = _best_layer(training, measures, metric, lens)
        if layer is not None:
            series.append(_series(training, measures, metric, lens, layer))
            layers.append(layer)
    judged = [any(one.shares[place] for one in series) for place in range(len(training.steps))]
    if sum(judged) < 2:
        return None
    places = [_name(step.step) for step in training.steps]
    title = visible_text(f"{training.model.title}: {METRICS[metric]} over training")
    return StepChart(
        metric,
        METRICS[metric],
        ", ".join(f"{one.label} at layer {layer}" for one, layer in zip(series, layers, strict=True)),
        layer_chart(places, series, title, _summary(places, series), what="step"),
        tuple((one.lens, f"{one.label}, {layer}") for one, layer in zip(series, layers, strict=True)),
        tuple(
            StepRow(name, tuple(figure(one.shares[place], one.chances[place]) for one in series))
            for place, name in enumerate(places)
        ),
    )


def _best_layer(training: Training, measures: Measures, metric: str, lens: str) -> int | None:
    """Where the share of the last step that was judged is highest; the first of equals."""
    for step in reversed(training.steps):
        found = {
            layer: share.rate
            for layer in step.model.vision_layers
            if (share := _share(measures, step.model, metric, lens, layer)[0])
        }
        if found:
            return max(found, key=lambda layer: (found[layer], -layer))
    return None


def _share(
    measures: Measures, model: Model, metric: str, lens: str, layer: int
) -> tuple[Share | None, float | None]:
    if metric == "interpretable":
        share = measures.share(model.model_id, lens, layer)
        return share, measures.chance(model.model_id, lens, layer)
    naming = measures.naming(model.model_id, lens, layer)
    return (naming.share, naming.chance) if naming else (None, None)


def _series(training: Training, measures: Measures, metric: str, lens: str, layer: int) -> Series:
    both = [_share(measures, step.model, metric, lens, layer) for step in training.steps]
    shares, chances = zip(*both, strict=True)
    return Series(lens, SHORT_NAMES[lens], shares, chances)


def _summary(places: Sequence[str], series: Sequence[Series]) -> str:
    """Where each line begins and ends, for those who do not see the chart."""
    found = []
    for one in series:
        known = [(place, share.rate) for place, share in zip(places, one.shares, strict=True) if share]
        (first, begin), (last, end) = known[0], known[-1]
        found.append(f"{one.label} from {percent(begin)} at step {first} to {percent(end)} at step {last}")
    return "; ".join(found)


def _loss_chart(training: Training, losses: Mapping[str, CaptionLoss]) -> StepChart | None:
    """None where neither the training's own losses nor two steps' caption losses are known."""
    spots = _spots(training)
    places = [_name(step) for step, _ in spots]
    captions = [losses.get(model_id) for _, model_id in spots]
    series = [
        LossSeries(kind, label, tuple(None if loss is None else value(loss) for loss in captions))
        for kind, (label, value) in _LOSSES.items()
    ]
    series = [one for one in series if any(value is not None for value in one.values)]
    if len(training.losses) < 2 and sum(loss is not None for loss in captions) < 2:
        return None
    learned = LearnedLosses(tuple(step for step, _ in spots), training.losses)
    columns = [(one.label, one.values) for one in series]
    if training.losses:
        columns.append(("training", tuple(learned_between(learned, place) for place in range(len(spots)))))
    title = visible_text(f"{training.model.title}: losses over training")
    return StepChart(
        "loss",
        "loss, nats per token",
        _LOSS_DETAIL if training.losses else "of the study’s captions",
        loss_chart(places, series, learned, title, _loss_summary(places, columns)),
        tuple(("", label) for label, _ in columns),
        tuple(
            StepRow(name, tuple(_loss_figure(values[place]) for _, values in columns))
            for place, name in enumerate(places)
        ),
    )


def _spots(training: Training) -> list[tuple[int | None, str]]:
    """Places of the x axis, each with its model; quarters of the way where the study reads the end alone."""
    end = training.steps[-1].step
    if len(training.steps) > 1 or not end:
        return [(step.step, step.model.model_id) for step in training.steps]
    places = sorted({end * quarter // _QUARTERS for quarter in range(_QUARTERS)} - {end})
    return [*((place, "") for place in places), (end, training.model.model_id)]


def _loss_figure(loss: float | None) -> Figure:
    return Figure("–" if loss is None else f"{loss:.2f}")


def _loss_summary(places: Sequence[str], columns: Sequence[tuple[str, Sequence[float | None]]]) -> str:
    """Where each line ends, for those who do not see the chart."""
    found = []
    for label, values in columns:
        known = [(place, value) for place, value in zip(places, values, strict=True) if value is not None]
        if known:
            found.append(f"{label} {known[-1][1]:.2f} at step {known[-1][0]}")
    return "; ".join(found)
