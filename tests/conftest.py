"""What tests of every part share: the tiny study, written once."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.generator.judged_study import write_judged_study
from tests.generator.tiny_study import write_tiny_study


@pytest.fixture(scope="session")
def tiny_study_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny study's results; not to be changed."""
    return write_tiny_study(tmp_path_factory.mktemp("study") / "tiny")


@pytest.fixture(scope="session")
def judged_study_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Results with four judges; not to be changed."""
    return write_judged_study(tmp_path_factory.mktemp("study") / "judged")


@pytest.fixture
def tiny_results(tiny_study_folder: Path, tmp_path: Path) -> Path:
    """A copy of the tiny study's results that the test may spoil."""
    return shutil.copytree(tiny_study_folder, tmp_path / "tiny")
