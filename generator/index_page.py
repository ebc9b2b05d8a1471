"""The study's front page: everything decided here, placed by `templates/index.html.jinja`."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from data_pipeline.schema import LENS_TITLES
from data_pipeline.store import Results
from generator import queries
from generator.ablations import AblationRow, ablation_rows
from generator.charts import Series, layer_chart, percent, share_strip
from generator.database import Database
from generator.index_notes import (
    Absent,
    DataTable,
    Methods,
    RunRow,
    absent_rows,
    data_tables,
    facts,
    lost_sentences,
    methods,
    run_rows,
    run_summary,
)
from generator.intervals import LEAST_IMAGES, Share
from generator.measures import Measures, Naming
from generator.model_page import COMPARE_NAME, StudyContext, Title, model_href
from generator.queries import CaptionLoss, Model
from generator.thumbnails import MOST, Thumbnail, thumbnail
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


@dataclass(frozen=True)
class NamingCell:
    """The best layer of one lens in words and as a strip; `strip` is None where there is no figure."""

    lens: str
    strip: Markup | None
    share: str
    chance: str
    by_noun: str
    """The part of `share` that a noun names, with its own chance."""
    detail: str


@dataclass(frozen=True)
class TruthRow:
    """How well one model's words and captions fit its images."""

    link: Title
    group: str
    namings: tuple[NamingCell, ...]
    losses: tuple[str, str, str] | None
    """With the image, with another image, without any: nats per token."""


@dataclass(frozen=True)
class IndexPage:
    """What `index.html.jinja` places."""

    title: str
    study_title: str
    description: str
    facts: tuple[tuple[str, str], ...]
    compare_href: str | None
    """The page that puts models side by side; None where there is none."""
    thumbnails: tuple[Thumbnail, ...]
    more_images: int
    """Images that have no thumbnail."""
    grid: tuple[GridRow, ...]
    main: tuple[Card, ...]
    """The main models where they make no grid."""
    shelf: tuple[Card, ...]
    lenses: tuple[tuple[str, str], ...]
    """Id and title of each lens of the study."""
    metrics: tuple[tuple[str, str], ...]
    """Id and name of each measure that charts show."""
    lens_titles: dict[str, str]
    """Titles of all lenses by id, to label the cells of narrow screens."""
    chance_legend: str
    """How charts show chance, or why they show none."""
    has_judgments: bool
    truth: tuple[TruthRow, ...]
    truth_lenses: tuple[tuple[str, str], ...]
    """Lenses with a figure in `truth`, in the order of its columns."""
    ablations: tuple[AblationRow, ...]
    least_images: int
    """So many images are needed for the interval of a difference."""
    methods: Methods
    runs: tuple[RunRow, ...]
    run_summary: tuple[tuple[str, str], ...]
    expected_blocks: int
    absent: tuple[Absent, ...]
    tables: tuple[DataTable, ...]
    data_href: str | None


def index_page(
    database: Database, context: StudyContext, results: Results, data_href: str | None
) -> IndexPage:
    """Ask for the study's figures and decide its front page."""
    measures = Measures(queries.verdicts(database), context.judges)
    groups = {
        group: [m for m in context.models if m.group == group]
        for group in ("main", "ablation", "off_the_shelf")
    }
    main, shelf = (
        [card(model, context, measures) for model in groups[group]] for group in ("main", "off_the_shelf")
    )
    grid = _grid(context, groups["main"], main)
    losses = {loss.model_id: loss for loss in queries.caption_losses(database)}
    shown = {chart.metric for one in main + shelf for chart in one.charts}
    runs = queries.runs(database)
    size = queries.study_size(database)
    thumbnails = _thumbnails(database, context, size.images)
    truth_lenses = [lens for lens in context.all_lenses if _is_named(context, measures, lens)]
    return IndexPage(
        title=context.study.title,
        study_title=context.study.title,
        description=context.study.description,
        facts=facts(context, size),
        compare_href=COMPARE_NAME if context.compares else None,
        thumbnails=thumbnails,
        more_images=size.images - len(thumbnails),
        grid=grid,
        main=() if grid else tuple(main),
        shelf=tuple(shelf),
        lenses=tuple((lens, LENS_TITLES[lens]) for lens in context.all_lenses),
        metrics=tuple((metric, name) for metric, name in METRICS.items() if metric in shown),
        lens_titles=dict(LENS_TITLES),
        chance_legend=_chance_legend(main + shelf, size.images),
        has_judgments=any(measures.has(model.model_id) for model in context.models),
        truth=_truth_rows(context, measures, losses, truth_lenses),
        truth_lenses=tuple((lens, LENS_TITLES[lens]) for lens in truth_lenses),
        ablations=ablation_rows(context, measures),
        least_images=LEAST_IMAGES,
        methods=methods(context, measures, queries.judges(database), size, losses),
        runs=run_rows(runs, context),
        run_summary=run_summary(runs),
        expected_blocks=context.expected_blocks,
        absent=absent_rows(context) + lost_sentences(context, queries.lost_contexts(database)),
        tables=data_tables(results) if data_href else (),
        data_href=data_href,
    )


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
        Figures(layer, tuple(_figure(one.shares[place], one.chances[place]) for one in series))
        for place, layer in enumerate(model.vision_layers)
    )
    title = visible_text(f"{model.title}: {METRICS[metric]} over vision layers")
    chart = layer_chart(model.vision_layers, series, title, _summary(series))
    lenses = tuple((one.lens, one.label) for one in series)
    return MetricChart(metric, METRICS[metric], chart, lenses, figures)


def _figure(share: Share | None, chance: float | None) -> Figure:
    if share is None:
        return Figure("–")
    low, high = share.interval
    interval = f"{100 * low:.0f}–{100 * high:.0f}"
    shown_chance = "" if chance is None else percent(chance)
    return Figure(percent(share.rate), shown_chance, f"{share.count}/{share.total}", interval)


def _chance_legend(cards: list[Card], images: int) -> str:
    figures = [cell for one in cards for chart in one.charts for row in chart.figures for cell in row.cells]
    if any(cell.chance for cell in figures):
        return "dashed: chance"
    return "chance needs two or more images" if images < 2 else "chance is not known"


def _thumbnails(database: Database, context: StudyContext, count: int) -> tuple[Thumbnail, ...]:
    """Every image of the study up to `MOST`, each as the first model saw it that has it."""
    found: dict[str, Thumbnail] = {}
    for model in context.shown:
        if len(found) >= min(count, MOST):
            break
        for image in queries.model_images(database, model.model_id):
            if image.image_id not in found and len(found) < MOST:
                found[image.image_id] = thumbnail(image, model_href(model.model_id), model.title)
    return tuple(found.values())


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


def _grid(context: StudyContext, models: list[Model], cards: list[Card]) -> tuple[GridRow, ...]:
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


def _truth_rows(
    context: StudyContext, measures: Measures, losses: dict[str, CaptionLoss], lenses: list[str]
) -> tuple[TruthRow, ...]:
    rows = []
    for model in context.models:
        cells = tuple(_naming_cell(lens, measures.best_naming(model.model_id, lens)) for lens in lenses)
        loss = losses.get(model.model_id)
        if loss or any(cell.strip for cell in cells):
            link = context.title(model)
            rows.append(TruthRow(link, model.group, cells, _loss_texts(loss)))
    return tuple(rows)


def _is_named(context: StudyContext, measures: Measures, lens: str) -> bool:
    return any(measures.best_naming(model.model_id, lens) for model in context.models)


def _naming_cell(lens: str, naming: Naming | None) -> NamingCell:
    if naming is None:
        return NamingCell(lens, None, "–", "", "", "")
    low, high = naming.share.interval
    detail = f"layer {naming.vision_layer} · {naming.share.count}/{naming.share.total}"
    detail += f" · {100 * low:.0f}–{100 * high:.0f}"
    by_noun = f"by a noun {percent(naming.by_noun.rate)}"
    if naming.noun_chance is not None:
        by_noun += f", chance {percent(naming.noun_chance)}"
    strip = share_strip(lens, naming.share, naming.chance)
    return NamingCell(lens, strip, percent(naming.share.rate), _chance_text(naming.chance), by_noun, detail)


def _chance_text(chance: float | None) -> str:
    return "" if chance is None else f"chance {percent(chance)}"


def _loss_texts(loss: CaptionLoss | None) -> tuple[str, str, str] | None:
    if loss is None:
        return None
    image, shuffled, without = (
        "–" if value is None else f"{value:.2f}" for value in (loss.with_image, loss.shuffled, loss.without)
    )
    return image, shuffled, without
