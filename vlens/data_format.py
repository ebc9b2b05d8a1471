"""The data contract in words: prints `docs/data-format.md` from `data_pipeline.schema`."""

from __future__ import annotations

import pyarrow as pa

from data_pipeline.schema import SCHEMA_VERSION, TABLES, Column, TableSpec

_INTRODUCTION = """\
# The format of a results folder

Printed by `vlens schema` from `data_pipeline/schema.py`, schema version {version}; a test keeps
the two equal.

A results folder holds `manifest.json` and one folder of Parquet files per table. Every file carries the
table's name (`vlens.table`) and the schema version (`vlens.schema_version`) in its Arrow metadata, and every
column its unit and meaning. Both halves check them: a file of another version, a missing column or a value
that is not finite is refused.

The two layer axes are never mixed. `vision_layer` is the depth of the patch in the language model,
`text_layer` the depth at which a text neighbour was read. Layer *l* is the output of block *l*; layer 0 is
what enters the blocks.

## manifest.json

| key | meaning |
|---|---|
| `schema_version` | {version}; a reader refuses any other |
| `study` | id, title, description and configuration hash of the study |
| `expected` | per model: the lenses, vision layers, images and judges that the study promises |
| `absent` | known gaps (model, lens, layer, image; null means all of them), each with its reason |
| `parts` | every Parquet file: table, rows, bytes, SHA-256, and the hash of what it was computed from |

What is missing is the difference between `expected` and the rows that are there; `vlens check RESULTS` prints
it. A Parquet file that `parts` does not list is not part of the results.

## Reading it elsewhere

Any Parquet reader will do; in DuckDB:

```sql
select token, count(*) as cells
from read_parquet('results/toy-10/neighbors/**/*.parquet')
where lens = 'contextual' and vision_layer = 2 and rank = 1
group by token order by cells desc limit 10;
```
"""


def markdown() -> str:
    """The whole document."""
    return "\n".join(
        [_INTRODUCTION.format(version=SCHEMA_VERSION), *(_section(spec) for spec in TABLES.values())]
    )


def _section(spec: TableSpec) -> str:
    key = ", ".join(f"`{name}`" for name in spec.key)
    rows = "\n".join(_row(column) for column in spec.columns)
    return (
        f"## {spec.name}\n\nOne row per {spec.row}. Key: {key}.\n\n"
        f"| column | type | unit or range | meaning |\n|---|---|---|---|\n{rows}\n"
    )


def _row(column: Column) -> str:
    kind = _type_name(column.type) + (", may be missing" if column.nullable else "")
    cells = (f"`{column.name}`", kind, column.unit, column.meaning)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _type_name(kind: pa.DataType) -> str:
    return f"list of {kind.value_type}" if pa.types.is_list(kind) else str(kind)
