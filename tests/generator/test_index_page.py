"""What the index says of the tiny study, and of studies that are no grid."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from markupsafe import Markup

from data_pipeline.store import Results
from generator import queries
from generator.database import Database
from generator.index_cards import Card, Figure, Figures, MetricChart, card, chance_legend
from generator.index_cards import grid as grid_of
from generator.index_notes import count_text, run_rows, size_text, thousands
from generator.index_page import IndexPage, index_page
from generator.index_page import _thumbnails as thumbnails_of
from generator.intervals import Share
from generator.measures import Measures
from generator.study_context import study_context
from tests.generator import tiny_study as tiny


@pytest.fixture(scope="module")
def page(tiny_database: Database, tiny_study_folder: Path) -> IndexPage:
    results = Results(tiny_study_folder)
    return index_page(tiny_database, study_context(tiny_database, results), results, "data")


def test_main_models_stand_by_language_model_and_encoder(page: IndexPage) -> None:
    places = [
        (row.llm, cell.encoder, [c.title for c in cell.cards]) for row in page.grid for cell in row.cells
    ]
    assert places == [
        ("Alpha", "Round", ["Alpha + Round"]),
        ("Alpha", "Wide", ["Alpha + Wide"]),
        ("Beta & <Co>", "Round", ["Beta & <Co> + Round"]),
        ("Beta & <Co>", "Wide", ["Beta & <Co> + Wide"]),
    ]
    assert page.main == ()
    assert [card.title for card in page.shelf] == ["Shelf VLM"]


def test_a_place_of_the_grid_may_be_empty_and_one_model_is_no_grid(
    tiny_database: Database, tiny_study_folder: Path
) -> None:
    context = study_context(tiny_database, Results(tiny_study_folder))
    nothing = Measures([], {})
    three = list(context.models[:3])
    rows = grid_of(context, three, [card(model, context, nothing) for model in three])
    assert [[len(cell.cards) for cell in row.cells] for row in rows] == [[1, 1], [1, 0]]
    assert grid_of(context, three[:1], [card(three[0], context, nothing)]) == ()


def test_a_chart_shows_the_counts_that_were_written(page: IndexPage) -> None:
    rows = [
        row
        for row in tiny.judgment_rows(tiny.MODELS[0], "contextual")
        if row["vision_layer"] == 2 and row["status"] == "ok"
    ]
    share = Share(sum(row["interpretable"] for row in rows), len(rows))
    [interpretable, named] = page.grid[0].cells[0].cards[0].charts
    assert (interpretable.metric, named.metric) == ("interpretable", "named")
    assert interpretable.lenses == (
        ("embedding", "Embedding"),
        ("logit", "LogitLens"),
        ("contextual", "LN-Lens"),
    )
    assert [row.vision_layer for row in interpretable.figures] == list(tiny.LAYERS)
    assert interpretable.figures[1].cells[2].count == f"{share.count}/{share.total}"


def test_a_study_without_chance_says_why() -> None:
    def cards(chance: str) -> list[Card]:
        figures = (Figures(0, (Figure("50\u202f%", chance, "1/2", "9–91"),)),)
        return [Card(None, "a", "", (MetricChart("named", "", Markup(""), (), figures),))]

    assert chance_legend(cards("4\u202f%"), 2) == "dashed: chance"
    assert chance_legend(cards(""), 1) == "chance needs two or more images"
    assert chance_legend(cards(""), 2) == "chance is not known"


def test_thumbnails_are_the_union_over_models(
    tiny_database: Database, tiny_study_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = study_context(tiny_database, Results(tiny_study_folder))
    first, second = context.shown[:2]
    seen = queries.model_images(tiny_database, first.model_id)
    monkeypatch.setattr(
        queries, "model_images", lambda _, model: seen[:1] if model == first.model_id else seen
    )
    shown = thumbnails_of(tiny_database, context, len(seen))
    assert [image.model for image in shown] == [first.title, second.title]
    assert [image.href.partition("#")[0] for image in shown] == [
        f"models/{model.model_id}.html" for model in (first, second)
    ]


def test_a_text_index_belongs_to_the_language_model(tiny_database: Database, tiny_study_folder: Path) -> None:
    context = study_context(tiny_database, Results(tiny_study_folder))
    run = next(run for run in queries.runs(tiny_database) if run.model_id == context.models[0].model_id)
    rows = run_rows([dataclasses.replace(run, stage="index"), run], context)
    assert [row.model for row in rows] == ["Alpha", "Alpha + Round"]


def test_what_is_absent_is_told_with_its_reason(page: IndexPage) -> None:
    assert [(gap.model, gap.lenses, gap.layers, gap.images) for gap in page.absent] == [
        ("Shelf VLM", "Input Embedding Matrix", "0, 2, 4", 2),
        ("Shelf VLM", "LogitLens", "2", 2),
    ]
    assert page.absent[1].reason == "the run ended early"
    assert page.expected_blocks == 6 * 3 * 3 * 2


def test_every_table_of_the_contract_is_offered_with_its_files(page: IndexPage) -> None:
    tables = {table.name: table for table in page.tables}
    assert len(tables["neighbors"].files) == 6 * 3 - 1
    assert tables["neighbors"].rows == f"{thousands(3000)}\u00a0rows"
    assert {column.name for column in tables["canvases"].columns} >= {"affine", "padding"}


def test_provenance_sums_stages_and_names_each_version_once(page: IndexPage) -> None:
    summary = dict(page.run_summary)
    assert summary["time by stage"] == "capture 9.0\u202fs, judge 15.0\u202fs"
    assert summary["versions"] == "vlens 0.1.0, python 3.12.0, torch 2.6.0"
    assert summary["seed"] == "6198"
    assert len(page.runs) == 12


def test_an_unjudged_model_has_no_truth_row_but_a_page(page: IndexPage) -> None:
    assert "Shelf VLM" not in [row.link.title for row in page.truth]
    assert page.shelf[0].charts == ()
    assert page.shelf[0].href == "models/shelf.html"


def test_page_objects_are_frozen(page: IndexPage) -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        page.title = "changed"  # type: ignore[misc]


def test_counts_and_sizes_read_well() -> None:
    assert thousands(12960) == "12\u202f960"
    assert count_text(1, "call") == "1\u00a0call"
    assert count_text(2, "call") == "2\u00a0calls"
    assert [size_text(size) for size in (999, 1000, 1_440_000, 2_500_000_000)] == [
        "999\u202fB",
        "1.0\u202fkB",
        "1.4\u202fMB",
        "2.5\u202fGB",
    ]
