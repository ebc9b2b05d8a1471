"""A results folder as a DuckDB database: one view per table of the contract, over the manifest's parts.

Views name each file, so a Parquet file that the manifest does not list can never enter a page. A table
without parts becomes an empty view of the right columns: queries need not know what a study lacks.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

import duckdb
import pyarrow as pa

from data_pipeline.completeness import changed_parts
from data_pipeline.errors import InputError
from data_pipeline.schema import TABLES, TableSpec
from data_pipeline.store import Results
from generator.resources import sql_text


class Database:
    """Read-only queries over one results folder. Use as a context manager."""

    def __init__(self, results: Results) -> None:
        """Open views over every table of `results`, whose parts were checked when it was opened."""
        self._results = results
        self._connection = duckdb.connect(":memory:")
        self._connection.execute("set enable_progress_bar = false")
        self._connection.execute("set preserve_insertion_order = false")
        self._connection.execute("set parquet_metadata_cache = true")  # row checks open files again
        for name in TABLES:
            self._create_view(name, results.paths(name))

    def _create_view(self, name: str, paths: list[Path]) -> None:
        if paths:
            files = [str(path) for path in paths]
            self._read(TABLES[name], files).create_view(name)
        else:
            self._connection.register(name, TABLES[name].schema.empty_table())

    def _read(self, spec: TableSpec, files: list[str]) -> duckdb.DuckDBPyRelation:
        """All rows of a table; numbers of columns that came later are missing in files from before."""
        rows = self._connection.read_parquet(files, hive_partitioning=False, union_by_name=bool(spec.added))
        lacking = [f"null::float as {column}" for column in sorted(spec.added - set(rows.columns))]
        return rows.project(", ".join(["*", *lacking])) if lacking else rows

    def table(self, query: str, parameters: Mapping[str, Any] | None = None) -> pa.Table:
        """The answer of `generator/sql/QUERY.sql` with `parameters` bound.

        Raises:
            InputError: a Parquet file could not be read after all.
        """
        return self._answer(sql_text(query), dict(parameters or {}))

    def first_rows(self, name: str, statement: str, count: int = 1) -> list[dict[str, Any]]:
        """The first `count` rows of `statement`, in which `{rows}` is table `name` with a column filename.

        The table must have parts.
        """
        files = [str(path) for path in self._results.paths(name)]
        rows = "read_parquet($files, filename = true, hive_partitioning = false)"
        query = statement.replace("{rows}", rows) + f" limit {count}"
        found: list[dict[str, Any]] = self._answer(query, {"files": files}).to_pylist()
        return found

    def _answer(self, statement: str, parameters: dict[str, Any]) -> pa.Table:
        try:
            return self._connection.sql(statement, params=parameters).to_arrow_table()
        except (duckdb.BinderException, duckdb.CatalogException, duckdb.ParserException):
            raise  # the statement is wrong, not the data
        except duckdb.Error as error:
            raise self._unreadable(error) from error

    def _unreadable(self, error: duckdb.Error) -> InputError:
        """What to say of data that DuckDB gave up on: which file was changed since it was written."""
        reason = str(error).splitlines()[0]
        changed = changed_parts(self._results)
        if changed:
            path = self._results.folder / changed[0]
            return InputError(f"{path}: cannot be read, its bytes are not those that were written ({reason})")
        return InputError(f"{self._results.folder}: results cannot be read ({reason})")

    def rows(self, query: str, parameters: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
        """The same answer, as one dictionary per row."""
        rows: list[dict[str, Any]] = self.table(query, parameters).to_pylist()
        return rows

    def __enter__(self) -> Database:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()
