"""Rows that break the contract never become a page, and the line says where they are."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from data_pipeline.errors import InputError
from generator.build import build_site
from tests.spoiling import at_row, everywhere, spoil

NAN, INFINITE = float("nan"), float("inf")

BAD_ROWS: dict[str, tuple[str, str, Callable[[int, Any], Any], str]] = {
    "NaN score": ("neighbors", "score", at_row(3, NAN), "score is NaN at model '"),
    "infinite score": ("neighbors", "score", at_row(3, INFINITE), "score is inf at"),
    "huge score": ("neighbors", "score", at_row(3, 1e30), "expected a number of at most 1000000"),
    "missing token": ("neighbors", "token", at_row(0, None), "token is missing"),
    "unknown lens": ("neighbors", "lens", everywhere("tuned"), "lens is 'tuned'"),
    "unknown model": (
        "neighbors",
        "model_id",
        everywhere("nobody"),
        "'nobody', which is not in table models",
    ),
    "repeated rank": ("neighbors", "rank", everywhere(1), "more than one row for model '"),
    "rank 0": ("neighbors", "rank", at_row(0, 0), "rank is 0 at"),
    "negative cell": ("neighbors", "cell", at_row(0, -1), "cell is -1 at"),
    "cell outside the grid": ("neighbors", "cell", at_row(0, 99), "cell 99 of image"),
    "NaN statistic": ("cells", "entropy", at_row(2, NAN), "entropy is NaN at"),
    "unknown group": ("models", "group", at_row(0, "bogus"), "expected one of main, ablation, off_the_shelf"),
    "unknown baseline": ("models", "baseline_model_id", at_row(0, "nobody"), "'nobody', which is not in"),
    "id that climbs": ("images", "image_id", at_row(0, "../x"), "'../x' cannot be used"),
    "endless canvas": ("canvases", "rows", everywhere(2_000_000_000), "expected at most 1000000 cells"),
    "canvas without rows": ("canvases", "rows", everywhere(0), "rows is 0 at canvas"),
    "NaN padding": ("canvases", "padding", at_row(0, [NAN]), "padding is [nan]"),
    "unknown encoding": ("canvases", "media_type", everywhere("text/html"), "media_type is 'text/html'"),
    "canvas that is no image": ("canvases", "bytes", everywhere(b"GIF89a"), "cannot be read as"),
    "unknown status": ("judgments", "status", at_row(1, "maybe"), "status is 'maybe' at"),
}


@pytest.mark.parametrize("case", BAD_ROWS)
def test_a_build_refuses_rows_that_break_the_contract(case: str, tiny_results: Path, tmp_path: Path) -> None:
    table, column, change, words = BAD_ROWS[case]
    path = spoil(tiny_results, table, column, change)
    with pytest.raises(InputError) as refused:
        build_site(tiny_results, tmp_path / "site")
    assert words in str(refused.value)
    assert str(refused.value).startswith((f"{path}: ", f"{tiny_results}: "))
    assert not (tmp_path / "site").exists()


def test_a_model_cannot_be_its_own_baseline(tiny_results: Path, tmp_path: Path) -> None:
    spoil(tiny_results, "models", "baseline_model_id", everywhere("alpha-round"))
    with pytest.raises(InputError, match="expected another model"):
        build_site(tiny_results, tmp_path / "site")


def test_ranks_beyond_the_quick_look_are_no_repeats(tiny_results: Path, tmp_path: Path) -> None:
    spoil(tiny_results, "neighbors", "rank", lambda _, rank: 126 if rank == 2 else rank)
    assert build_site(tiny_results, tmp_path / "site").pages == 9  # six models, index, comparison, judges
