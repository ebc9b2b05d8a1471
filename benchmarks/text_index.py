"""How long an exact search of all text layers takes, as a multiple of the bare float32 matrix products.

    python -m benchmarks.text_index

The rows are random, with what makes real hidden states hard: a common mean, clusters, and text layers that
resemble each other, so that many rows are nearly as good as the best. Products and searches take turns, and
processor time is measured, so that a busy machine matters little; medians are given, with the best and the
worst round. Both paths must give the same neighbours, and those of a float64 brute force for some queries.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from data_pipeline.neighbor_search import Bank, unit_rows


def hidden_states(contexts: int, layers: int, width: int, seed: int) -> Tensor:
    """(context * layer, width) rows of length 1, all layers of a context together."""
    random = torch.Generator().manual_seed(seed)
    common = torch.randn(width, generator=random)
    centres = torch.randn(500, width, generator=random)
    own = (
        torch.randn(contexts, width, generator=random)
        + centres[torch.randint(500, (contexts,), generator=random)]
    )
    states = torch.empty(contexts, layers, width)
    for layer in range(layers):
        states[:, layer] = unit_rows(common + own + 0.7 * torch.randn(contexts, width, generator=random))
    return states.view(-1, width)


def queries_near(rows: Tensor, count: int, noise: float, seed: int) -> Tensor:
    """Rows with noise of that share of their length, so that top cosines are like those of vision tokens."""
    random = torch.Generator().manual_seed(seed)
    chosen = rows[torch.randint(len(rows), (count,), generator=random)]
    return unit_rows(chosen + noise * unit_rows(torch.randn(chosen.shape, generator=random)))


def seconds(work: Callable[[], object]) -> float:
    """The processor's time for `work`, all threads together."""
    start = time.process_time()
    work()
    return time.process_time() - start


def main() -> None:
    """Print one line for each way to search."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--contexts", type=int, default=10_000)
    parser.add_argument("--layers", type=int, default=8)
    parser.add_argument("--width", type=int, default=3584)
    parser.add_argument("--queries", type=int, default=576)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--noise", type=float, default=1.0)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    options = parser.parse_args()
    torch.set_num_threads(options.threads)

    rows = hidden_states(options.contexts, options.layers, options.width, seed=0)
    queries = queries_near(rows, options.queries, options.noise, seed=1)
    blocks = [
        rows.view(-1, options.layers, options.width)[:, layer].contiguous() for layer in range(options.layers)
    ]
    groups = {
        "context": np.arange(len(rows)) // options.layers,
        "word": np.arange(len(rows)) // (20 * options.layers),
    }
    banks = {
        (name, fast): Bank(rows, numbers, fast) for name, numbers in groups.items() for fast in (False, True)
    }
    work: dict[str, Callable[[], object]] = {"bare": lambda: [queries @ block.T for block in blocks]}
    for (name, fast), bank in banks.items():
        path = "bfloat16 candidates" if fast else "float32"
        work[f"top-5 {name}s, {path}"] = lambda bank=bank: bank.search(queries, 5)
    for run in work.values():
        run()
    times = {name: [] for name in work}
    for _ in range(options.rounds):
        for name, run in work.items():
            times[name].append(seconds(run))

    for name, numbers in groups.items():
        slow, fast = (banks[name, path].search(queries, 5) for path in (False, True))
        assert np.array_equal(slow.rows, fast.rows) and np.array_equal(slow.scores, fast.scores)  # noqa: S101
        check_by_brute_force(queries[:8], rows, numbers, fast.rows[:8])
    print(
        f"{len(rows)} rows x {options.width}, {options.queries} queries, {options.threads} threads, "
        f"best cosine {slow.scores[:, 0].mean():.2f}, {np.mean(slow.rows == fast.rows):.0%} same neighbours"
    )
    for name, measured in times.items():
        ratios = [one / bare for one, bare in zip(measured, times["bare"], strict=True)]
        print(
            f"{name:34} {statistics.median(measured):7.3f} s  "
            f"{statistics.median(ratios):5.2f} x bare ({min(ratios):.2f} to {max(ratios):.2f})"
        )


def check_by_brute_force(queries: Tensor, rows: Tensor, groups: np.ndarray, found: np.ndarray) -> None:
    """Stop if float64 disagrees by more than a float32 can hold."""
    for query, own in zip(queries, found, strict=True):
        cosines = (rows.double() @ query.double()).numpy()
        best = np.sort(np.maximum.reduceat(cosines, np.flatnonzero(np.diff(groups, prepend=-1))))[::-1][
            : len(own)
        ]
        assert np.abs(cosines[own] - best).max() < 1e-6  # noqa: S101


if __name__ == "__main__":
    main()
