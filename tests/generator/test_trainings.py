"""Trainings on the index: curves over the steps, their links, and what they are no longer."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pyarrow as pa
import pytest
from markupsafe import Markup

from data_pipeline.errors import InputError
from data_pipeline.schema import TABLES
from data_pipeline.store import Results, ResultsWriter
from generator.charts import percent
from generator.compare_page import _first_models as first_models
from generator.compare_page import _partner as partner_of
from generator.database import Database
from generator.index_page import IndexPage, index_page
from generator.index_trainings import training_views
from generator.input_checks import check_rows
from generator.loss_chart import LearnedLosses, LossSeries, learned_between, loss_chart
from generator.measures import Measures
from generator.records import CaptionLoss, Checkpoint, TrainingLoss
from generator.render import render
from generator.study_context import StudyContext, study_context, without_ablations
from generator.trainings import trainings
from tests.generator import tiny_study as tiny

TRAINED, STEP = "alpha-round", "alpha-round-linear"
ROWS = [(TRAINED, TRAINED, 200), (STEP, TRAINED, 10)]


def losses_of(model_id: str, count: int) -> list[dict[str, Any]]:
    """The loss of step n is n nats."""
    names = TABLES["training_losses"].schema.names
    return [
        dict(zip(names, (model_id, step, float(step), 1e-3, 8 * step, 0.5 * step), strict=True))
        for step in range(1, count + 1)
    ]


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Results:
    """The tiny study with its ablation as a step of another model's training."""
    folder = tiny.write_tiny_study(tmp_path_factory.mktemp("trained") / "results")
    writer = ResultsWriter(folder, Results(folder).manifest)
    names = TABLES["checkpoints"].schema.names
    rows = [dict(zip(names, row, strict=True)) for row in ROWS]
    for name, found in (("checkpoints", rows), ("training_losses", losses_of(TRAINED, 200))):
        writer.write_part(f"{name}/{name}.parquet", pa.Table.from_pylist(found, TABLES[name].schema))
    return Results(folder)


@pytest.fixture(scope="module")
def database(results: Results) -> Iterator[Database]:
    with Database(results) as opened:
        check_rows(opened, results)
        yield opened


@pytest.fixture(scope="module")
def context(database: Database, results: Results) -> StudyContext:
    return replace(study_context(database, results), compares=True)


@pytest.fixture(scope="module")
def page(database: Database, context: StudyContext, results: Results) -> IndexPage:
    return index_page(database, context, results, "data")


def parsed(svg: Markup) -> ElementTree.Element:
    return ElementTree.fromstring(str(svg))  # noqa: S314 our own text


def test_steps_stand_in_order_with_their_pages(page: IndexPage) -> None:
    [training] = page.trainings
    assert training.link.title == "Alpha + Round"
    assert [(step.title, step.href) for step in training.steps] == [
        ("10", f"models/{STEP}.html"),
        ("200", f"models/{TRAINED}.html"),
    ]
    assert training.compare_href == f"compare.html#models={STEP},{TRAINED}"


def test_a_checkpoint_is_no_ablation(page: IndexPage) -> None:
    assert page.ablations == ()
    assert dict(page.facts)["models"] == "4 main, 1 off-the-shelf, 1 checkpoint"
    assert not any("linear" in row.link.title for row in page.truth)


def test_a_chart_has_the_shares_that_were_written_at_the_layer_where_they_end_highest(
    page: IndexPage,
) -> None:
    chart = page.trainings[0].charts[0]
    assert (chart.measure, chart.name) == ("interpretable", "interpretable cells")

    def rates(model: tiny.TinyModel) -> dict[int, float]:
        rows = [row for row in tiny.judgment_rows(model, "logit") if row["status"] == "ok"]
        found = {}
        for layer in tiny.LAYERS:
            verdicts = [row["interpretable"] for row in rows if row["vision_layer"] == layer]
            found[layer] = sum(verdicts) / len(verdicts)
        return found

    before, after = (rates(tiny.MODELS[place]) for place in (4, 0))
    best = max(tiny.LAYERS, key=lambda layer: after[layer])
    place = [lens for lens, _ in chart.columns].index("logit")
    assert chart.columns[place][1] == f"LogitLens, {best}"
    assert [row.step for row in chart.figures] == ["10", "200"]
    assert [row.cells[place].share for row in chart.figures] == [percent(before[best]), percent(after[best])]
    titles = [title.text or "" for title in parsed(chart.chart).iter("title")]
    assert titles[0].startswith("step 10\n")


def test_the_page_shows_the_section_and_only_then_its_styles(
    page: IndexPage, tiny_database: Database, tiny_study_folder: Path
) -> None:
    html = render("index.html.jinja", page)
    assert 'id="trainings">Over training' in html
    section = html[html.index('id="trainings"') : html.index('id="off-the-shelf"')]
    assert section.count('<svg class="chart"') == 3
    assert 'data-metric="' not in section  # the choice of a measure above does not hide them
    assert "[data-loss=" in html
    without = Results(tiny_study_folder)
    plain = index_page(tiny_database, study_context(tiny_database, without), without, "data")
    assert "[data-loss=" not in render("index.html.jinja", plain)


def test_a_training_stands_beside_its_first_step(context: StudyContext) -> None:
    trained, step = (one for one in context.models if one.model_id in (TRAINED, STEP))
    assert partner_of(context, trained) == STEP
    assert partner_of(context, step) == TRAINED
    alone = replace(context, shown=(trained, step), models=(trained, step))
    seen: Any = {one: [_Seen()] for one in (TRAINED, STEP)}
    assert first_models(alone, seen) == [STEP, TRAINED]


class _Seen:
    class image:  # noqa: N801
        image_id = "scene-0"


def test_without_ablations_a_training_has_its_end_alone(context: StudyContext, results: Results) -> None:
    [training] = without_ablations(context, results).trainings
    assert [step.model.model_id for step in training.steps] == [TRAINED]
    [view] = training_views(without_ablations(context, results), Measures([], {}), {})
    [chart] = view.charts
    assert [row.step for row in chart.figures] == ["0", "50", "100", "150", "200"]
    assert [row.cells[-1].share for row in chart.figures] == ["–", "25.50", "75.50", "125.50", "175.50"]
    assert view.compare_href is None


def test_a_training_of_which_nothing_is_known_is_not_shown(context: StudyContext) -> None:
    assert trainings(context.models, [Checkpoint(TRAINED, TRAINED, None)], []) == ()
    [training] = trainings(context.models, [Checkpoint("gone", TRAINED, 1)], [TrainingLoss(TRAINED, 1, 2.0)])
    assert [step.step for step in training.steps] == [1]
    alone = replace(context, trainings=(training,))
    assert training_views(alone, Measures([], {}), {}) == ()


def test_a_last_checkpoint_is_the_trained_model_itself(context: StudyContext) -> None:
    rows = [Checkpoint(TRAINED, TRAINED, 10), Checkpoint(STEP, TRAINED, 10)]
    [training] = trainings(context.models, rows, [])
    assert [step.model.model_id for step in training.steps] == [TRAINED]
    [unknown] = trainings(context.models, [Checkpoint(TRAINED, TRAINED, None), rows[1]], [])
    assert [(step.model.model_id, step.step) for step in unknown.steps] == [(STEP, 10), (TRAINED, None)]


def test_captions_alone_make_a_chart(context: StudyContext) -> None:
    rows = [Checkpoint(TRAINED, TRAINED, None), Checkpoint(STEP, TRAINED, 1200)]
    alone = replace(context, trainings=trainings(context.models, rows, []))
    losses = {
        STEP: CaptionLoss(STEP, 2, 20, 0.8, 0.9, None),
        TRAINED: CaptionLoss(TRAINED, 2, 20, 0.25, 1.5, None),
    }
    [view] = training_views(alone, Measures([], {}), losses)
    [chart] = view.charts
    assert [row.step for row in chart.figures] == ["1\u202f200", "end"]
    assert [title for _, title in chart.columns] == ["image", "other image"]
    assert [cell.share for cell in chart.figures[1].cells] == ["0.25", "1.50"]
    drawn = parsed(chart.chart)
    assert drawn.findtext("desc") == "image 0.25 at step end; other image 1.50 at step end"
    assert {text.text for text in drawn.iter("text")} >= {"0", "0.75", "1.5", "end"}


LEARNED = LearnedLosses((0, 4, 8, None), tuple((step, 8.0 - step) for step in range(1, 9)))


def test_the_trainings_own_losses_are_means_since_the_step_before() -> None:
    assert [learned_between(LEARNED, place) for place in range(4)] == [None, 5.5, 1.5, None]


def test_a_loss_stands_where_the_weights_were_that_it_is_of() -> None:
    """Step 1's loss is that of weights without an update, so the line begins at the first place."""
    drawn = parsed(loss_chart(("0", "4", "8", "end"), (), LEARNED, "t", "s"))
    [line] = [one for one in drawn.iter("polyline") if one.get("data-loss") == "learned"]
    xs, ys = zip(
        *([float(n) for n in point.split(",")] for point in (line.get("points") or "").split()), strict=True
    )
    ticks = [float(text.get("x", "")) for text in drawn.iter("text") if "middle" in text.get("class", "")]
    assert len(xs) == 8
    assert (xs[0], xs[4]) == (pytest.approx(ticks[0], abs=0.1), pytest.approx(ticks[1], abs=0.1))
    assert xs[2] == pytest.approx((ticks[0] + ticks[1]) / 2, abs=0.1)
    assert ys[0] == pytest.approx(8 + (1 - 7 / 8) * 120)  # the top is 8 nats


def test_many_losses_are_drawn_as_few_means() -> None:
    losses = tuple((step, 1.0 + step % 2) for step in range(1, 12_001))
    drawn = parsed(loss_chart(("0", "12 000"), (), LearnedLosses((0, 12_000), losses), "t", "s"))
    [line] = [one for one in drawn.iter("polyline") if one.get("data-loss") == "learned"]
    points = [float(point.split(",")[1]) for point in (line.get("points") or "").split()]
    assert len(points) == 30
    assert max(points) - min(points) < 0.2


@pytest.mark.parametrize(
    ("most", "top"), [(0.31, "0.4"), (1.5, "1.5"), (9.2, "10"), (0.0, "1"), (23.0, "30")]
)
def test_the_axis_ends_at_a_round_number(most: float, top: str) -> None:
    series = (LossSeries("image", "image", (most, None)),)
    drawn = parsed(loss_chart(("0", "5"), series, LearnedLosses((0, 5), ()), "t", "s"))
    assert [text.text for text in drawn.iter("text") if "end" in (text.get("class") or "")][-1] == top
    assert "image: not known" in [title.text or "" for title in drawn.iter("title")][1]


def test_a_checkpoint_that_leads_nowhere_is_refused(results: Results, tmp_path: Path) -> None:
    folder = tmp_path / "results"
    shutil.copytree(results.folder, folder)
    writer = ResultsWriter(folder, Results(folder).manifest)
    rows = [{"model_id": "nobody", "trained_model_id": TRAINED, "step": 3}]
    table = pa.Table.from_pylist(rows, TABLES["checkpoints"].schema)
    writer.write_part("checkpoints/checkpoints.parquet", table)
    opened = Results(folder)
    expected = pytest.raises(InputError, match="'nobody', which is not in table models")
    with Database(opened) as database, expected:
        check_rows(database, opened)
