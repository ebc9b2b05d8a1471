"""What a run must not throw away: plans, and the verdicts of judges that cost money or somebody's time.

A run knows the parts that its study asks for and takes the others out of the results. Plans and judgments by
models or people are asked for by nobody's study file; they stay as long as what they were made from is what
the results hold. Where that has changed they are moved to the shelf, which is said, and come back when a
later run makes the same results again.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from data_pipeline.judges.annotations import JUDGE_ID
from data_pipeline.judges.items import items_of
from data_pipeline.judges.shown import Shown, ShownLists
from data_pipeline.manifest import Part
from data_pipeline.schema import check_schema
from data_pipeline.shelf import Shelf
from data_pipeline.store import readable

_TABLES = ("judge_items", "judgments", "judges", "published_scores")


def kept_parts(folder: Path, planned: set[str], shelf: Shelf, say: Callable[[str], None]) -> set[str]:
    """Paths of the parts to keep beside the `planned` ones, those that come back from `shelf` included.

    Args:
        folder: the results.
        planned: paths of the parts that the study asks for, all of them written.
        shelf: where earlier runs left what they did not want.
        say: is told of each part that must go.
    """
    here = _of_judges(shelf.writer.manifest.parts, planned)
    aside = {
        path: part for path, part in _of_judges(shelf.parts, planned).items() if path not in here
    }  # what lies in the results is newer
    if not here and not aside:
        return set()
    read = [
        *(_read(folder / path, part) for path, part in here.items()),
        *(_read(shelf.folder / path, part) for path, part in aside.items()),
    ]
    made = {part.path: (part, keys) for part, keys, judges in read if judges != {JUDGE_ID}}
    judges = {part.path: own for part, _, own in read}
    places = {key.place for part, keys in made.values() for key in keys if part.input_hash}
    lists = ShownLists(lambda table: _planned_paths(folder, table, planned), places)
    kept = {path for path, (part, keys) in made.items() if _fits(part, keys, lists)}
    judging = {judge for path in kept if made[path][0].table == "judgments" for judge in judges[path]}
    kept = {path for path in kept if made[path][0].table != "judges" or judges[path] & judging}
    for path in sorted(kept & set(aside)):
        if not shelf.give_back(path, aside[path].input_hash):
            kept.discard(path)
    for path in sorted(set(here) & set(made) - kept):
        say(f"{path}: what was judged has changed; no longer part of the results, kept in {shelf.folder}")
    return kept


def _of_judges(parts: dict[str, Part], planned: set[str]) -> dict[str, Part]:
    return {
        path: part for path, part in sorted(parts.items()) if part.table in _TABLES and path not in planned
    }


def _planned_paths(folder: Path, table: str, planned: set[str]) -> list[Path]:
    return [folder / path for path in sorted(planned) if path.startswith(f"{table}/")]


def _read(path: Path, part: Part) -> tuple[Part, set[Shown], set[Any]]:
    """A part, the lists that its rows are about, and its judges (empty for plans)."""
    with readable(path):
        table = pq.read_table(path, partitioning=None)
    check_schema(part.table, table.schema, str(path))
    if part.table == "judge_items":
        items = items_of(table)
        return part, {key for item in items for key in (*item.own_keys(), *item.null_keys())}, set()
    if part.table == "judgments":
        columns = [table[name].to_pylist() for name in Shown._fields]
        return part, {Shown(*key) for key in zip(*columns, strict=True)}, set(table["judge"].to_pylist())
    return part, set(), set(table["judge"].to_pylist()) if part.table == "judges" else set()


def _fits(part: Part, keys: set[Shown], lists: ShownLists) -> bool:
    """Whether what was judged is what there is now; imported parts say nothing of it and stay."""
    return not part.input_hash or not keys or lists.digest(keys) == part.input_hash
