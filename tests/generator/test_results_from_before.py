"""Results that were written before the contract got further columns are read and built as before."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from data_pipeline.integrity import inspect
from data_pipeline.schema import TABLES
from data_pipeline.store import Results, sha256_of
from generator.build import build_site
from generator.database import Database
from tests.generator.tiny_study import write_tiny_study

TABLES_THAT_GREW = [name for name, spec in TABLES.items() if spec.added]


@pytest.fixture(scope="module")
def earlier_results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny study without the columns that came later."""
    folder = write_tiny_study(tmp_path_factory.mktemp("before") / "results")
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    for part in manifest["parts"]:
        added = TABLES[part["table"]].added
        if not added:
            continue
        path = folder / part["path"]
        pq.write_table(pq.read_table(path, partitioning=None).drop_columns(sorted(added)), path)
        part["bytes"], part["sha256"] = path.stat().st_size, sha256_of(path)
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return folder


def test_some_tables_grew() -> None:
    assert {"neighbors", "judgments"} <= set(TABLES_THAT_GREW)


@pytest.mark.parametrize("name", TABLES_THAT_GREW)
def test_what_came_later_is_missing_in_every_row(earlier_results: Path, name: str) -> None:
    results = Results(earlier_results)
    table = results.read(name)
    assert len(table)
    with Database(results) as database:
        rows = database.first_rows(name, "select count(*) as n from {rows}")[0]["n"]
        for column in TABLES[name].added:
            assert table[column].null_count == len(table) == rows


def test_a_site_is_built_of_them(earlier_results: Path, tmp_path: Path) -> None:
    assert not inspect(earlier_results).problems
    report = build_site(earlier_results, tmp_path / "site")
    assert report.pages >= 8
    assert (tmp_path / "site" / "judge.html").is_file()
