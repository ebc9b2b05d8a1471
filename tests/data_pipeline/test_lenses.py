"""Lenses, rankings and cell statistics with answers known beforehand."""

from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from data_pipeline.capture import Capture
from data_pipeline.cell_statistics import cell_statistics
from data_pipeline.lenses import embedding as embedding_module
from data_pipeline.lenses.embedding import EmbeddingLens
from data_pipeline.lenses.logit import read_logits
from data_pipeline.lenses.ranking import best


def test_embedding_lens_returns_a_token_for_its_own_row() -> None:
    matrix = torch.randn(50, 8, generator=torch.Generator().manual_seed(0))
    scores, ids = EmbeddingLens.of(matrix).neighbors(3.5 * matrix, 4)
    assert torch.equal(ids[:, 0], torch.arange(50))
    torch.testing.assert_close(scores[:, 0], torch.ones(50))
    assert (scores[:, 1:] < 1).all()


def test_embedding_lens_in_pieces_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    generator = torch.Generator().manual_seed(1)
    lens = EmbeddingLens.of(torch.randn(40, 8, generator=generator))
    states = torch.randn(30, 8, generator=generator)
    whole = lens.neighbors(states, 5)
    monkeypatch.setattr(embedding_module, "_SCORES_AT_ONCE", 200)
    for one, other in zip(whole, lens.neighbors(states, 5), strict=True):
        torch.testing.assert_close(one, other)


def test_states_and_rows_of_length_0_have_cosine_0() -> None:
    lens = EmbeddingLens.of(torch.tensor([[0.0, 0.0], [1.0, 0.0], [-1.0, 0.0]]))
    scores, ids = lens.neighbors(torch.tensor([[0.0, 0.0], [2.0, 0.0]]), 3)
    assert scores.tolist() == [[0, 0, 0], [1, 0, -1]]
    assert ids.tolist() == [[0, 1, 2], [1, 0, 2]]


@pytest.mark.parametrize("candidates", [4, 5, 30, 400])
def test_ranking_is_a_stable_sort(candidates: int) -> None:
    """Few distinct scores, so that nearly all places are ties."""
    scores = torch.randint(0, 3, (64, candidates), generator=torch.Generator().manual_seed(2)).float()
    values, ids = best(scores, 5)
    for row in range(len(scores)):
        expected = sorted(range(candidates), key=lambda number: (-scores[row, number].item(), number))[:5]
        assert ids[row].tolist() == expected
        assert values[row].tolist() == scores[row, expected].tolist()


def test_ranking_of_scores_that_are_all_equal() -> None:
    assert best(torch.zeros(2, 1000), 3)[1].tolist() == [[0, 1, 2]] * 2


def test_cell_statistics_match_their_definitions() -> None:
    generator = torch.Generator().manual_seed(3)
    states, layer_0 = torch.randn(2, 5, 7, generator=generator), torch.randn(2, 5, 7, generator=generator)
    found = cell_statistics(states, layer_0)
    for image in range(2):
        units = [vector / np.linalg.norm(vector) for vector in states[image].numpy()]
        for cell in range(5):
            others = [units[cell] @ units[other] for other in range(5) if other != cell]
            assert found.mean_cosine[image, cell].item() == pytest.approx(np.mean(others), abs=1e-5)
            assert found.norm[image, cell].item() == pytest.approx(
                np.linalg.norm(states[image, cell]), rel=1e-5
            )
            unit_0 = layer_0[image, cell].numpy() / np.linalg.norm(layer_0[image, cell])
            assert found.cosine_to_layer_0[image, cell].item() == pytest.approx(
                units[cell] @ unit_0, abs=1e-5
            )


def test_cell_statistics_of_equal_single_and_empty_states() -> None:
    equal = cell_statistics(torch.ones(1, 4, 3), torch.ones(1, 4, 3))
    assert equal.mean_cosine[0].tolist() == pytest.approx([1.0] * 4)
    assert equal.norm[0, 0].item() == pytest.approx(math.sqrt(3))
    assert cell_statistics(torch.ones(1, 1, 3), torch.ones(1, 1, 3)).mean_cosine.item() == 0
    assert torch.isfinite(cell_statistics(torch.zeros(1, 2, 3), torch.ones(1, 2, 3)).cosine_to_layer_0).all()


def test_entropy_of_tokens_that_cannot_come_is_that_of_the_others() -> None:
    language = SimpleNamespace(vocab_size=4, unembed=lambda states: states)
    logits = torch.tensor([[[0.0, 0.0, -math.inf, -math.inf], [200.0, 0.0, 0.0, 0.0]]])
    final = torch.tensor([[[0.0, -math.inf, -math.inf, -math.inf], [0.0, 0.0, 0.0, 0.0]]])
    reading = read_logits(language, Capture({0: logits, 1: final}, 1), (0,), 2)[0]
    assert reading.entropy.tolist() == pytest.approx([math.log(2), 0.0])
    assert reading.kl_to_final.tolist() == pytest.approx([math.log(2), 150 - math.log(4)])


def test_entropy_of_what_is_not_a_number_is_not_a_number() -> None:
    language = SimpleNamespace(vocab_size=2, unembed=lambda states: states)
    states = {0: torch.tensor([[[math.nan, 0.0]]])}
    reading = read_logits(language, Capture(states, 0), (0,), 1)[0]
    assert math.isnan(reading.entropy.item())
    assert math.isnan(reading.kl_to_final.item())
