"""Any made-up study with LN-Lens in a second ranking: every list turned round, with percentiles."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from data_pipeline.schema import PERCENTILE_LENS
from data_pipeline.store import Results, ResultsWriter


def rank_twice(results: Path) -> Path:
    """Add the ranking to all models that have LN-Lens, and return the folder."""
    opened = Results(results)
    neighbors, judgments = (_of_lens(opened.read(table)) for table in ("neighbors", "judgments"))
    manifest = opened.manifest
    models = set(pc.unique(neighbors["model_id"]).to_pylist())
    manifest.expected = [
        replace(entry, lenses=(*entry.lenses, PERCENTILE_LENS)) if entry.model_id in models else entry
        for entry in manifest.expected
    ]
    writer = ResultsWriter(results, manifest)
    writer.write_part("neighbors/ranked.parquet", _turned(neighbors))
    writer.write_part("judgments/ranked.parquet", judgments)
    return results


def percentile(rank: int) -> float:
    """Of the rank from 1, as the page shows it: 99.98, 99.96, …"""
    return 1 - 0.0002 * rank


def _of_lens(table: pa.Table) -> pa.Table:
    mine = table.filter(pc.equal(table["lens"], "contextual"))
    place = mine.schema.get_field_index("lens")
    return mine.set_column(place, "lens", pa.array([PERCENTILE_LENS] * len(mine), pa.string()))


def _turned(table: pa.Table) -> pa.Table:
    ranks = table["rank"].to_numpy()
    turned = pa.array(ranks.max() + 1 - ranks, pa.int16())
    table = table.set_column(table.schema.get_field_index("rank"), "rank", turned)
    percentiles = pa.array([percentile(rank) for rank in turned.to_pylist()]).cast(pa.float32())
    return table.set_column(table.schema.get_field_index("percentile"), "percentile", percentiles)
