"""Every way to search gives exactly what float64 brute force gives."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from data_pipeline.text_index.codes import Coding
from data_pipeline.text_index.contexts import Context
from data_pipeline.text_index.header import Origin
from data_pipeline.text_index.index import TextIndex
from data_pipeline.text_index.proposals import KINDS, Kind, quickest
from data_pipeline.text_index.search import Pairs, search
from data_pipeline.text_index.storing import store_index
from data_pipeline.unit_vectors import unit_rows

LAYERS = (1, 5)


def crowd(rows: int, width: int, spread: float, seed: int = 0, massive: float = 1.0) -> Tensor:
    """Rows around a few directions with a common mean, as hidden states have: many are nearly as good."""
    random = torch.Generator().manual_seed(seed)
    common = torch.randn(width, generator=torch.Generator().manual_seed(99))
    centres = torch.randn(7, width, generator=random) + 2 * common
    found = centres[torch.randint(7, (rows,), generator=random)] + spread * torch.randn(
        rows, width, generator=random
    )
    found[:, :3] *= massive
    return found


def stored(folder: Path, vectors: dict[int, Tensor]) -> TextIndex:
    """An index of made-up contexts with these vectors."""
    count, width = next(iter(vectors.values())).shape
    contexts = [Context(f"text {number}", 1, number, 0, 4) for number in range(count)]
    origin = Origin("made up", "aa", count, "none", "bb", count, tuple(vectors), 1, 9, 0, width)
    store_index(folder, origin, contexts, vectors)
    return TextIndex.load(folder, "aa")


def brute_force(index: TextIndex, groups: np.ndarray, queries: Tensor, k: int) -> list[list[tuple[int, int]]]:
    """(context, layer) of the k best groups, from the vectors as they are stored."""
    lists = []
    for query in unit_rows(queries).double():
        best: dict[int, tuple[float, int, int]] = {}
        for layer in index.origin.text_layers:
            for context, cosine in enumerate((index.vectors(layer).double() @ query).tolist()):
                group = int(groups[context])
                best[group] = max(best.get(group, (-2.0, 0, 0)), (cosine, -context, -layer))
        top = sorted(best.values(), reverse=True)[:k]
        lists.append([(-context, -layer) for _, context, layer in top])
    return lists


def places(found: Pairs, k: int) -> list[list[tuple[int, int]]]:
    pairs = np.stack([found.contexts, found.layers], axis=1).reshape(-1, k, 2)
    return [[(context, layer) for context, layer in line] for line in pairs.tolist()]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("group_size", [1, 7, 40])
@pytest.mark.parametrize(("width", "massive"), [(16, 1.0), (200, 1.0), (200, 300.0)])
def test_search_is_exact(tmp_path: Path, kind: Kind, group_size: int, width: int, massive: float) -> None:
    index = stored(tmp_path, {layer: crowd(503, width, 0.3, layer, massive) for layer in LAYERS})
    queries = crowd(19, width, 0.3, 7, massive)
    groups = np.random.default_rng(0).permutation(503) // group_size  # groups need not lie together
    expected = brute_force(index, groups, queries, 5)
    whole = search(index.layers, groups, unit_rows(queries), 5, kind=kind)
    assert places(whole, 5) == expected
    in_chunks = search(index.layers, groups, unit_rows(queries), 5, memory=0, kind=kind)
    assert places(in_chunks, 5) == expected
    assert np.array_equal(whole.scores, in_chunks.scores)


@pytest.mark.parametrize("kind", KINDS)
def test_equal_scores_go_by_context_then_layer(tmp_path: Path, kind: Kind) -> None:
    index = stored(tmp_path, {layer: torch.ones(100, 8) for layer in LAYERS})
    found = search(index.layers, np.arange(100) // 2, torch.full((3, 8), 8**-0.5), 4, kind=kind)
    assert places(found, 4) == [[(0, 1), (2, 1), (4, 1), (6, 1)]] * 3
    assert found.scores == pytest.approx(1)


def test_groups_that_fill_every_block_are_found_all(tmp_path: Path) -> None:
    index = stored(tmp_path, {1: crowd(400, 32, 0.2)})
    groups = np.arange(400) % 4
    queries = -crowd(5, 32, 0.2, 1)  # far from everything
    found = search(index.layers, groups, unit_rows(queries), 4)
    assert places(found, 4) == brute_force(index, groups, queries, 4)
    assert found.scores.max() < 0


def test_neighbors_are_those_of_single_queries_and_of_text_layers_alone(tmp_path: Path) -> None:
    index = stored(tmp_path, {layer: crowd(300, 64, 0.3, layer) for layer in LAYERS})
    queries = crowd(9, 64, 0.3, 3)
    together = index.search(queries, 3)
    singly = [index.search(query[None] * 128, 3) for query in queries]
    assert np.array_equal(np.concatenate([found.contexts for found in singly]), together.contexts)
    assert np.array_equal(np.concatenate([found.scores for found in singly]), together.scores)
    assert set(index.search(queries, 3, text_layers=[5]).text_layers.ravel()) == {5}
    assert index.search(torch.empty(0, 64), 3).contexts.shape == (0, 3)


@pytest.mark.parametrize("massive", [1.0, 300.0])
def test_codes_keep_directions(massive: float) -> None:
    states = crowd(200, 512, 1.0, massive=massive)
    coding = Coding.of(states)
    decoded = coding.decode(coding.encode(states * 1e4))
    assert decoded.norm(dim=1) == pytest.approx(torch.ones(200), abs=1e-5)
    cosines = (decoded * unit_rows(states)).sum(dim=1)
    assert float(1 - cosines.min()) < 2e-4
    whole_row = (states / states.abs().amax(dim=1, keepdim=True) * 127).round()
    plain = (unit_rows(whole_row) * unit_rows(states)).sum(dim=1)
    assert massive == 1 or float(1 - plain.mean()) > float(1 - cosines.mean())


def test_a_state_of_zeros_is_near_nothing() -> None:
    coding = Coding.of(torch.ones(2, 128))
    assert coding.decode(coding.encode(torch.zeros(2, 128))).abs().max() == 0


def test_the_machine_is_asked_once() -> None:
    cpu = torch.device("cpu")
    assert quickest(64, cpu) is quickest(64, cpu)
    assert quickest.cache_info().hits >= 1


def test_latentlens_finds_the_same_over_the_same_vectors(tmp_path: Path) -> None:
    latentlens = pytest.importorskip("latentlens")
    index = stored(tmp_path, {layer: crowd(300, 64, 0.3, layer) for layer in LAYERS})
    queries = crowd(20, 64, 0.3, 3)
    facts = [{"token_id": number} for number in range(300)]
    theirs = latentlens.ContextualIndex(
        {layer: {"embeddings": index.vectors(layer), "metadata": facts} for layer in LAYERS}
    ).search(queries, top_k=20)
    found = index.search(queries, 4)
    for line, neighbors in enumerate(theirs):
        # Theirs lists a context once for each text layer.
        best = list({one.token_id: (one.contextual_layer, one.similarity) for one in neighbors[::-1]}.items())
        expected = sorted(best, key=lambda item: -item[1][1])[:4]
        assert found.contexts[line].tolist() == [context for context, _ in expected]
        assert found.text_layers[line].tolist() == [layer for _, (layer, _) in expected]
        assert found.scores[line] == pytest.approx([score for _, (_, score) in expected], abs=1e-5)
