"""Whether a look was taken before: what it read is unchanged, and its results lie there whole.

A run finds that out by itself, but only after seconds of importing torch and hashing weights. Here sizes and
times of files tell, as build tools do it; where they differ, or anything is in doubt, the run decides.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from pathlib import Path

from data_pipeline.errors import InputError
from data_pipeline.store import read_manifest, sha256_of, write_atomically
from data_pipeline.versions import recorded_versions

_RECORD = Path("_work", "look.json")
_LIBRARIES = ("torch", "transformers", "tokenizers", "numpy", "pyarrow", "pillow")


def is_taken(results: Path, request: str) -> bool:
    """Whether `results` are those of `request`, a hash of all that was asked for."""
    try:
        record = json.loads((results / _RECORD).read_text(encoding="utf-8"))
        places = [Path(place) for place in record["places"]]
        if record["request"] != request or record["seen"] != seen(places):
            return False
        parts = read_manifest(results).parts.values()
        return bool(parts) and all(sha256_of(results / part.path) == part.sha256 for part in parts)
    except (OSError, ValueError, KeyError, TypeError, InputError):
        return False


def remember(results: Path, request: str, places: Iterable[Path]) -> None:
    """Note that `results` hold the answer to `request`, read from the files and folders `places`."""
    listed = sorted({str(place) for place in places})
    record = {"request": request, "places": listed, "seen": seen([Path(place) for place in listed])}
    write_atomically(results / _RECORD, json.dumps(record, indent=1).encode())


def seen(places: Sequence[Path]) -> str:
    """Hash of sizes and times of the files in `places` and of V-Lens's own, and of library versions."""
    own = sorted(Path(__file__).parent.rglob("*.py"))
    files = [file for place in places for file in (sorted(place.iterdir()) if place.is_dir() else [place])]
    stamps = [_stamp(file) for file in [*files, *own]]
    return hashlib.sha256(json.dumps([recorded_versions(_LIBRARIES), stamps]).encode()).hexdigest()


def _stamp(file: Path) -> str:
    known = file.stat()
    return f"{file} {known.st_size} {known.st_mtime_ns}"
