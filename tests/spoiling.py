"""Spoil one column of a results folder as a faulty tool would: the manifest lists what is there."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq


def spoil(results: Path, table: str, column: str, change: Callable[[int, Any], Any]) -> Path:
    """Replace `column` by `change(row, value)` in the first file of `table`, which is returned."""
    path = sorted((results / table).rglob("*.parquet"))[0]
    rows = pq.read_table(path, partitioning=None)
    place = rows.schema.get_field_index(column)
    values = [change(row, value) for row, value in enumerate(rows[column].to_pylist())]
    field = rows.schema.field(column).with_nullable(True)
    return write_listed(results, path, rows.set_column(place, field, pa.array(values, field.type)))


def write_listed(results: Path, path: Path, rows: pa.Table) -> Path:
    """Write `rows` over a part and list it in the manifest as it now is."""
    pq.write_table(rows, path)
    content = path.read_bytes()
    manifest = json.loads((results / "manifest.json").read_text(encoding="utf-8"))
    for part in manifest["parts"]:
        if part["path"] == path.relative_to(results).as_posix():
            part |= {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    (results / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return path


def at_row(wanted: int, value: Any) -> Callable[[int, Any], Any]:
    """A change of one row only."""
    return lambda row, before: value if row == wanted else before


def everywhere(value: Any) -> Callable[[int, Any], Any]:
    """A change of all rows."""
    return lambda _row, _before: value
