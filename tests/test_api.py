"""The Python API is a few names, each imported when it is used."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import vlens


@pytest.mark.parametrize("name", vlens.__all__)
def test_every_name_is_there(name: str) -> None:
    assert getattr(vlens, name).__name__ == name


def test_another_name_is_not() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        vlens.nonsense  # noqa: B018  (asking is the test)


def test_importing_vlens_imports_nothing_else() -> None:
    code = "import sys, vlens; print({'pyarrow', 'torch', 'data_pipeline', 'generator'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


def test_results_are_read_and_built(tiny_study_folder: Path, tmp_path: Path) -> None:
    assert vlens.Results(tiny_study_folder).read("models").num_rows == 6
    assert vlens.build_site(tiny_study_folder, tmp_path / "site").pages == 9
