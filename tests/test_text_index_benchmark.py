"""The benchmark of the text index runs, at a size at which its figures mean nothing."""

from __future__ import annotations

import re

import numpy as np
import pytest
from click.testing import CliRunner

from benchmarks import measuring, text_index, text_index_search


@pytest.fixture(autouse=True)
def alone_in_one_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measuring, "has_peer", lambda: False)
    monkeypatch.setattr(measuring, "apart", lambda work, *arguments: work(*arguments))


def test_search_is_measured() -> None:
    sizes = ["--contexts", "200", "--layers", "2", "--width", "64", "--queries", "9", "--rounds", "1"]
    done = CliRunner().invoke(text_index.main, ["search", *sizes], catch_exceptions=False)
    assert done.exit_code == 0
    assert re.search(r"search +\d+\.\d+ x the bare float32 products", done.output)
    share = re.search(r"float32 originals ([\d.]+)% of the top 5 found", done.output)
    assert share is not None and float(share[1]) > 80
    assert "bytes a vector    72" in done.output


def test_all_neighbours_are_compared_and_not_the_nearest_alone() -> None:
    rows = [(7, 2), (7, 1), (3, 2), (3, 1), (4, 1), (9, 1), (9, 2), (8, 1), (1, 1)]
    theirs = text_index_search.each_context_once(rows)
    assert theirs == [(7, 2), (3, 2), (4, 1), (9, 1), (8, 1)]
    contexts, layers = np.array(theirs).T[:, None]
    same = text_index_search.same_places
    assert same((contexts, layers), (contexts, layers)) == (1.0, 1.0)
    assert same((contexts, layers), (contexts[:, [0, 1, 2, 4, 3]], layers)) == (1.0, 0.6)
    assert same((contexts, layers), (contexts, np.array([[2, 2, 1, 1, 2]]))) == (0.8, 0.8)


def test_build_is_measured() -> None:
    sizes = ["--sentences", "40", "--width", "16", "--blocks", "2"]
    done = CliRunner().invoke(text_index.main, ["build", *sizes], catch_exceptions=False)
    assert done.exit_code == 0
    assert re.search(r"build +\d+\.\d+ s, \d+\.\d+ x the bare forward passes", done.output)
    inside, beyond = map(float, re.search(r"; ([\d.]+) s in its own and ([\d.]+) s", done.output).groups())
    assert inside > 0 and beyond > 0
    done = CliRunner().invoke(text_index.main, ["build", *sizes, "--idle"], catch_exceptions=False)
    assert done.exit_code == 0
    assert re.search(r"an idle LLM .*\nbuild +\d+\.\d+ s$", done.output)
