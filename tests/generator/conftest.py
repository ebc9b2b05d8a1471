"""The tiny study, opened once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from data_pipeline.store import Results
from generator.database import Database


@pytest.fixture(scope="session")
def tiny_database(tiny_study_folder: Path) -> Iterator[Database]:
    """Queries over the tiny study."""
    with Database(Results(tiny_study_folder)) as database:
        yield database
