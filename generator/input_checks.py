"""Rows against the contract, before any page is made: a wrong number must never reach a page.

`Results` checks files and their columns; here DuckDB looks at every value once. The first that is wrong is
named with its file and its row.
"""

from __future__ import annotations

import math
from typing import Any

import pyarrow as pa

from data_pipeline.errors import InputError
from data_pipeline.schema import ID_PATTERN, TABLES, Column, TableSpec, check_id
from data_pipeline.store import Results
from data_pipeline.value_rules import MOST_CELLS, REFERENCES, SMALLEST, choices
from generator.database import Database

_RANKS_OF_A_MASK = 125
_LARGEST = 1e6  # what a page's whole numbers hold, to three decimals
_SAFE_ID = "an id that can name a file"
Rule = tuple[str, str, str]
"""A column, the SQL condition under which its value is wrong, and what was expected (a table: its ids)."""


def check_rows(database: Database, results: Results) -> None:
    """Refuse rows that break the contract.

    Raises:
        InputError: a value is missing, not finite, out of its range or not among its choices, a key occurs
            twice, or an id leads nowhere; the file and the row are named.
    """
    if not database.rows("models"):
        raise InputError(f"{results.folder}: table models is empty, expected at least one model")
    for spec in TABLES.values():
        if results.paths(spec.name):
            _check_values(database, spec)
            _check_keys(database, spec)


def _check_values(database: Database, spec: TableSpec) -> None:
    """Every rule of a table in one look at its files."""
    rules = [rule for column in spec.columns for rule in _rules(spec, column)] + _references(spec)
    number = " ".join(f"when {condition} then {place}" for place, (_, condition, _) in enumerate(rules))
    statement = (
        f"select * from (select *, case {number} end as broken_rule from {{rows}}) "  # noqa: S608
        f"where broken_rule is not null order by {_names(spec)}"
    )
    for row in database.first_rows(spec.name, statement):
        column, _, expected = rules[row["broken_rule"]]
        where = f"{row['filename']}: table {spec.name}"
        if expected == _SAFE_ID:
            check_id(row[column], f"{where}: {column.replace('_', ' ')}")
        if expected in TABLES:
            raise InputError(f"{where}: {column} is {row[column]!r}, which is not in table {expected}")
        raise InputError(
            f"{where}: {column} is {_shown(row[column])} at {_place(spec, row)}, expected {expected}"
        )


def _rules(spec: TableSpec, column: Column) -> list[Rule]:
    name, rules = f'"{column.name}"', []
    if not column.nullable:
        rules.append((f"{name} is null", "a value"))
    if pa.types.is_floating(column.type):
        rules.append((f"not isfinite({name})", "a finite number"))
        if spec.name in ("neighbors", "cells"):
            rules.append((f"abs({name}) > {_LARGEST}", f"a number of at most {_LARGEST:.0f}"))
    elif pa.types.is_list(column.type) and pa.types.is_floating(column.type.value_type):
        rules.append((f"not isfinite(list_sum({name}))", "finite numbers"))
    elif pa.types.is_integer(column.type) and column.name in SMALLEST:
        smallest = SMALLEST[column.name]
        rules.append((f"{name} < {smallest}", f"{smallest} or more"))
    if listed := choices(column):
        quoted = ", ".join(f"'{choice}'" for choice in listed)
        rules.append((f"{name} not in ({quoted})", f"one of {', '.join(listed)}"))
    if spec.key == (column.name,) and column.name in ("model_id", "image_id", "canvas_id"):
        safe = f"regexp_full_match({name}, '{ID_PATTERN.pattern}') and not contains({name}, '..')"
        rules.append((f"not ({safe})", _SAFE_ID))
    if (spec.name, column.name) == ("canvases", "rows"):
        rules.append((f'{name}::bigint * "cols" > {MOST_CELLS}', f"at most {MOST_CELLS} cells"))
    if column.name == "baseline_model_id":
        rules.append((f"{name} = model_id", "another model"))
    return [(column.name, condition, expected) for condition, expected in rules]


def _references(spec: TableSpec) -> list[Rule]:
    """Ids that have to be in another table, which is what is expected of them.

    A run that ended early has neighbours whose sentences are not written yet: the pages say so.
    """
    return [
        (column, f'"{column}" not in (select "{TABLES[target].key[0]}" from {target})', target)  # noqa: S608
        for table, column, target in REFERENCES
        if table == spec.name and column != "context_id"
    ]


def _check_keys(database: Database, spec: TableSpec) -> None:
    if spec.name == "neighbors" and not _may_repeat_ranks(database):
        return
    key = _names(spec)
    statement = (
        f"select {key}, max(filename) as filename from {{rows}} group by {key} having count(*) > 1 "  # noqa: S608
        f"order by {key}"
    )
    for row in database.first_rows(spec.name, statement):
        raise InputError(f"{row['filename']}: table {spec.name}: more than one row for {_place(spec, row)}")


def _may_repeat_ranks(database: Database) -> bool:
    """A quick look with one bit a rank, which spares counting each of millions of keys."""
    cell = ", ".join(f'"{name}"' for name in TABLES["neighbors"].key[:-1])
    ranks = f"bit_count(bit_or(1::hugeint << (rank % {_RANKS_OF_A_MASK})::int))"
    statement = f"select 1 from {{rows}} group by {cell} having count(*) <> {ranks}"  # noqa: S608
    return bool(database.first_rows("neighbors", statement))


def _names(spec: TableSpec) -> str:
    return ", ".join(f'"{name}"' for name in spec.key)


def _place(spec: TableSpec, row: dict[str, Any]) -> str:
    return ", ".join(f"{name.removesuffix('_id').replace('_', ' ')} {row[name]!r}" for name in spec.key)


def _shown(value: object) -> str:
    if value is None:
        return "missing"
    if isinstance(value, float):
        return "NaN" if math.isnan(value) else str(value)
    return repr(value) if len(repr(value)) < 80 else repr(value)[:80] + "…"
