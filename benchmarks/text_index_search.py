"""`python -m benchmarks.text_index search`: made-up states searched, beside products and `latentlens`."""

from __future__ import annotations

import statistics
from pathlib import Path
from tempfile import TemporaryDirectory

import click
import numpy as np
import torch
from torch import Tensor

from benchmarks import measuring
from data_pipeline.text_index.contexts import Context
from data_pipeline.text_index.header import Origin
from data_pipeline.text_index.index import TextIndex
from data_pipeline.text_index.layer_files import bytes_of_vector
from data_pipeline.text_index.storing import store_index
from data_pipeline.unit_vectors import unit_rows

TOP = 5
_MASSIVE_COLUMNS, _MASSIVE = 4, 60.0


class MadeUpStates:
    """Hidden states of many contexts at some text layers, made anew whenever they are asked for."""

    def __init__(self, contexts: int, width: int, noise: float) -> None:
        self.contexts, self.width, self._noise = contexts, width, noise
        random = torch.Generator().manual_seed(0)
        common = torch.randn(width, generator=random)
        centres = torch.randn(500, width, generator=random)
        chosen = torch.randint(500, (contexts,), generator=random)
        self._own = torch.randn(contexts, width, generator=random).add_(centres[chosen]).add_(common)

    def layer(self, layer: int) -> Tensor:
        """(context, width) rows of length 1."""
        random = torch.Generator().manual_seed(1000 + layer)
        states = torch.randn(self.contexts, self.width, generator=random).mul_(0.7).add_(self._own)
        return unit_rows(self._massive(states))

    def queries(self, count: int) -> Tensor:
        """Rows with as much noise, so that top cosines are like those of vision tokens; (count, width)."""
        random = torch.Generator().manual_seed(1)
        chosen = self._own[torch.randint(self.contexts, (count,), generator=random)]
        noise = torch.randn(chosen.shape, generator=random) * self._noise * chosen.std()
        return unit_rows(self._massive(chosen + noise))

    def _massive(self, states: Tensor) -> Tensor:
        states[:, :_MASSIVE_COLUMNS] *= _MASSIVE
        return states


def origin_of(contexts: int, layers: int, width: int) -> Origin:
    """Of an index that no model has made."""
    numbers = tuple(range(1, layers + 1))
    return Origin("made up", "none", contexts, "none", "none", contexts, numbers, 1, 1, 0, width)


def store(folder: Path, contexts: int, layers: int, width: int, noise: float) -> float:
    """Write the index; the mean of 1 - cosine between what is stored and what it stands for."""
    states = MadeUpStates(contexts, width, noise)
    texts = [Context(f"text {number}", 1, number, 0, 4) for number in range(contexts)]
    vectors = {layer: states.layer(layer) for layer in range(1, layers + 1)}
    store_index(folder, origin_of(contexts, layers, width), texts, vectors)
    index = TextIndex.load(folder, whole=False)
    return float((1 - (index.vectors(1) * vectors[1]).sum(dim=1)).mean())


def time_search(
    folder: Path, contexts: int, width: int, queries: int, noise: float, rounds: int, threads: int
) -> list[tuple[float, float]]:
    """Processor seconds of the bare products of all layers, and of the search, round by round."""
    torch.set_num_threads(threads)
    index = TextIndex.load(folder, whole=False)
    asked = MadeUpStates(contexts, width, noise).queries(queries)
    layer = index.vectors(1)
    space = torch.empty(queries, len(layer))

    def bare() -> None:
        for _ in index.layers:
            torch.mm(asked, layer.T, out=space)

    index.search(asked, TOP)
    return [
        (measuring.seconds(bare), measuring.seconds(lambda: index.search(asked, TOP))) for _ in range(rounds)
    ]


def search_alone(folder: Path, asked: np.ndarray, threads: int) -> tuple[np.ndarray, np.ndarray, int]:
    """Contexts and text layers found, and bytes of memory at most."""
    torch.set_num_threads(threads)
    before = measuring.peak()
    found = TextIndex.load(folder, whole=False).search(torch.from_numpy(asked), TOP)
    return found.contexts, found.text_layers, measuring.peak() - before


def peer_search(
    folder: Path, asked: np.ndarray, threads: int, rounds: int
) -> tuple[np.ndarray, np.ndarray, int, float]:
    """The same with `latentlens` over the vectors as they are stored, and its processor seconds.

    It lists rows, a context once for each text layer: so many are asked for that k contexts are among them.
    """
    from latentlens import ContextualIndex

    torch.set_num_threads(threads)
    before = measuring.peak()
    stored = TextIndex.load(folder, whole=False)
    facts = [{"token_id": number} for number in range(len(stored.contexts))]
    layers = stored.origin.text_layers
    index = ContextualIndex(
        {layer: {"embeddings": stored.vectors(layer), "metadata": facts} for layer in layers}
    )
    queries = torch.from_numpy(asked)
    index.search(queries, top_k=TOP)
    seconds = statistics.median(
        measuring.seconds(lambda: index.search(queries, top_k=TOP)) for _ in range(rounds)
    )
    memory = measuring.peak() - before
    rows = index.search(queries, top_k=TOP * len(layers))
    lists = [each_context_once([(one.token_id, one.contextual_layer) for one in found]) for found in rows]
    contexts, numbers = np.array(lists).transpose(2, 0, 1)
    return contexts, numbers, memory, seconds


def each_context_once(rows: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The first `TOP` contexts of rows (context, text layer), best first, each at its best text layer."""
    best: dict[int, int] = {}
    for context, layer in rows:
        best.setdefault(context, layer)
    return list(best.items())[:TOP]


def overlap_with_originals(
    contexts: int, layers: int, width: int, noise: float, found: np.ndarray, asked: np.ndarray
) -> float:
    """The share of the k nearest contexts by float32 vectors that were found."""
    states = MadeUpStates(contexts, width, noise)
    queries = torch.from_numpy(asked)
    best = torch.full((len(queries), contexts), -1.0)
    for layer in range(1, layers + 1):
        torch.maximum(best, queries @ states.layer(layer).T, out=best)
    nearest = best.topk(TOP).indices.numpy()
    return float(np.mean([len({*one} & {*other}) / TOP for one, other in zip(nearest, found, strict=True)]))


@click.command()
@click.option("--contexts", default=40_000, show_default=True)
@click.option("--layers", default=8, show_default=True)
@click.option("--width", default=4096, show_default=True)
@click.option("--queries", default=576, show_default=True)
@click.option("--noise", default=1.0, show_default=True)
@click.option("--rounds", default=3, show_default=True)
@click.option("--threads", default=1, show_default=True)
def search(
    contexts: int, layers: int, width: int, queries: int, noise: float, rounds: int, threads: int
) -> None:
    """Search for the nearest contexts of all text layers."""
    with TemporaryDirectory() as name:
        folder = Path(name) / "index"
        error = measuring.apart(store, folder, contexts, layers, width, noise)
        asked = MadeUpStates(contexts, width, noise).queries(queries).numpy()
        times = measuring.apart(time_search, folder, contexts, width, queries, noise, rounds, threads)
        found, numbers, memory = measuring.apart(search_alone, folder, asked, threads)
        click.echo(f"{contexts} contexts x {layers} layers x {width}, {queries} queries, {threads} threads")
        ratios = [ours / bare for bare, ours in times]
        bare = statistics.median(bare for bare, _ in times)
        click.echo(
            f"search            {statistics.median(ratios):.2f} x the bare float32 products "
            f"({min(ratios):.2f} to {max(ratios):.2f}; {bare:.1f} s)"
        )
        click.echo(f"memory            {memory / 2**20:.0f} MiB")
        if measuring.has_peer():
            theirs, layers_of_theirs, peak, seconds = measuring.apart(
                peer_search, folder, asked, threads, rounds
            )
            click.echo(f"latentlens        {seconds / bare:.2f} x the bare products, {peak / 2**20:.0f} MiB")
            click.echo(f"memory            {memory / peak:.2f} of that")
            same = same_places((found, numbers), (theirs, layers_of_theirs))
            click.echo(
                f"same top {TOP}        {same[0]:.2%} of the neighbours, over the same vectors; "
                f"{same[1]:.2%} at the same place"
            )
        share = measuring.apart(overlap_with_originals, contexts, layers, width, noise, found, asked)
        click.echo(
            f"float32 originals {share:.2%} of the top {TOP} found, 1 - cosine {error:.1e} at the mean"
        )
        click.echo(f"bytes a vector    {bytes_of_vector(width)}")


def same_places(
    ours: tuple[np.ndarray, np.ndarray], theirs: tuple[np.ndarray, np.ndarray]
) -> tuple[float, float]:
    """The shares of our neighbours that are theirs too, and that are so at the same place of the list.

    Both are contexts and text layers, each (query, k). Cosines that float32 cannot tell apart may change
    places in theirs.
    """
    one, other = np.stack(ours, axis=2), np.stack(theirs, axis=2)
    at_place = (one == other).all(axis=2)
    anywhere = (one[:, :, None] == other[:, None]).all(axis=3).any(axis=2)
    return float(anywhere.mean()), float(at_place.mean())
