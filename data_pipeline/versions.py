"""V-Lens's own version, and the versions that a run records."""

from __future__ import annotations

import platform
from collections.abc import Iterable
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version

__version__ = "0.1.0"  # the one place; packaging reads it from here


def recorded_versions(libraries: Iterable[str]) -> dict[str, str]:
    """Versions of Python, of V-Lens, installed or not, and of those of `libraries` that are installed."""
    versions = {"python": platform.python_version(), "vlens": __version__}
    for name in libraries:
        with suppress(PackageNotFoundError):
            versions[name] = version(name)
    return versions
