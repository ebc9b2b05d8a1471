"""One process at a time writes to a folder: who comes second is told so at once, and a killed one lets go.

Nothing is left in the folder. On POSIX the lock is on the folder itself; Windows has none on folders, so it
is on a file among the temporary ones there, named after the folder.
"""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from data_pipeline.errors import InputError


@contextmanager
def written_by_one(folder: Path, command: str) -> Iterator[None]:
    """Keeps other processes of this machine from writing to `folder`, which is made where there is none.

    `command` is who writes, such as `vlens run`. A file system without locks does not stop anybody. A folder
    that was made here goes again if nothing was written to it.

    Raises:
        InputError: another process is at it.
    """
    is_new = not folder.is_dir()
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = _opened(folder)
    try:
        _lock(descriptor, folder, command)
        yield
    finally:
        os.close(descriptor)
        if is_new:
            with suppress(OSError):
                folder.rmdir()  # which leaves folders with anything in them


def _lock(descriptor: int, folder: Path, command: str) -> None:
    try:
        _try_lock(descriptor)
    except (BlockingIOError, PermissionError) as error:
        raise InputError(f"{folder}: another {command} is writing here; wait for its end") from error
    except OSError:
        return  # a file system without locks


if sys.platform == "win32":
    import msvcrt

    def _opened(folder: Path) -> int:
        name = hashlib.sha256(os.path.normcase(folder.resolve()).encode()).hexdigest()[:32]
        return os.open(Path(tempfile.gettempdir()) / f"vlens-{name}.lock", os.O_RDWR | os.O_CREAT)

    def _try_lock(descriptor: int) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)  # PermissionError where another has it

else:
    import fcntl

    def _opened(folder: Path) -> int:
        return os.open(folder, os.O_RDONLY)

    def _try_lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
