"""Where parts go that a run does not want: fewer images or models were asked for than were computed before.

They may have cost days, so they are not deleted but moved out of the results, and come back when a later run
wants them again. Deleting the shelf costs time and nothing else.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from data_pipeline.manifest import Part
from data_pipeline.store import ResultsWriter, sha256_of, write_atomically

_INDEX = "shelf.json"


class Shelf:
    """Parts that lie in `folder`, under the same paths as in the results."""

    def __init__(self, folder: Path, writer: ResultsWriter) -> None:
        """`writer` is what parts are taken from and given back to."""
        self.folder, self.writer = folder, writer
        try:
            entries = json.loads((folder / _INDEX).read_text(encoding="utf-8"))
            self._parts = {entry["path"]: Part(**entry) for entry in entries}
        except (OSError, ValueError, TypeError, KeyError):
            self._parts = {}  # no shelf, or one that a reader cannot trust

    @property
    def parts(self) -> dict[str, Part]:
        """What lies here, by path."""
        return dict(self._parts)

    def give_back(self, path: str, input_hash: str) -> bool:
        """Put `path` back into the results if it lies here whole and was computed from `input_hash`."""
        part, file = self._parts.get(path), self.folder / path
        if part is None or part.input_hash != input_hash:
            return False
        if not file.is_file() or sha256_of(file) != part.sha256:
            return False
        self.writer.adopt_part(part, file)
        del self._parts[path]
        self._save()
        return True

    def take(self, wanted: set[str]) -> None:
        """Move every part that is not `wanted` here, out of the results."""
        parts = self.writer.manifest.parts
        unwanted = [parts[path] for path in sorted(parts) if path not in wanted]
        for part in unwanted:
            target = self.folder / part.path
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(self.writer.folder / part.path, target)
            self._parts[part.path] = part
        if unwanted:
            self._save()
        self.writer.drop_stale_parts(wanted)

    def _save(self) -> None:
        entries = [vars(self._parts[path]) for path in sorted(self._parts)]
        write_atomically(self.folder / _INDEX, json.dumps(entries, indent=1).encode())
