"""`vlens check` finds what the types of the contract cannot say."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from data_pipeline.integrity import inspect
from tests.spoiling import at_row, everywhere, spoil

STRANGE: dict[str, tuple[str, str, Callable[[int, Any], Any], str]] = {
    "negative cell": ("neighbors", "cell", at_row(0, -3), "table neighbors: cell is -3, expected 0 or more"),
    "rank 0": ("neighbors", "rank", at_row(0, 0), "table neighbors: rank is 0, expected 1 or more"),
    "canvas that is no image": ("canvases", "bytes", at_row(0, b"GIF89a"), "cannot be read as image/png"),
    "canvas of another encoding": ("canvases", "media_type", at_row(0, "image/webp"), "read as image/webp"),
    "unknown encoding": ("canvases", "media_type", everywhere("text/html"), "media_type is 'text/html'"),
    "endless canvas": ("canvases", "rows", everywhere(2_000_000_000), "expected at most 1000000"),
    "unknown baseline": ("models", "baseline_model_id", at_row(0, "nobody"), "such as 'nobody', are not in"),
    "its own baseline": ("models", "baseline_model_id", everywhere("alpha-round"), "is its own baseline"),
}


@pytest.mark.parametrize("case", STRANGE)
def test_strange_values_are_found(case: str, tiny_results: Path) -> None:
    table, column, change, words = STRANGE[case]
    assert not inspect(tiny_results).problems
    spoil(tiny_results, table, column, change)
    assert any(words in problem for problem in inspect(tiny_results).problems)
