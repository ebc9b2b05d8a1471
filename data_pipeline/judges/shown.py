"""What judges are shown of a results folder: the neighbours at some cells, and a hash of just these.

The hash is what a plan, and every judgment, was made from. It holds tokens, sentences and canvases at the
judged cells and nothing else: a study that gains images keeps its judgments, and one whose neighbours at
these cells change does not.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Iterable
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from data_pipeline.errors import InputError
from data_pipeline.judges.shown_words import ShownWords
from data_pipeline.schema import TABLES
from data_pipeline.store import readable

Paths = Callable[[str], list[Path]]
"""The Parquet files of a table, such as `Results.paths`."""
_COLUMNS = ["model_id", "image_id", "lens", "vision_layer", "cell", "rank", "token", "context_id"]


class Place(NamedTuple):
    """A cell of what a model saw."""

    model_id: str
    image_id: str
    cell: int


class Shown(NamedTuple):
    """One list of neighbours: the key of a judgment without its judge."""

    model_id: str
    image_id: str
    lens: str
    vision_layer: int
    cell: int

    @property
    def place(self) -> Place:
        """The cell that it belongs to."""
        return Place(self.model_id, self.image_id, self.cell)


class ShownLists:
    """The neighbours at some cells, of all lenses and layers that a results folder has there."""

    def __init__(self, paths: Paths, places: Collection[Place]) -> None:
        """Read them, together with the sentences that they refer to; `paths` names the files of a table."""
        self._paths = paths
        rows = [row for table in _neighbors(paths, places) for row in table.to_pylist()]
        self._lists: dict[Shown, list[tuple[str, int | None]]] = {}
        for row in sorted(rows, key=lambda row: row["rank"]):
            key = Shown(*(row[name] for name in Shown._fields))
            self._lists.setdefault(key, []).append((row["token"], row["context_id"]))
        self._canvases = {
            (row["model_id"], row["image_id"]): row["canvas_id"]
            for row in table_of(paths, "samples", ["model_id", "image_id", "canvas_id"]).to_pylist()
        }
        self._words: dict[str, ShownWords] | None = None
        self._contexts: dict[int, dict[str, Any]] = {}

    def has(self, key: Shown) -> bool:
        """Whether there are neighbours."""
        return key in self._lists

    def canvas_id(self, key: Shown | Place) -> str | None:
        """What the model saw of the image."""
        return self._canvases.get((key.model_id, key.image_id))

    def digest(self, keys: Iterable[Shown]) -> str:
        """16 hex digits of what is shown at `keys`."""
        digest = hashlib.sha256()
        for key in sorted(set(keys)):
            content = [*key, self.canvas_id(key), self._lists.get(key)]
            digest.update(json.dumps(content).encode())
        return digest.hexdigest()[:16]

    def candidates(self, key: Shown) -> tuple[str, ...]:
        """The words to be judged, by rank.

        Raises:
            InputError: a neighbour's sentence is missing.
        """
        if self._words is None:
            self._words = self._read_words()
        words = self._words[key.model_id]
        return tuple(
            words.shown(token, None if context is None else self._context(context))
            for token, context in self._lists[key]
        )

    def _context(self, context_id: int) -> dict[str, Any]:
        if context_id not in self._contexts:
            raise InputError(f"table contexts: context {context_id} of a neighbour is missing")
        return self._contexts[context_id]

    def _read_words(self) -> dict[str, ShownWords]:
        contexts = table_of(self._paths, "contexts", ["context_id", "text", "char_start", "char_end"])
        used = {context for shown in self._lists.values() for _, context in shown if context is not None}
        chosen = contexts.filter(pc.is_in(contexts["context_id"], pa.array(used, pa.int64())))
        self._contexts = {row["context_id"]: row for row in chosen.to_pylist()}
        captions = table_of(self._paths, "images", ["caption"])["caption"].drop_null()
        texts = [*contexts["text"].unique().to_pylist(), *captions.to_pylist()]
        tokens: dict[str, set[str]] = {}
        for key, shown in self._lists.items():
            tokens.setdefault(key.model_id, set()).update(token for token, context in shown)
        return {model_id: ShownWords(texts, own) for model_id, own in tokens.items()}


def table_of(paths: Paths, name: str, columns: list[str]) -> pa.Table:
    """Some columns of all rows of a table."""
    tables = [TABLES[name].schema.empty_table().select(columns)]
    for path in paths(name):
        with readable(path):
            tables.append(pq.read_table(path, columns=columns, partitioning=None))
    return pa.concat_tables(tables, promote_options="default")


def _neighbors(paths: Paths, places: Collection[Place]) -> Iterable[pa.Table]:
    """The rows at `places`, file by file."""
    wanted = pa.table(
        {
            "model_id": pa.array([place.model_id for place in places], pa.string()),
            "image_id": pa.array([place.image_id for place in places], pa.string()),
            "cell": pa.array([place.cell for place in places], pa.int32()),
        }
    )
    filters = [(name, "in", set(wanted[name].to_pylist())) for name in wanted.schema.names if wanted.num_rows]
    for path in paths("neighbors") if filters else ():
        with readable(path):
            table = pq.read_table(path, columns=_COLUMNS, filters=filters, partitioning=None)
        yield table.join(wanted, keys=wanted.schema.names, join_type="left semi")
