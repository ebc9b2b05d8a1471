"""Ranking by percentile: known backgrounds, and the same neighbours as brute force over all rows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from data_pipeline.text_index.background import Background, bytes_of_background, worth
from data_pipeline.text_index.contexts import Context
from data_pipeline.text_index.header import Origin
from data_pipeline.text_index.index import RANK_BY, TextIndex
from data_pipeline.text_index.search import Pairs, least_memory
from data_pipeline.text_index.storing import store_index
from data_pipeline.unit_vectors import unit_rows
from tests.data_pipeline.test_text_index_search import crowd

WIDTH = 32


def noise(rows: int, seed: int, width: int = WIDTH) -> Tensor:
    """Directions that have nothing in common."""
    return torch.randn(rows, width, generator=torch.Generator().manual_seed(seed))


def stored(folder: Path, vectors: dict[int, Tensor], seed: int = 0) -> TextIndex:
    """An index of made-up contexts with these vectors, two contexts a token, each token a word."""
    count, width = next(iter(vectors.values())).shape
    contexts = [Context(f"w{number // 2} text {number}", 0, number // 2, 0, 3) for number in range(count)]
    origin = Origin("made up", "aa", count, "none", "bb", count, tuple(vectors), 2, 9, seed, width)
    store_index(folder, origin, contexts, vectors)
    return TextIndex.load(folder, "aa")


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> TextIndex:
    """Three layers: spread out, crowded, crowded around something else."""
    layers = {1: noise(400, 1), 4: crowd(400, WIDTH, 0.3, 1), 6: crowd(400, WIDTH, 1.0, 2)}
    return stored(tmp_path_factory.mktemp("percentiles"), layers)


def by_hand(index: TextIndex, groups: np.ndarray, query: Tensor, k: int) -> list[tuple[int, int]]:
    """(context, layer) of the k groups of the highest percentile."""
    best: dict[int, tuple[float, float, int, int]] = {}
    for layer in index.origin.text_layers:
        cosines = (index.vectors(layer).double() @ unit_rows(query[None])[0].double()).numpy()
        percentiles = index.backgrounds[layer].percentiles(cosines.astype(np.float32))
        for context, (percentile, cosine) in enumerate(zip(percentiles, cosines, strict=True)):
            group = int(groups[context])
            best[group] = max(
                best.get(group, (-1.0, 0.0, 0, 0)), (float(percentile), float(cosine), -context, -layer)
            )
    return [(-context, -layer) for *_, context, layer in sorted(best.values(), reverse=True)[:k]]


def test_a_percentile_is_the_share_of_pairs_of_other_tokens_that_are_less_near(index: TextIndex) -> None:
    tokens = np.arange(400) // 2
    for layer in index.origin.text_layers:
        vectors = index.vectors(layer)
        products = (vectors @ vectors.T).numpy()
        first, second = np.triu_indices(400, 1)
        pairs = np.sort(products[first, second][tokens[first] != tokens[second]])
        asked = np.linspace(-0.5, 0.99, 50)
        expected = np.searchsorted(pairs, asked) / len(pairs)
        found = index.backgrounds[layer].percentiles(asked)
        assert found == pytest.approx(expected, abs=2e-3)
        top = pairs[-20:]  # in the tail every pair is a knot
        shares = (len(pairs) - 20 + np.arange(20) + 0.5) / len(pairs)
        assert index.backgrounds[layer].percentiles(top) == pytest.approx(shares, abs=1e-6)


def test_percentiles_rise_with_the_cosine_also_beyond_the_sample() -> None:
    known = Background.of(np.array([0.1, 0.1, 0.1, 0.5]))
    asked = known.percentiles(np.array([-1, -0.2, 0.1, 0.3, 0.5, 0.75, 1.0]))
    assert asked.tolist() == pytest.approx([0, 0.8 * 0.375 / 1.1, 0.375, 0.625, 0.875, 0.9375, 1])
    assert (np.diff(asked) > 0).all()


@pytest.mark.parametrize("pairs", [[], [1.0, 1.0], [-1.0], [0.3]])
def test_a_background_of_next_to_nothing_still_tells_near_from_far(pairs: list[float]) -> None:
    asked = Background.of(np.array(pairs)).percentiles(np.array([-1, 0.0, 0.9, 1]))
    assert asked[0] == 0
    assert asked[-1] == 1
    assert (np.diff(asked) > 0).all()


@pytest.mark.parametrize("distinct", ["context", "word"])
def test_ranking_by_percentile_is_brute_force_over_all_rows(index: TextIndex, distinct: str) -> None:
    queries = torch.cat([crowd(6, WIDTH, 0.3, 7), noise(6, 2), -crowd(2, WIDTH, 0.3, 8)])
    groups = np.arange(400) if distinct == "context" else index.context_words
    found = index.search(queries, 4, "word" if distinct == "word" else "context", rank_by="percentile")
    places = np.stack([found.contexts, found.text_layers], axis=-1).tolist()
    expected = [by_hand(index, groups, query, 4) for query in queries]
    assert [[tuple(place) for place in line] for line in places] == expected
    assert found.percentiles is not None
    assert (np.diff(found.percentiles, axis=1) <= 0).all()


def test_ranking_by_cosine_is_the_plain_search_with_percentiles_beside_it(index: TextIndex) -> None:
    queries = torch.cat([crowd(9, WIDTH, 0.3, 3), noise(5, 3)])
    plain, ranked = index.search(queries, 5), index.search(queries, 5, rank_by="cosine")
    assert plain.percentiles is None
    for name in ("contexts", "text_layers", "scores"):
        assert np.array_equal(getattr(plain, name), getattr(ranked, name))
    assert ranked.percentiles is not None
    line, rank = 3, 2
    known = index.backgrounds[int(ranked.text_layers[line, rank])]
    assert ranked.percentiles[line, rank] == known.percentiles(ranked.scores[line, rank : rank + 1])[0]
    both = index.rankings(queries, 5)
    assert tuple(both) == RANK_BY
    assert (both["percentile"].text_layers != both["cosine"].text_layers).any()


def test_rankings_depend_on_no_other_query_nor_on_memory(index: TextIndex) -> None:
    queries = crowd(13, WIDTH, 0.5, 11)
    together = index.search(queries, 3, rank_by="percentile")
    least = max(least_memory(13, WIDTH), bytes_of_background(len(index.contexts), WIDTH))
    turned = index.search(queries.flip(0), 3, rank_by="percentile", memory=least)
    for name in ("contexts", "text_layers", "scores", "percentiles"):
        singly = [getattr(index.search(query[None], 3, rank_by="percentile"), name) for query in queries]
        assert np.array_equal(np.concatenate(singly), getattr(together, name))
        assert np.array_equal(getattr(turned, name)[::-1], getattr(together, name))
    again = TextIndex.load(index.folder)
    for layer, known in index.backgrounds.items():
        assert np.array_equal(again.backgrounds[layer].cosines, known.cosines)


def test_a_layer_in_which_everything_is_near_is_not_preferred(tmp_path: Path) -> None:
    """The same cosine of 0.9: the farthest of all pairs at layer 1, nearer than all of them at layer 2."""
    query = torch.eye(8)[:1]
    narrow = 0.92 * query + 0.392 * torch.eye(8)[2:3] + 0.002 * noise(60, 4, 8)
    wide = torch.cat([0.9 * query + 0.436 * torch.eye(8)[1:2], noise(59, 5, 8)])
    index = stored(tmp_path, {1: narrow, 2: wide})
    both = index.rankings(query, 1)
    assert both["cosine"].text_layers.item() == 1
    assert both["percentile"].text_layers.item() == 2
    assert both["percentile"].contexts.item() == 0
    assert both["percentile"].scores.item() == pytest.approx(0.9, abs=0.01)


def test_equal_percentiles_go_by_context_then_layer(tmp_path: Path) -> None:
    index = stored(tmp_path, {layer: torch.ones(20, 8) for layer in (1, 5)})
    found = index.search(torch.ones(2, 8), 3, rank_by="percentile")
    assert found.contexts.tolist() == [[0, 1, 2]] * 2
    assert found.text_layers.tolist() == [[1, 1, 1]] * 2


def test_a_layer_with_fewer_rows_than_neighbours_asked_for(tmp_path: Path) -> None:
    """At layer 0 a token has one vector, whatever stands before it."""
    contexts = [Context(f"{'x ' * number}w", number, 7, 2 * number, 2 * number + 1) for number in range(6)]
    origin = Origin("made up", "aa", 9, "none", "bb", 6, (0, 1), 9, 9, 0, 8)
    store_index(tmp_path, origin, contexts, {0: noise(1, 6, 8), 1: noise(6, 7, 8)})
    index = TextIndex.load(tmp_path)
    found = index.search(noise(3, 8, 8), 6, rank_by="percentile")
    assert [sorted(line) for line in found.contexts.tolist()] == [list(range(6))] * 3
    assert index.backgrounds[0].cosines.tolist() == [-1, 1]  # no pair at all


def test_percentiles_of_pairs_are_those_of_their_layers(index: TextIndex) -> None:
    numbers = np.arange(4)
    pairs = Pairs(numbers, numbers, np.array([6, 1, 4, 1]), numbers, np.full(4, 0.4))
    found = worth(pairs, index.backgrounds)
    assert found[1] == found[3] > found[2]
    assert found.dtype == np.float32
