"""The study's front page: everything decided here, placed by `templates/index.html.jinja`."""

from __future__ import annotations

from dataclasses import dataclass

from data_pipeline.schema import LENS_TITLES
from data_pipeline.store import Results
from generator import queries
from generator.ablations import AblationRow, ablation_rows, lack_intervals
from generator.database import Database
from generator.index_cards import METRICS, Card, GridRow, card, chance_legend
from generator.index_cards import grid as card_grid
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
from generator.index_trainings import TrainingView, chance_of_steps, training_views
from generator.index_truth import TruthRow, is_named, truth_rows
from generator.intervals import LEAST_IMAGES
from generator.measures import Measures
from generator.study_context import COMPARE_NAME, JUDGE_NAME, StudyContext, model_href
from generator.thumbnails import MOST, Thumbnail, thumbnail


@dataclass(frozen=True)
class IndexPage:
    """What `index.html.jinja` places."""

    title: str
    study_title: str
    description: str
    facts: tuple[tuple[str, str], ...]
    compare_href: str | None
    """The page that puts models side by side; None where there is none."""
    judge_href: str | None
    """The page about the judges; None where nothing was judged."""
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
    trainings: tuple[TrainingView, ...]
    chance_of_steps: str
    """The same as `chance_legend` for the charts of `trainings`; empty where these show no shares."""
    ablations: tuple[AblationRow, ...]
    ablations_lack_intervals: bool
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
    ablations = ablation_rows(context, measures)
    groups = {
        group: [m for m in context.models if m.group == group]
        for group in ("main", "ablation", "off_the_shelf")
    }
    main, shelf = (
        [card(model, context, measures) for model in groups[group]] for group in ("main", "off_the_shelf")
    )
    grid = card_grid(context, groups["main"], main)
    losses = {loss.model_id: loss for loss in queries.caption_losses(database)}
    shown = {chart.metric for one in main + shelf for chart in one.charts}
    runs = queries.runs(database)
    size = queries.study_size(database)
    trainings = training_views(context, measures, losses)
    thumbnails = _thumbnails(database, context, size.images)
    truth_lenses = [lens for lens in context.all_lenses if is_named(context, measures, lens)]
    return IndexPage(
        title=context.study.title,
        study_title=context.study.title,
        description=context.study.description,
        facts=facts(context, size),
        compare_href=COMPARE_NAME if context.compares else None,
        judge_href=JUDGE_NAME if context.has_judgments else None,
        thumbnails=thumbnails,
        more_images=size.images - len(thumbnails),
        grid=grid,
        main=() if grid else tuple(main),
        shelf=tuple(shelf),
        lenses=tuple((lens, LENS_TITLES[lens]) for lens in context.all_lenses),
        metrics=tuple((metric, name) for metric, name in METRICS.items() if metric in shown),
        lens_titles=dict(LENS_TITLES),
        chance_legend=chance_legend(main + shelf, size.images),
        has_judgments=any(measures.has(model.model_id) for model in context.models),
        truth=truth_rows(context, measures, losses, truth_lenses),
        truth_lenses=tuple((lens, LENS_TITLES[lens]) for lens in truth_lenses),
        trainings=trainings,
        chance_of_steps=chance_of_steps(trainings, size.images),
        ablations=ablations,
        ablations_lack_intervals=lack_intervals(ablations),
        least_images=LEAST_IMAGES,
        methods=methods(context, measures, queries.judges(database), size, losses),
        runs=run_rows(runs, context),
        run_summary=run_summary(runs),
        expected_blocks=context.expected_blocks,
        absent=absent_rows(context) + lost_sentences(context, queries.lost_contexts(database)),
        tables=data_tables(results) if data_href else (),
        data_href=data_href,
    )


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
