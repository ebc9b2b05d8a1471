"""A results folder as a DuckDB database: one view per table of the contract, over the manifest's parts.

Views name each file, so a Parquet file that the manifest does not list can never enter a page. A table
without parts becomes an empty view of the right columns: queries need not know what a study lacks.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
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

_SQL_TYPES = {pa.float32(): "float", pa.string(): "varchar"}
"""Of the columns that came later."""


class Database:
    """Read-only queries over one results folder. Use as a context manager."""

    def __init__(self, results: Results) -> None:
        """Open views over every table of `results`, whose parts were checked when it was opened."""
        self._results = results
        self._later: dict[str, str] = {}
        """By table, what to select beside the files' columns."""
        self._connection = duckdb.connect(":memory:")
        self._connection.execute("set enable_progress_bar = false")
        self._connection.execute("set preserve_insertion_order = false")
        self._connection.execute("set parquet_metadata_cache = true")  # row checks open files again
        for name in TABLES:
            self._create_view(name, results.paths(name))

    def _create_view(self, name: str, paths: list[Path]) -> None:
        if paths:
            files = [str(path) for path in paths]
            rows = self._connection.read_parquet(files, hive_partitioning=False, union_by_name=True)
            later = _later_columns(TABLES[name], rows.columns)
            self._later[name] = later
            rows.project(f"*{later}").create_view(name)
        else:
            self._connection.register(name, TABLES[name].schema.empty_table())

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
        read = "read_parquet($files, filename = true, hive_partitioning = false, union_by_name = true)"
        rows = f"(select *{self._later[name]} from {read})"  # noqa: S608  # columns of the contract
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


def _later_columns(spec: TableSpec, there: Collection[str]) -> str:
    """What to select beside `*`, each column that came after the files were written: missing in every row."""
    lacking = sorted(spec.added - set(there))
    return "".join(f", null::{_SQL_TYPES[spec.schema.field(name).type]} as {name}" for name in lacking)
