"""The table of ablations: differences, chance, and what is compared with what."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from data_pipeline.store import Results
from generator import queries
from generator.ablations import AblationRow, DifferenceCell, ablation_rows, lack_intervals, points
from generator.charts import percent
from generator.database import Database
from generator.measures import Measures
from generator.records import Verdicts
from generator.study_context import StudyContext, study_context
from tests.generator import tiny_study as tiny

BASELINE, ABLATION = "alpha-round", "alpha-round-linear"


@pytest.fixture(scope="module")
def context(tiny_database: Database, tiny_study_folder: Path) -> StudyContext:
    return study_context(tiny_database, Results(tiny_study_folder))


def verdicts(model: str, layer: int, image: str, hits: int, chance: int = 10) -> Verdicts:
    """Of one block of the logit lens: 100 cells, and a trial for each."""
    names = ("failed", "skipped", "object_cells", "named", "named_by_noun")
    chances = ("named_chance_hits", "named_chance_trials", "noun_chance_hits", "noun_chance_trials")
    counts = dict.fromkeys(names + chances, 0)
    return Verdicts(
        model, "logit", tiny.JUDGE, layer, image, 100, hits, chance_hits=chance, chance_trials=100, **counts
    )


def rows(context: StudyContext, *found: Verdicts) -> tuple[AblationRow, ...]:
    return ablation_rows(context, Measures(found, dict.fromkeys((BASELINE, ABLATION), tiny.JUDGE)))


def logit(row: AblationRow) -> DifferenceCell:
    return next(cell for cell in row.cells if cell.lens == "logit")


def test_an_ablation_is_compared_with_its_baseline(tiny_database: Database, context: StudyContext) -> None:
    baseline, ablation = ablation_rows(context, Measures(queries.verdicts(tiny_database), context.judges))
    assert (baseline.link.title, baseline.baseline) == ("Alpha + Round", "")
    assert (ablation.baseline, ablation.images) == ("Alpha + Round", 2)
    shares, chances = [], []
    for model in (tiny.MODELS[4], tiny.MODELS[0]):
        written = [row for row in tiny.judgment_rows(model, "logit") if row["status"] == "ok"]
        shares.append(sum(row["interpretable"] for row in written) / len(written))
        chances.append(sum(row["chance_hits"] for row in written) / (10 * len(written)))
    cell = logit(ablation)
    assert (cell.share, cell.chance) == (percent(shares[0], 1), f"chance {percent(chances[0])}")
    assert cell.difference is not None and cell.above_chance is not None
    assert cell.difference.value == points(shares[0] - shares[1])
    assert cell.above_chance.value == points(shares[0] - chances[0] - (shares[1] - chances[1]))
    assert cell.difference.interval == cell.above_chance.interval == ""
    assert lack_intervals([baseline, ablation]) and not lack_intervals([baseline])
    assert not cell.difference.is_clear
    assert [(one.difference, one.strip, one.basis) for one in baseline.cells] == [(None, None, "")] * 3
    assert logit(baseline).chance == f"chance {percent(chances[1])}"


def test_enough_images_have_an_interval_of_each_difference(context: StudyContext) -> None:
    images = [f"image-{place}" for place in range(6)]
    _, ablation = rows(
        context,
        *(verdicts(BASELINE, 0, image, 40, chance=10) for image in images),
        *(verdicts(ABLATION, 0, image, 60, chance=30) for image in images),
    )
    cell = logit(ablation)
    assert cell.difference is not None and cell.above_chance is not None
    assert (cell.difference.value, cell.difference.interval) == ("+20.0", "+20.0 to +20.0")
    assert cell.difference.is_clear
    assert (cell.above_chance.value, cell.above_chance.interval) == ("0.0", "0.0 to 0.0")
    assert not cell.above_chance.is_clear


def test_only_vision_layers_and_images_of_both_are_compared(context: StudyContext) -> None:
    baseline, ablation = rows(
        context,
        *(verdicts(BASELINE, layer, image, 20 + 10 * layer) for layer in (0, 2, 4) for image in "abc"),
        *(verdicts(ABLATION, layer, image, 50 + 10 * layer) for layer in (2, 4, 6) for image in "bcd"),
    )
    assert logit(baseline).share == percent(0.4, 1)
    cell = logit(ablation)
    assert cell.share == percent(0.8, 1)  # layers 2 and 4 alone
    assert cell.difference is not None
    assert cell.difference.value == "+30.0"
    assert cell.basis == "on layers 2, 4 of 2 images only"
    assert ablation.images == 2


def test_without_anything_in_common_a_share_stands_alone(context: StudyContext) -> None:
    _, ablation = rows(context, verdicts(BASELINE, 0, "a", 20), verdicts(ABLATION, 2, "a", 60))
    cell = logit(ablation)
    assert (cell.share, cell.difference) == (percent(0.6, 1), None)
    assert cell.basis == "nothing in common with the baseline"


def test_a_baseline_outside_of_the_study_is_named_so(context: StudyContext) -> None:
    alone = [
        replace(model, baseline_model_id="gone") for model in context.models if model.model_id == ABLATION
    ]
    [ablation] = rows(replace(context, models=tuple(alone)), verdicts(ABLATION, 2, "a", 60))
    assert ablation.baseline == "no baseline in the study"
    assert (logit(ablation).share, logit(ablation).difference) == (percent(0.6, 1), None)


@pytest.mark.parametrize(
    ("difference", "text"),
    [(0.0312, "+3.1"), (-0.2, "−20.0"), (0.0, "0.0"), (-0.0004, "0.0")],
)
def test_differences_are_in_points_with_their_sign(difference: float, text: str) -> None:
    assert points(difference) == text
