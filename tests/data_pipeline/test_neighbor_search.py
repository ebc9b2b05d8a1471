"""Both paths of the search give exactly what float64 brute force gives."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from benchmarks import text_index
from data_pipeline.neighbor_search import Bank, bfloat16_is_faster, unit_rows


def brute_force(queries: Tensor, rows: Tensor, groups: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    cosines = (queries.double() @ rows.double().T).float().numpy()
    best = []
    for line in cosines:
        order = np.lexsort((np.arange(len(line)), -line))
        first = np.unique(groups[order], return_index=True)[1]
        best.append(order[np.sort(first)[:k]])
    return np.array(best), np.take_along_axis(cosines, np.array(best), axis=1)


def crowd(rows: int, width: int, spread: float, seed: int = 0) -> Tensor:
    """Rows around a few directions with a common mean, as hidden states have: many are nearly as good."""
    random = torch.Generator().manual_seed(seed)
    centres = torch.randn(7, width, generator=random) + 2 * torch.randn(width, generator=random)
    noise = torch.randn(rows, width, generator=random)
    return unit_rows(centres[torch.randint(7, (rows,), generator=random)] + spread * noise)


@pytest.mark.parametrize("fast", [False, True])
@pytest.mark.parametrize("group_size", [1, 7, 40])
@pytest.mark.parametrize("spread", [1.0, 0.02])
@pytest.mark.parametrize("width", [16, 200])
def test_search_is_exact(fast: bool, group_size: int, spread: float, width: int) -> None:
    rows = crowd(1003, width, spread)
    queries = crowd(37, width, spread, seed=1)
    groups = np.arange(1003) // group_size
    rng = np.random.default_rng(0)
    shuffled = rng.permutation(1003) if group_size == 7 else np.arange(1003)  # groups need not be together
    groups = groups[shuffled]
    found = Bank(rows, groups, fast).search(queries, 5)
    expected_rows, expected_scores = brute_force(queries, rows, groups, 5)
    assert np.abs(found.scores - expected_scores).max() < 2e-7
    same = found.rows == expected_rows
    if spread == 1.0:
        assert same.all()
    else:  # rows closer to each other than float32 tells apart may change places, and no others
        assert np.abs(found.scores - expected_scores)[~same].max(initial=0) < 2e-7


@pytest.mark.parametrize("group_size", [1, 7, 40])
def test_scoring_pairs_together_as_on_a_gpu_finds_the_same(
    group_size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows, queries = crowd(1003, 64, 1.0), crowd(37, 64, 1.0, seed=1)
    bank = Bank(rows, np.arange(1003) // group_size, fast=True)
    one_by_one = bank.search(queries, 5)
    monkeypatch.setattr("data_pipeline.neighbor_search._PAIRS_AT_ONCE", 50)
    monkeypatch.setattr(bank, "_rescored", bank._rescored_together)
    together = bank.search(queries, 5)
    assert np.array_equal(together.rows, one_by_one.rows)
    assert np.abs(together.scores - one_by_one.scores).max() < 1e-7


@pytest.mark.parametrize("group_size", [1, 30])
def test_both_paths_and_any_batch_give_the_same(group_size: int) -> None:
    rows, queries = crowd(1500, 64, 0.3), crowd(50, 64, 0.3, seed=1)
    groups = np.arange(1500) // group_size
    slow, fast = (Bank(rows, groups, fast) for fast in (False, True))
    one, other = slow.search(queries, 4), fast.search(queries, 4)
    assert np.array_equal(one.rows, other.rows) and np.array_equal(one.scores, other.scores)
    singly = [fast.search(query[None], 4) for query in queries]
    assert np.array_equal(np.concatenate([found.rows for found in singly]), one.rows)
    assert np.array_equal(np.concatenate([found.scores for found in singly]), one.scores)


@pytest.mark.parametrize("fast", [False, True])
def test_equal_scores_go_by_row_number(fast: bool) -> None:
    rows = unit_rows(torch.ones(100, 8))
    found = Bank(rows, np.arange(100)[::-1].copy(), fast).search(rows[:3], 6)
    assert found.rows.tolist() == [[0, 1, 2, 3, 4, 5]] * 3
    assert found.scores == pytest.approx(1)


@pytest.mark.parametrize("fast", [False, True])
def test_far_neighbors_are_found_too(fast: bool) -> None:
    rows, query = unit_rows(-crowd(64, 16, 0.1)), unit_rows(crowd(64, 16, 0.1).sum(0, keepdim=True))
    found = Bank(rows, np.arange(64), fast).search(query, 64)
    assert found.rows.tolist() == brute_force(query, rows, np.arange(64), 64)[0].tolist()
    assert found.scores.max() < -0.5


def test_bfloat16_alone_would_be_wrong() -> None:
    rows, queries = crowd(2000, 64, 0.02), crowd(20, 64, 0.02, seed=1)
    naive = (queries.bfloat16() @ rows.bfloat16().T).float().topk(5).indices.numpy()
    assert (naive != brute_force(queries, rows, np.arange(2000), 5)[0]).any()


def test_no_queries_give_no_neighbors() -> None:
    assert Bank(crowd(20, 8, 1.0), np.arange(20)).search(torch.empty(0, 8), 3).rows.shape == (0, 3)


def test_the_machine_is_asked_once() -> None:
    assert bfloat16_is_faster(64) is bfloat16_is_faster(64)
    assert bfloat16_is_faster.cache_info().hits >= 1


def test_the_benchmark_runs_and_finds_both_paths_equal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    sizes = {"--contexts": 200, "--layers": 2, "--width": 16, "--queries": 9, "--rounds": 1, "--threads": 1}
    monkeypatch.setattr("sys.argv", ["text_index", *(str(word) for pair in sizes.items() for word in pair)])
    text_index.main()
    printed = capsys.readouterr().out
    assert "400 rows x 16" in printed and "100% same neighbours" in printed
