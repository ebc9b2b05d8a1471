"""Files of a site that are made and wait to be written, on disk instead of in memory.

A site with data files is larger than memory may be, and nothing of it is written before all of it could be
made. The file behind a spool has no name: however a build ends, nothing of it is left.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

from generator.image_files import ImageFile


class Spool:
    """Texts by path, in the order in which they were added. Use as a context manager."""

    def __init__(self, folder: Path) -> None:
        """Wait on the disk of `folder`, or of the nearest folder above it that there is."""
        place = next(above for above in (folder, *folder.absolute().parents) if above.is_dir())
        self._file = tempfile.TemporaryFile(dir=place)  # noqa: SIM115 closed on exit
        self.sizes: dict[str, int] = {}

    def add(self, path: str, text: str) -> None:
        """Keep the text of one file."""
        content = text.encode()
        self._file.write(content)
        self.sizes[path] = len(content)

    def keep(self, file: ImageFile) -> None:
        """Keep a data file."""
        self.add(file.path, file.text)

    def contents(self) -> Iterator[tuple[str, bytes]]:
        """Each path with its bytes."""
        self._file.seek(0)
        for path, size in self.sizes.items():
            yield path, self._file.read(size)

    def __enter__(self) -> Spool:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()
