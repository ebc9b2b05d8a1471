"""Where V-Lens keeps what may be computed again: in the platform's folder for caches, or where told."""

from __future__ import annotations

import os
import sys
from pathlib import Path

VARIABLE = "VLENS_CACHE"


def cache_folder() -> Path:
    """The folder that `VLENS_CACHE` names, or the platform's own for caches. It need not exist yet."""
    if chosen := os.environ.get(VARIABLE):
        return Path(chosen)
    if sys.platform == "win32" and (local := os.environ.get("LOCALAPPDATA")):
        return Path(local) / "vlens" / "cache"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "vlens"
    base = os.environ.get("XDG_CACHE_HOME", "")
    # The XDG specification: a relative path in it is invalid and to be ignored.
    return (Path(base) if Path(base).is_absolute() else Path.home() / ".cache") / "vlens"
