"""Every question has its answer: counts by SQL against counts over the rows that were written."""

from __future__ import annotations

from pathlib import Path

import pytest

from data_pipeline.completeness import present_blocks
from data_pipeline.schema import LENSES
from data_pipeline.store import Results, ResultsWriter
from generator import queries
from generator.database import Database
from generator.intervals import Share, Tally
from generator.measures import Measures
from generator.resources import sql_text
from tests.generator import tiny_study as tiny

SQL = sorted(path.stem for path in (Path(queries.__file__).parent / "sql").glob("*.sql"))


@pytest.mark.parametrize("name", SQL)
def test_a_statement_says_its_question_and_its_order(name: str) -> None:
    text = sql_text(name)
    lines = text.strip().splitlines()
    assert lines[0].startswith("-- ")
    assert lines[0].endswith("?")
    last_clauses = text.rpartition("\nfrom ")[2]
    assert "\norder by" in last_clauses or lines[1].startswith("-- In no order: ")


def test_models_come_in_the_order_of_the_study(tiny_database: Database) -> None:
    models = queries.models(tiny_database)
    assert [model.model_id for model in models] == [model.model_id for model in tiny.MODELS]
    assert models[0].vision_layers == tiny.LAYERS
    assert models[4].baseline_model_id == "alpha-round"


def test_a_model_sees_its_own_canvases(tiny_database: Database) -> None:
    images = queries.model_images(tiny_database, "alpha-wide")
    assert [image.image_id for image in images] == ["scene-0", "scene-1"]
    assert {(image.rows, image.cols, image.grid_x) for image in images} == {(3, 2, 6.0)}
    assert images[0].caption == tiny.IMAGES[0][1]


def test_verdicts_are_counted_as_written(tiny_database: Database) -> None:
    model = tiny.MODELS[0]
    rows = [row for row in tiny.judgment_rows(model, "contextual") if row["vision_layer"] == 2]
    ok = [row for row in rows if row["status"] == "ok"]
    measures = Measures(queries.verdicts(tiny_database), {model.model_id: tiny.JUDGE})
    assert measures.failed() == 1
    assert len(ok) == len(rows) - 1
    interpretable = sum(row["interpretable"] for row in ok)
    assert measures.share(model.model_id, "contextual", 2) == Share(interpretable, len(ok))
    hits = sum(row["chance_hits"] for row in ok)
    assert measures.chance(model.model_id, "contextual", 2) == pytest.approx(hits / (10 * len(ok)))


def test_only_object_cells_with_a_verdict_can_name_the_object(tiny_database: Database) -> None:
    model = tiny.MODELS[1]
    rows = [row for row in tiny.judgment_rows(model, "logit") if row.get("truth_kind") == "object"]
    measures = Measures(queries.verdicts(tiny_database), {model.model_id: tiny.JUDGE})
    for layer in tiny.LAYERS:
        here = [row for row in rows if row["vision_layer"] == layer and row["status"] == "ok"]
        naming = measures.naming(model.model_id, "logit", layer)
        assert naming is not None
        assert naming.share == Share(sum(row["names_truth"] for row in here), len(here))
        expected_chance = sum(row["truth_chance_hits"] for row in here) / (8 * len(here))
        assert naming.chance == pytest.approx(expected_chance)
        assert naming.by_noun == Share(sum(row["names_noun"] for row in here), len(here))
        assert naming.noun_chance == pytest.approx(
            sum(row["noun_chance_hits"] for row in here) / (8 * len(here))
        )
    best = measures.best_naming(model.model_id, "logit")
    rates = [measures.naming(model.model_id, "logit", layer).share.rate for layer in tiny.LAYERS]  # type: ignore[union-attr]
    assert best is not None
    assert best.share.rate == max(rates)
    assert best.vision_layer == tiny.LAYERS[rates.index(max(rates))]


def test_the_counts_of_images_are_those_of_the_blocks_that_are_asked_for(tiny_database: Database) -> None:
    measures = Measures(queries.verdicts(tiny_database), {"beta-wide": tiny.JUDGE})
    model = next(model for model in tiny.MODELS if model.model_id == "beta-wide")
    for lens in LENSES:
        blocks = measures.blocks("beta-wide", lens)
        assert blocks == {(layer, image) for layer in tiny.LAYERS for image, _ in tiny.IMAGES}
        some = {(2, "scene-0"), (4, "scene-0")}
        rows = [
            row
            for row in tiny.judgment_rows(model, lens)
            if row["status"] == "ok" and (row["vision_layer"], row["image_id"]) in some
        ]
        assert measures.tallies("beta-wide", lens, some) == {
            "scene-0": Tally(
                sum(row["interpretable"] for row in rows),
                10,  # two layers, five cells: one of six is padding
                sum(row["chance_hits"] for row in rows),
                10 * 10,
            )
        }


def test_another_judges_verdicts_are_in_no_figure(tiny_database: Database) -> None:
    measures = Measures(queries.verdicts(tiny_database), {"alpha-round": "somebody else"})
    assert not measures.has("alpha-round")
    assert measures.share("alpha-round", "logit", 0) is None


def test_caption_losses_weigh_each_token_alike(tiny_database: Database) -> None:
    rows = tiny.sample_rows(tiny.MODELS[0])
    losses = {loss.model_id: loss for loss in queries.caption_losses(tiny_database)}
    tokens = sum(row["caption_tokens"] for row in rows)
    expected = sum(row["caption_loss_image"] * row["caption_tokens"] for row in rows) / tokens
    assert losses["alpha-round"].with_image == pytest.approx(expected, abs=1e-5)
    assert losses["alpha-round"].tokens == tokens == 21
    assert "shelf" not in losses


def test_a_caption_loss_that_is_missing_for_an_image_does_not_count_its_tokens(tmp_path: Path) -> None:
    known = {"caption_loss_image": 1.0, "caption_loss_shuffled": 3.0, "caption_loss_none": 4.0}
    first, second = (row | known for row in tiny.sample_rows(tiny.MODELS[0]))
    second |= {"caption_loss_image": 2.0, "caption_loss_shuffled": None}
    third = tiny.sample_rows(tiny.MODELS[1])[0] | {"caption_loss_image": None, "caption_loss_none": 2.5}
    writer = ResultsWriter(tmp_path / "results", tiny.tiny_manifest())
    writer.write_part("samples/samples.parquet", tiny._table("samples", [first, second, third]))
    with Database(Results(tmp_path / "results")) as database:
        loss, other = queries.caption_losses(database)
    assert (loss.images, loss.tokens, loss.shuffled, loss.without) == (2, 21, 3.0, 4.0)
    assert loss.with_image == pytest.approx((10 * 1.0 + 11 * 2.0) / 21)
    assert (other.model_id, other.with_image, other.without) == ("alpha-wide", None, 2.5)


def test_blocks_are_those_that_completeness_finds(tiny_database: Database, tiny_study_folder: Path) -> None:
    expected = present_blocks(Results(tiny_study_folder))
    assert queries.present_blocks(tiny_database) == expected
    assert len(expected) == 6 * 3 * 3 * 2 - 8


def test_sizes_and_judges(tiny_database: Database) -> None:
    size = queries.study_size(tiny_database)
    assert (size.images, size.top_k, size.judgments) == (2, 5, 540)
    judges = queries.judges(tiny_database)
    assert [(judge.judge, judge.failed) for judge in judges] == [(tiny.JUDGE, 1)]
    assert len(queries.runs(tiny_database)) == 12


def test_a_table_without_parts_is_an_empty_view(tmp_path: Path) -> None:
    ResultsWriter(tmp_path / "results", tiny.tiny_manifest())
    with Database(Results(tmp_path / "results")) as database:
        assert queries.models(database) == []
        assert queries.verdicts(database) == []
        assert queries.study_size(database).top_k == 0


def test_a_folder_name_is_never_a_pattern(tmp_path: Path) -> None:
    """`[1]` and `*` in a path are letters, and a file beside the listed ones stays outside."""
    folder = tiny.write_tiny_study(tmp_path / "results[1] *")
    (folder / "models" / "stray.parquet").write_bytes((folder / "models" / "models.parquet").read_bytes())
    with Database(Results(folder)) as database:
        assert len(queries.models(database)) == len(tiny.MODELS)
