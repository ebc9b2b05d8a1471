"""Agreement of judges, against figures worked out by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from data_pipeline.manifest import Manifest, StudyInfo
from data_pipeline.schema import TABLES
from data_pipeline.store import Results, ResultsWriter
from generator.agreement import Agreement, Criterion, agreements, kappas, spearman
from generator.database import Database

NO_WORDS: dict[str, list[str]] = {"concrete": [], "abstract": [], "global": []}


def judgment(judge: str, image: int, cell: int, relation: str | None, **changes: object) -> dict[str, object]:
    """One verdict; `relation` None says no."""
    words = {**NO_WORDS, **({relation: ["dog"]} if relation else {})}
    row: dict[str, object] = {
        "model_id": "model",
        "image_id": f"image-{image}",
        "lens": "logit",
        "vision_layer": 0,
        "cell": cell,
        "judge": judge,
        "status": "ok",
        "interpretable": relation is not None,
        "candidates": ["dog", "cat"],
        **{f"{name}_words": found for name, found in words.items()},
    }
    return {**row, **changes}


def found(folder: Path, rows: list[dict[str, object]], criterion: Criterion | None = None) -> list[Agreement]:
    """The agreements of a results folder that holds these judgments; judges p… are people."""
    writer = ResultsWriter(folder, Manifest(StudyInfo("study", "Study")))
    schema = TABLES["judgments"].schema
    whole = [{**dict.fromkeys(schema.names), **row} for row in rows]
    writer.write_part("judgments/all.parquet", pa.Table.from_pylist(whole, schema=schema))
    judges = sorted({str(row["judge"]) for row in rows})
    kinds = [
        {"judge": name, "kind": "person" if name.startswith("p") else "model", "title": name}
        for name in judges
        if name != "annotations"
    ]
    schema = TABLES["judges"].schema
    whole = [{**dict.fromkeys(schema.names), **row} for row in kinds]
    writer.write_part("judges/all.parquet", pa.Table.from_pylist(whole, schema=schema))
    with Database(Results(folder)) as database:
        return agreements(database, criterion)


def pair(judge: str, other: str, counts: tuple[int, int, int, int]) -> list[dict[str, object]]:
    """Verdicts with these cells of: both yes, first only, second only, both no; ten cells an image."""
    cases = [(True, True), (True, False), (False, True), (False, False)]
    rows = []
    place = 0
    for count, verdicts in zip(counts, cases, strict=True):
        for _ in range(count):
            for name, yes in zip((judge, other), verdicts, strict=True):
                rows.append(judgment(name, place // 10, place % 10, "concrete" if yes else None))
            place += 1
    return rows


def test_kappa_has_the_value_of_the_textbook(tmp_path: Path) -> None:
    # Yes of 25 and 30 of 50, 35 the same: .7 observed, .5 by chance.
    (only,) = found(tmp_path, pair("a", "b", (20, 5, 10, 15)))
    assert (only.first, only.second, only.lens, only.cells, only.images) == ("a", "b", "logit", 50, 5)
    assert (only.first_yes, only.second_yes, only.raw) == (25, 30, 0.7)
    assert only.kappa == pytest.approx(0.4)
    assert only.kappa_interval is None  # five images tell little about others
    assert (only.spearman, only.groups) == (None, 1)
    assert only.criterion.title == "any relation, each person"


def test_the_interval_holds_kappa_and_is_the_same_each_time(tmp_path: Path) -> None:
    rows = pair("a", "b", (40, 10, 20, 30))
    (first,), (again,) = found(tmp_path / "1", rows), found(tmp_path / "2", rows[::-1])
    assert first.kappa_interval is not None
    assert first.kappa_interval == again.kappa_interval
    low, high = first.kappa_interval
    assert first.kappa == pytest.approx(0.4)
    assert low < 0.4 < high


def test_where_both_always_say_the_same_kappa_is_not_known(tmp_path: Path) -> None:
    (only,) = found(tmp_path, pair("a", "b", (20, 0, 0, 0)))
    assert (only.kappa, only.kappa_interval, only.raw) == (None, None, 1.0)
    assert np.isnan(kappas(np.array([0.0, 0, 0, 7])))


@pytest.mark.parametrize(
    ("relation", "both", "first_only"),
    [("any", 3, 0), ("concrete-or-abstract", 2, 1), ("concrete", 1, 2)],
)
def test_the_criterion_says_what_counts(tmp_path: Path, relation: str, both: int, first_only: int) -> None:
    rows = [judgment("a", 0, cell, "concrete") for cell in range(3)]
    rows += [judgment("b", 0, cell, word) for cell, word in enumerate(("concrete", "abstract", "global"))]
    (only,) = found(tmp_path, rows, Criterion(relation))
    assert (only.both, only.first_only) == (both, first_only)


def test_people_stand_for_themselves_or_together(tmp_path: Path) -> None:
    votes = {0: "yyn", 1: "ynn", 2: "yn", 3: "n"}  # by cell; two of four is at least half
    rows = [judgment("machine", 0, cell, "concrete") for cell in votes]
    for cell, said in votes.items():
        rows += [judgment(f"p{n}", 0, cell, "global" if vote == "y" else None) for n, vote in enumerate(said)]
    each = found(tmp_path / "each", rows)
    assert [(one.first, one.second, one.cells) for one in each] == [
        ("machine", "p0", 4),
        ("machine", "p1", 3),
        ("machine", "p2", 2),
        ("p0", "p1", 3),
        ("p0", "p2", 2),
        ("p1", "p2", 2),
    ]
    for people, yes in (("majority", 2), ("any", 3)):
        (only,) = found(tmp_path / people, rows, Criterion("any", people))
        assert (only.first, only.second, only.cells) == ("machine", f"people:{people}", 4)
        assert only.second_yes == yes
        assert only.criterion.title.startswith("any relation, ")


def test_what_has_no_verdict_does_not_count(tmp_path: Path) -> None:
    rows = pair("annotations", "b", (2, 1, 1, 2))
    rows.append(judgment("annotations", 8, 0, None, status="failed", interpretable=None))
    rows.append(judgment("b", 8, 0, "concrete"))
    (only,) = found(tmp_path, rows)
    assert (only.first, only.cells) == ("annotations", 6)


def test_all_lenses_come_after_each(tmp_path: Path) -> None:
    rows = pair("a", "b", (2, 1, 1, 2))
    rows += [{**row, "lens": "contextual"} for row in pair("a", "b", (3, 0, 0, 3))]
    assert [(one.lens, one.cells) for one in found(tmp_path, rows)] == [
        ("contextual", 6),
        ("logit", 6),
        (None, 12),
    ]


def test_spearman_orders_groups_by_their_shares(tmp_path: Path) -> None:
    shares = [(1, 2), (3, 3), (5, 4), (4, 4), (0, 0)]  # of 5 cells, by the judges, at five layers
    rows = []
    for layer, judged in enumerate(shares):
        for judge, yes in zip("ab", judged, strict=True):
            rows += [
                judgment(judge, 0, cell, "concrete" if cell < yes else None, vision_layer=layer)
                for cell in range(5)
            ]
    (only,) = found(tmp_path, rows)
    # Ranks 2 3 5 4 1 and 2 3 4.5 4.5 1, centred -1 0 2 1 -2 and -1 0 1.5 1.5 -2: 9.5 / sqrt(10 * 9.5).
    assert only.groups == 5
    assert only.spearman == pytest.approx(9.5 / np.sqrt(95))
    assert spearman(np.array([1.0, 2]), np.array([3.0, 3])) is None


def test_what_is_no_criterion_is_refused() -> None:
    with pytest.raises(ValueError, match="not a criterion"):
        Criterion("vague")
