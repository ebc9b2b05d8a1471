"""Whether a folder can be written to, asked before any work is done rather than after it."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path

from data_pipeline.errors import InputError


def check_output_folder(folder: Path, purpose: str) -> None:
    """Refuse an output folder that cannot be made or written to; `purpose` says what it is for.

    Raises:
        InputError: the path, or a folder on its way, is a file, a link that leads nowhere, a name that the
            file system does not take, or closed to this user.
    """
    expected = f"expected a folder for {purpose}"
    for place in (folder, *folder.parents):
        try:
            os.lstat(place)
            mode = place.stat().st_mode
        except (FileNotFoundError, NotADirectoryError) as error:
            if place.is_symlink():
                raise InputError(f"{place}: is a link that leads nowhere, {expected}") from error
            continue
        except OSError as error:
            raise InputError(f"{_shortened(place)}: {error.strerror}, {expected}") from error
        if not stat.S_ISDIR(mode):
            culprit = "" if place == folder else f"{place} "
            raise InputError(f"{folder}: {culprit}is a file, {expected}")
        if not os.access(place, os.W_OK | os.X_OK) or not (place == folder or _takes_folders(place)):
            raise InputError(f"{place}: cannot be written to, {expected}")
        return


def _takes_folders(place: Path) -> bool:
    """Whether a folder can be made there: some file systems, such as /proc, allow it and then do not."""
    try:
        Path(tempfile.mkdtemp(dir=place)).rmdir()
    except OSError:
        return False
    return True


def kind_of(path: Path) -> str | None:
    """`folder`, `file`, or None where there is neither, however strange the path."""
    try:
        mode = path.stat().st_mode
    except OSError:
        return None
    return "folder" if stat.S_ISDIR(mode) else "file"


def is_inside(folder: Path, other: Path) -> bool:
    """Whether `folder` is `other` or lies anywhere in it."""
    return Path(os.path.realpath(folder)).is_relative_to(os.path.realpath(other))


def _shortened(path: Path) -> str:
    text = str(path)
    return text if len(text) <= 200 else f"{text[:100]}…{text[-60:]}"
