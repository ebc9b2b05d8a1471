"""The judge page's figures, each held against a plain count over the rows of the judged study."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from data_pipeline.schema import LENSES
from data_pipeline.store import Results, ResultsWriter
from generator import judge_gallery, judge_records
from generator.build import build_site
from generator.database import Database
from generator.image_files import DataFiles, ImageFile
from generator.judge_charts import parts_of
from generator.judge_differences import pairs
from generator.judge_page import JudgePage, JudgeView, has_judgments, judge_page
from generator.judge_records import Counts
from generator.judge_shares import judged_lenses
from generator.study_context import StudyContext, study_context
from tests.generator import judged_study
from tests.generator.judged_study import MODEL_JUDGE, PEOPLE, PUBLISHED, judged_rows
from tests.generator.tiny_study import tiny_manifest

RELATIONS = ("concrete_words", "abstract_words", "global_words")
Row = dict[str, Any]


@pytest.fixture(scope="module")
def database(judged_study_folder: Path) -> Iterator[Database]:
    with Database(Results(judged_study_folder)) as opened:
        yield opened


@pytest.fixture(scope="module")
def context(database: Database, judged_study_folder: Path) -> StudyContext:
    return study_context(database, Results(judged_study_folder))


@pytest.fixture(scope="module")
def files() -> list[ImageFile]:
    return []


@pytest.fixture(scope="module")
def shown(database: Database, context: StudyContext, files: list[ImageFile]) -> JudgePage:
    return judge_page(database, context, DataFiles(50, files.append, {}))


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    return judged_rows(MODEL_JUDGE)


def view(shown: JudgePage, judge: str) -> JudgeView:
    return next(one for one in shown.judges if one.judge == judge)


def has_verdict(row: Row) -> bool:
    return row["status"] == "ok"


def related(row: Row) -> list[str]:
    return [word for name in RELATIONS for word in row[name]]


def test_counts_are_those_of_the_rows(database: Database, rows: list[Row]) -> None:
    found = judge_records.counts(database)
    for (judge, model_id, lens, layer), counts in found.items():
        if judge != MODEL_JUDGE:
            continue
        mine = [
            row
            for row in rows
            if (row["model_id"], row["lens"], row["vision_layer"]) == (model_id, lens, layer)
        ]
        judged = [row for row in mine if has_verdict(row)]
        yes = [row for row in judged if row["interpretable"]]
        assert counts.judged == len(judged)
        assert counts.interpretable == len(yes)
        assert counts.failed == sum(row["status"] == "failed" for row in mine)
        assert counts.skipped == sum(row["status"] == "skipped" for row in mine)
        closest = Counter(next((name for name in RELATIONS if row[name]), "unnamed") for row in yes)
        assert counts.named_concrete == closest["concrete_words"]
        assert counts.named_abstract == closest["abstract_words"]
        assert counts.named_global == closest["global_words"]
        assert counts.unnamed == closest["unnamed"]
        assert counts.any_global == sum(bool(row["global_words"]) for row in yes)
        known = [row for row in judged if not row["interpretable"] or related(row)]
        assert counts.first_judged == len(known)
        assert counts.first_found == sum(
            row["candidates"][0] in related(row) for row in known if row["interpretable"]
        )
        assert counts.chance_trials == len(judged)


def test_there_is_something_of_everything(rows: list[Row]) -> None:
    """The study cannot make the tests above pass by having nothing to count."""
    assert {row["status"] for row in rows} == {"ok", "failed", "skipped"}
    yes = [row for row in rows if row.get("interpretable")]
    for name in RELATIONS:
        assert any(row[name] for row in yes)
    assert any(not related(row) for row in yes)
    assert any(row["concrete_words"] and row["global_words"] for row in yes)


def test_children_sum_up_to_their_parent_and_k_is_at_most_n(database: Database) -> None:
    found = judge_records.counts(database)
    assert found
    for counts in found.values():
        assert sum(parts_of(counts).values()) == counts.interpretable <= counts.judged
        assert counts.first_found <= counts.first_judged <= counts.judged
        assert counts.first_found <= counts.interpretable
        assert counts.named_concrete <= counts.interpretable
        assert max(counts.any_abstract, counts.any_global) <= counts.interpretable
        assert counts.chance_hits <= counts.chance_trials


def test_sums_over_layers_are_sums_of_counts() -> None:
    one = Counts(judged=4, interpretable=3, named_concrete=2, unnamed=1, failed=1)
    assert (one + one).judged == 8
    assert (one + one).share.rate == one.share.rate == 0.75  # type: ignore[union-attr]
    assert Counts(failed=3).share is None, "failures alone make no share of nought"


def test_a_table_says_k_of_n_for_each_judged_layer(shown: JudgePage, rows: list[Row]) -> None:
    chart = view(shown, MODEL_JUDGE).charts[0].charts[0]
    assert chart.title == "Alpha + Round"
    for line in chart.table.rows:
        cell = dict(zip(chart.table.columns, line, strict=True))
        lens = {"Embedding": "embedding", "LogitLens": "logit", "LN-Lens": "contextual"}[cell["lens"]]
        mine = [
            row
            for row in rows
            if (row["model_id"], row["lens"], row["vision_layer"])
            == ("alpha-round", lens, int(cell["vision layer"]))
        ]
        judged = [row for row in mine if has_verdict(row)]
        assert int(cell["n"]) == len(judged)
        assert int(cell["k"]) == sum(row["interpretable"] for row in judged)
        assert int(cell["failed"]) == sum(row["status"] == "failed" for row in mine)


def test_both_rankings_of_ln_lens_are_shown_where_both_were_judged() -> None:
    found = {
        ("judge", "model", "contextual_percentile", 0): Counts(judged=1),
        ("judge", "model", "contextual", 0): Counts(judged=2),
        ("judge", "model", "logit", 0): Counts(failed=1),
    }
    assert judged_lenses(found) == ("contextual", "contextual_percentile")


def test_people_show_only_the_layers_and_lenses_that_they_judged(shown: JudgePage) -> None:
    for person in PEOPLE:
        for chart in (one for group in view(shown, person).charts for one in group.charts):
            assert {row[0] for row in chart.table.rows} == {"2"}
            assert {row[1] for row in chart.table.rows} == {"Embedding", "LN-Lens"}


def test_published_shares_are_named_lines_of_their_own(shown: JudgePage) -> None:
    judge = view(shown, MODEL_JUDGE)
    assert judge.sources == (PUBLISHED,)
    charts = {chart.title: chart for group in judge.charts for chart in group.charts}
    assert 'class="published"' in charts["Alpha + Round"].chart
    assert 'class="published"' not in charts["Alpha + Wide"].chart
    table = charts["Alpha + Round"].table
    column = table.columns.index(f"published: {PUBLISHED}")
    shown = {(row[0], row[1]): row[column] for row in table.rows}
    assert shown["0", "LN-Lens"] == "72.0\u202f%"
    assert shown["4", "Embedding"] == "–", "no figure was published"
    assert shown["0", "LogitLens"] == "–"


def test_words_are_counted_by_class(shown: JudgePage, rows: list[Row]) -> None:
    table = view(shown, MODEL_JUDGE).words
    known = [row for row in rows if has_verdict(row) and (not row["interpretable"] or related(row))]
    words = [(row["lens"], word, word in related(row)) for row in known for word in row["candidates"]]
    total = Counter(lens for lens, _, _ in words)
    function = next(row for row in table.rows if row.name == "function word")
    from_rows = [
        hit
        for lens, word, hit in words
        if lens == "contextual" and word in ("the", "a", "on", "over", "under", "beside")
    ]
    assert function.cells[2].detail.startswith(f"{sum(from_rows)}/{len(from_rows)} ")
    for place, lens in enumerate(LENSES):
        counted = [row.cells[place].detail.split(" ")[0] for row in table.rows if row.cells[place].detail]
        assert sum(int(text.split("/")[1]) for text in counted) == total[lens], (
            "every candidate has one class"
        )
    by_model = Counter()
    for line in table.by_model.rows:
        by_model[line[1]] += int(line[4])
    assert by_model["LN-Lens"] == total["contextual"]


def test_models_are_paired_by_cell_where_they_saw_the_same_canvas(
    shown: JudgePage, database: Database, context: StudyContext, rows: list[Row]
) -> None:
    found = pairs(database, context, [model.model_id for model in context.models])
    named = {(pair.model.model_id, pair.other.model_id): pair for pair in found}
    assert set(named) == {
        ("alpha-round-linear", "alpha-round"),
        ("alpha-wide", "alpha-round"),
        ("beta-round", "alpha-round"),
    }, "an ablation with its baseline, and models with the same canvas or language model"
    assert not named["alpha-wide", "alpha-round"].same_cells
    verdicts = {
        (row["model_id"], row["image_id"], row["lens"], row["vision_layer"], row["cell"]): row[
            "interpretable"
        ]
        for row in rows
        if has_verdict(row)
    }
    mine = {key[1:]: yes for key, yes in verdicts.items() if key[0] == "beta-round" and key[2] == "logit"}
    theirs = {key[1:]: yes for key, yes in verdicts.items() if key[0] == "alpha-round" and key[2] == "logit"}
    both = mine.keys() & theirs.keys()
    only = sum(mine[key] and not theirs[key] for key in both)
    only_other = sum(theirs[key] and not mine[key] for key in both)
    line = next(row for row in view(shown, MODEL_JUDGE).pairs if row.model == "Beta & <Co> + Round")
    assert line.by_cell
    cell = line.cells[1]
    assert cell.basis == f"{len(both)} patches: {only} only the first, {only_other} only the second"
    difference = 100 * (only - only_other) / len(both)
    assert float(cell.value.replace("−", "-")) == pytest.approx(difference, abs=0.051)
    assert " to " in cell.interval
    by_image = next(row for row in view(shown, MODEL_JUDGE).pairs if row.model == "Alpha + Wide")
    assert not by_image.by_cell
    assert not by_image.is_ablation and not line.is_ablation
    assert any(row.is_ablation for row in view(shown, MODEL_JUDGE).pairs)
    assert not view(shown, MODEL_JUDGE).pairs_lack_intervals


def test_failures_are_told_with_their_reasons(shown: JudgePage, rows: list[Row]) -> None:
    reasons = Counter(row["failure"] for row in rows if row["status"] == "failed")
    assert dict(view(shown, MODEL_JUDGE).failures) == {
        reason: str(count) for reason, count in reasons.items()
    }
    assert f"{sum(reasons.values())} judgments failed" in view(shown, MODEL_JUDGE).summary


def test_a_judge_says_what_it_was_asked_and_what_it_cost(shown: JudgePage, rows: list[Row]) -> None:
    judge = view(shown, MODEL_JUDGE)
    assert judge.prompt == judged_study.PROMPT
    facts = dict(judge.facts)
    cost = sum(row.get("cost") or 0 for row in rows)
    assert facts["cost"] == f"{cost:.2f} US dollars"
    assert facts["prompt hash"] == judged_study._hash16("judge prompt")
    assert "cost" not in dict(view(shown, "ada").facts), "nobody said what people cost"


def test_judges_agree_by_stated_criteria(shown: JudgePage) -> None:
    assert shown.agreements[0].criterion == "any relation, each person"
    assert len(shown.agreements) > 1
    pair = next(
        row
        for row in shown.agreements[0].rows
        if (row.first, row.second, row.lens) == ("Ada", "Bob", "LN-Lens")
    )
    assert pair.both + pair.first_only + pair.second_only + pair.neither == 32


def test_items_of_a_judge_of_millions_are_looked_at_by_a_hash(
    database: Database, context: StudyContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(judge_gallery, "MOST_SORTED", 100)
    facts = judge_records.judge_facts(database)
    few = judge_gallery.gallery(database, context, facts, DataFiles(50, lambda file: None, {}))
    monkeypatch.undo()
    all_of_them = judge_gallery.gallery(database, context, facts, DataFiles(50, lambda file: None, {}))
    assert few.items == all_of_them.items, "the number of items is that of the results"
    assert 64 <= few.shown < all_of_them.shown == judge_gallery.MOST, "people's items stay: they are few"


def test_the_first_judge_is_that_of_the_index(shown: JudgePage, context: StudyContext) -> None:
    assert shown.judges[0].judge == context.judges["alpha-round"] == "annotations"


def test_a_study_without_judgments_has_no_such_page(tiny_results: Path, tmp_path: Path) -> None:
    writer = ResultsWriter(tiny_results, tiny_manifest())
    writer.drop_stale_parts([path for path in writer.manifest.parts if not path.startswith("judgments/")])
    build_site(tiny_results, tmp_path / "site", with_data=False)
    assert not (tmp_path / "site" / "judge.html").exists()
    assert "judge.html" not in (tmp_path / "site" / "index.html").read_text(encoding="utf-8")


def test_the_tiny_study_has_judgments(tiny_database: Database, tiny_study_folder: Path) -> None:
    assert has_judgments(tiny_database, study_context(tiny_database, Results(tiny_study_folder)))
