"""Writing an index: which rows it has, and how its files become whole together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from torch import Tensor

from data_pipeline.progress import Progress, SilentProgress
from data_pipeline.store import write_atomically
from data_pipeline.text_index.codes import Coding
from data_pipeline.text_index.contexts import Context
from data_pipeline.text_index.header import CONTEXTS_FILE, Header, Origin, check_disk, described
from data_pipeline.text_index.layer_files import LayerFile, file_name

CONTEXT_SCHEMA = pa.schema(
    [
        ("text", pa.string()),
        ("position", pa.int32()),
        ("token_id", pa.int32()),
        ("char_start", pa.int32()),
        ("char_end", pa.int32()),
    ]
)
_PARTIAL = ".partial"
_ROWS_AT_ONCE = 4096


def rows_of_layer(contexts: Sequence[Context], layer: int) -> np.ndarray:
    """The context of each row (n,), ascending: all, but at layer 0 the first of each token.

    There nothing has been mixed yet, and all contexts of a token are equal.
    """
    if layer > 0:
        return np.arange(len(contexts))
    first: dict[int, int] = {}
    for number, context in enumerate(contexts):
        first.setdefault(context.token_id, number)
    return np.array(sorted(first.values()))


class Rows(Protocol):
    """Vectors (rows, hidden), of any length, in memory or elsewhere: a tensor is some."""

    def __len__(self) -> int: ...

    def __getitem__(self, which: slice, /) -> Tensor: ...


def store_index(
    folder: Path,
    origin: Origin,
    contexts: Sequence[Context],
    vectors: Mapping[int, Rows],
    progress: Progress | None = None,
) -> None:
    """Write an index whose vectors are known already; some thousand of them are in memory at once.

    Args:
        folder: where to.
        origin: what they were made from.
        contexts: of the rows.
        vectors: by text layer; the rows are those of `rows_of_layer`.
        progress: who is told.

    Raises:
        InputError: the disk has too little room.
    """
    sizes = {layer: len(rows) for layer, rows in vectors.items()}
    check_disk(folder, sizes, origin.hidden_size)
    folder.mkdir(parents=True, exist_ok=True)
    with (progress or SilentProgress()).stage(f"text index of {origin.llm}", sum(sizes.values())) as stage:
        for layer, rows in vectors.items():
            coding = Coding.of(rows[:: max(1, len(rows) // _ROWS_AT_ONCE)])
            file = LayerFile.create(partial(folder, layer), len(rows), coding)
            for start in range(0, len(rows), _ROWS_AT_ONCE):
                some = rows[start : start + _ROWS_AT_ONCE]
                file.put(np.arange(start, start + len(some)), coding.encode(some))
                stage.advance(len(some))
            file.flush()
    finish(folder, origin, contexts)


def partial(folder: Path, layer: int) -> Path:
    """The file of a text layer while it is filled."""
    return folder / (file_name(layer) + _PARTIAL)


def filled(folder: Path, layer: int) -> Path:
    """The file of a text layer in a build that goes on: its own name, where `finish` had begun."""
    begun = partial(folder, layer)
    return begun if begun.is_file() else folder / file_name(layer)


def finish(folder: Path, origin: Origin, contexts: Sequence[Context]) -> None:
    """Give the filled files of all layers their names, and write contexts and header.

    Where it was stopped, it can be called again.
    """
    sink = pa.BufferOutputStream()
    pq.write_table(_context_table(contexts), sink, compression="zstd")
    write_atomically(folder / CONTEXTS_FILE, sink.getvalue().to_pybytes())
    for layer in origin.text_layers:
        filled(folder, layer).replace(folder / file_name(layer))
    names = [CONTEXTS_FILE, *(file_name(layer) for layer in origin.text_layers)]
    Header(origin, described(folder, names)).write(folder)


def _context_table(contexts: Sequence[Context]) -> pa.Table:
    columns = dict(zip(Context._fields, zip(*contexts, strict=True), strict=True))
    return pa.table({name: list(columns[name]) for name in CONTEXT_SCHEMA.names}, schema=CONTEXT_SCHEMA)
