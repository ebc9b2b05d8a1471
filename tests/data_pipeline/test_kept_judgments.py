"""What a run leaves alone: plans and paid judgments, as long as what was judged is still there."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from data_pipeline.judges.items import places_of, read_plan
from data_pipeline.judges.kept_parts import kept_parts
from data_pipeline.judges.planning import PlanSettings, make_plan
from data_pipeline.judges.shown import ShownLists
from data_pipeline.schema import TABLES
from data_pipeline.shelf import Shelf
from data_pipeline.store import Results, ResultsWriter

PAID = "judgments/alpha-round/judge-paid.parquet"
PLAN = "judge_items/sample/alpha-round.parquet"


def table(name: str, rows: list[dict[str, object]]) -> pa.Table:
    schema = TABLES[name].schema
    return pa.Table.from_pylist([{c: row.get(c) for c in schema.names} for row in rows], schema=schema)


@pytest.fixture
def judged(tiny_results: Path) -> Path:
    """The tiny study with a plan, a paid judge's verdicts on one model, and imported verdicts of a person."""
    make_plan(tiny_results, PlanSettings(patches=3))
    results = Results(tiny_results)
    plan = [item for item in read_plan(results) if item.model_id == "alpha-round"]
    lists = ShownLists(results.paths, places_of(plan))
    words = {"concrete_words": [], "abstract_words": [], "global_words": [], "candidates": []}
    keys = [key for item in plan for key in item.own_keys()]
    rows = [
        {**key._asdict(), **words, "judge": "paid", "status": "ok", "interpretable": True} for key in keys
    ]
    writer = ResultsWriter(tiny_results, results.manifest)
    writer.write_part(PAID, table("judgments", rows), lists.digest(keys))
    writer.write_part(
        "judgments/alpha-round/judge-ann.parquet", table("judgments", [{**rows[0], "judge": "ann"}])
    )
    for judge, kind in (("paid", "model"), ("ann", "person")):
        row = {"judge": judge, "kind": kind, "title": judge}
        writer.write_part(f"judges/{judge}.parquet", table("judges", [row]))
    return tiny_results


class ARun:
    """What a run does at its end; `asked` says which parts its study asks for."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.said = folder, list[str]()

    def end(self, without: str = "") -> set[str]:
        writer = ResultsWriter(self.folder, Results(self.folder).manifest)
        shelf = Shelf(self.folder / "_work" / "shelf", writer)
        own = {path for path in writer.manifest.parts if "judge-" not in path and "judge_items" not in path}
        planned = {
            path for path in own if not path.startswith("judges/") and not (without and without in path)
        }
        for path in [path for path in shelf.parts if path.startswith(("neighbors/", "samples/"))]:
            if not (without and without in path) and shelf.give_back(path, shelf.parts[path].input_hash):
                planned.add(path)
        shelf.take(planned | kept_parts(self.folder, planned, shelf, self.said.append))
        return set(Results(self.folder).manifest.parts)


def test_a_run_that_changes_nothing_keeps_plans_and_paid_judgments(judged: Path) -> None:
    before = Results(judged).manifest.parts
    run = ARun(judged)
    assert run.end() == set(before)
    assert {PAID, PLAN, "judges/paid.parquet"} <= set(before)
    assert run.said == []


def test_judgments_of_what_is_gone_are_kept_aside_and_said_and_come_back(judged: Path) -> None:
    before, bytes_before = set(Results(judged).manifest.parts), (judged / PAID).read_bytes()
    run = ARun(judged)
    left = run.end(without="neighbors/alpha-round/")
    assert not {PAID, PLAN, "judges/paid.parquet"} & left
    assert "judge_items/sample/beta-round.parquet" in left
    assert "judgments/alpha-round/judge-ann.parquet" in left  # imported: what it judged is not known
    assert any(line.startswith(f"{PAID}: what was judged has changed") for line in run.said)
    assert (judged / "_work" / "shelf" / PAID).read_bytes() == bytes_before
    again = ARun(judged)
    assert again.end() == before
    assert again.said == []
    assert (judged / PAID).read_bytes() == bytes_before


def test_judgments_of_a_model_stay_where_other_models_change(judged: Path) -> None:
    run = ARun(judged)
    assert {PAID, PLAN} <= run.end(without="neighbors/beta-round/")
    assert [line.split(":")[0] for line in run.said] == ["judge_items/sample/beta-round.parquet"]
