"""Results from before a column came are read as if no row had a value."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from data_pipeline.manifest import MANIFEST_NAME
from data_pipeline.schema import TABLES
from data_pipeline.store import Results, sha256_of
from generator import queries
from generator.database import Database


def without_percentiles(results: Path, which: slice) -> None:
    """Take the column out of some files of neighbours, as if they had been written before it came."""
    path = results / MANIFEST_NAME
    manifest = json.loads(path.read_text())
    parts = [part for part in manifest["parts"] if part["table"] == "neighbors"]
    for part in parts[which]:
        file = results / part["path"]
        pq.write_table(pq.read_table(file, partitioning=None).drop_columns(["percentile"]), file)
        part |= {"bytes": file.stat().st_size, "sha256": sha256_of(file)}
    path.write_text(json.dumps(manifest))


@pytest.mark.parametrize("which", [slice(None), slice(1, None)], ids=["all files", "all but one"])
def test_files_from_before_are_read(tiny_results: Path, which: slice) -> None:
    before = Results(tiny_results).read("neighbors")
    without_percentiles(tiny_results, which)
    opened = Results(tiny_results)
    after = opened.read("neighbors")
    assert after.schema.names == TABLES["neighbors"].schema.names
    assert after.drop_columns(["percentile"]).equals(before.drop_columns(["percentile"]))
    with Database(opened) as database:
        model = after["model_id"][0].as_py()
        found = queries.model_neighbors(database, model, "contextual")
        assert found["percentile"].null_count == found.num_rows > 0
