"""Folders that become visible when they are whole: what was begun and not finished goes."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from data_pipeline.errors import InputError
from data_pipeline.folders import check_output_folder

_SUFFIX = ".partial"


@contextmanager
def written_whole(folder: Path, purpose: str) -> Iterator[Path]:
    """A folder beside `folder` to write to, which takes its place when the block ends, or goes if it fails.

    Raises:
        InputError: `folder` holds something already, or cannot be made; `purpose` says what it is for.
    """
    check_output_folder(folder, purpose)
    if folder.is_dir() and any(folder.iterdir()):
        raise InputError(f"{folder}: is not empty, expected a new or empty folder for {purpose}")
    partial = folder.with_name(folder.name + _SUFFIX)
    shutil.rmtree(partial, ignore_errors=True)  # of an attempt that was killed
    try:
        partial.mkdir(parents=True)
        yield partial
        if folder.is_dir():
            folder.rmdir()
        partial.replace(folder)
    except OSError as error:
        raise InputError(f"{folder}: cannot be written ({error.strerror or error})") from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def check_room(folder: Path, needed: int, what: str, advice: str) -> None:
    """Refuse to begin what the disk cannot hold.

    Raises:
        InputError: fewer than `needed` bytes are free; it says what takes them and what would help.
    """
    place = next(parent for parent in (folder.resolve(), *folder.resolve().parents) if parent.exists())
    free = shutil.disk_usage(place).free
    if free < needed:
        raise InputError(
            f"{folder}: {what} takes {needed / 1e9:.1f} GB, but {free / 1e9:.1f} GB are free; "
            f"expected {advice}"
        )
