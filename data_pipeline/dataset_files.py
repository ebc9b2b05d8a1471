"""Which files make up a data set: Parquet files, a folder saved by `datasets`, or a repository of the hub.

The files are read by this project itself (`image_tables.py`); no code of a data set is run.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from data_pipeline.errors import InputError
from data_pipeline.locations import snapshot

_SPLIT = "train"


def parquet_files(path: Path) -> list[Path]:
    """A Parquet file, or all in a folder and the folders inside, by name.

    Raises:
        InputError: there is none.
    """
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise InputError(f"{path}: no such file or folder, expected Parquet files")
    files = _parquet_in(path)
    if not files:
        raise InputError(f"{path}: no .parquet files in it")
    return [path / file for file in files]


def dataset_files(location: str, base: Path, split: str | None, subset: str | None) -> list[Path]:
    """The files of one split of a data set: `hub:ORGANISATION/NAME[@REVISION]`, or a folder from `base`.

    Args:
        location: where it is.
        base: where relative paths start.
        split: its name; None means `train`, or all of a folder that is one split.
        subset: its name, where a data set has several (`datasets` calls it configuration).

    Raises:
        InputError: it cannot be had, or has no such split or subset.
    """
    if location.startswith("hub:"):
        name = location.removeprefix("hub:")
        folder = snapshot(name, _patterns(split or _SPLIT), "dataset")
        return _of_split(folder, location, split or _SPLIT, subset)
    folder = base / location
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder, expected a data set")
    if (folder / "dataset_dict.json").is_file():
        return _of_dict(folder, split or _SPLIT)
    if (folder / "state.json").is_file():
        return _saved(folder, split)
    return _of_split(folder, str(folder), split or _SPLIT, subset)


def _of_dict(folder: Path, split: str) -> list[Path]:
    splits = _json(folder / "dataset_dict.json").get("splits")
    if not isinstance(splits, list) or split not in splits or not _is_plain(split):
        known = ", ".join(map(str, splits)) if isinstance(splits, list) else "none"
        raise InputError(f"{folder}: no split {split!r}, expected one of {known}")
    return _saved(folder / split, None)


def _saved(folder: Path, split: str | None) -> list[Path]:
    """The files of a folder that `Dataset.save_to_disk` wrote, in the order of its record."""
    state = _json(folder / "state.json")
    if split and state.get("_split") not in (None, split):
        raise InputError(f"{folder}: holds split {state['_split']!r}, expected {split!r}")
    entries = state.get("_data_files")
    names: list[Any] = []
    if isinstance(entries, list):
        names = [entry.get("filename") if isinstance(entry, dict) else entry for entry in entries]
    for name in names:
        if not _is_plain(name) or not name.endswith(".arrow"):
            raise InputError(f"{folder}: state.json names {name!r}, expected an .arrow file beside it")
    if not names:
        raise InputError(f"{folder}: state.json names no files, expected a data set saved by save_to_disk")
    return [folder / name for name in names]


def _is_plain(name: Any) -> bool:
    return isinstance(name, str) and Path(name).name == name and name not in ("", "..")


def _json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"{path}: cannot be read as JSON ({error})") from error
    if not isinstance(content, dict):
        raise InputError(f"{path}: expected an object of a data set saved by save_to_disk")
    return content


def _patterns(split: str) -> list[str]:
    """Where data sets keep a split on the hub: files that begin with its name, or a folder of its name."""
    numbered = [f"{split}[0-9]*.parquet", f"{split}[-._][0-9]*.parquet"]
    files = [f"{split}.parquet", *numbered, f"{split}/*.parquet"]
    return [start + file for start in ("", "*/") for file in files]


def _of_split(folder: Path, name: str, split: str, subset: str | None) -> list[Path]:
    """The split's Parquet files, which must lie together unless a subset is named."""
    begins = re.compile(re.escape(split) + r"([-._]?[0-9].*)?\.parquet")
    files = [
        file
        for file in _parquet_in(folder)
        if begins.fullmatch(file.name) or split in file.parts[:-1]
        if subset is None or subset in file.parts[:-1]
    ]
    of_subset = f" of subset {subset!r}" if subset else ""
    if not files:
        raise InputError(f"{name}: no Parquet files of split {split!r}{of_subset} in it")
    places = {tuple(part for part in file.parts[:-1] if part != split) for file in files}
    if len(places) > 1:
        known = ", ".join(sorted("/".join(place) or "." for place in places))
        raise InputError(
            f"{name}: split {split!r}{of_subset} lies in {known}; name one with the key 'subset'"
        )
    return [folder / file for file in files]


def _parquet_in(folder: Path) -> list[Path]:
    """Paths from `folder`, without hidden files and folders."""
    files = sorted(path.relative_to(folder) for path in folder.rglob("*.parquet") if path.is_file())
    return [file for file in files if not any(part.startswith(".") for part in file.parts)]
