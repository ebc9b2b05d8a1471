"""Lenses, rankings and cell statistics with answers known beforehand."""

from __future__ import annotations

import math
import weakref
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from data_pipeline.capture import Capture
from data_pipeline.cell_statistics import cell_statistics
from data_pipeline.lenses import embedding as embedding_module
from data_pipeline.lenses.embedding import EmbeddingLens
from data_pipeline.lenses.logit import COPIES, LOGITS_AT_ONCE, read_logits
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


@pytest.mark.parametrize("distinct", [3, 1000, 1_000_000])
@pytest.mark.parametrize("candidates", [4, 5, 30, 400, 3001, 4096])
def test_ranking_is_a_stable_sort(candidates: int, distinct: int) -> None:
    """Few distinct scores, so that nearly all places are ties; long rows, which are looked at in blocks."""
    generator = torch.Generator().manual_seed(2)
    scores = torch.randint(-distinct, 0, (16, candidates), generator=generator).float()
    values, ids = best(scores, 5)
    for row in range(len(scores)):
        expected = sorted(range(candidates), key=lambda number: (-scores[row, number].item(), number))[:5]
        assert ids[row].tolist() == expected
        assert values[row].tolist() == scores[row, expected].tolist()


def test_ranking_finds_the_best_at_the_end_of_a_long_row_and_in_one_block() -> None:
    scores = torch.arange(5001).float()[None].repeat(2, 1)
    scores[1] *= -1
    assert best(scores, 3)[1].tolist() == [[5000, 4999, 4998], [0, 1, 2]]


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


def test_logits_of_a_large_vocabulary_take_the_memory_that_the_forecast_says() -> None:
    """152,000 tokens and 300 cells: 46 million logits a layer, of which never more than a part exists."""
    vocabulary, cells = 152_000, 300
    generator = torch.Generator().manual_seed(4)
    head = torch.randn(vocabulary, 2, generator=generator)
    language = SimpleNamespace(vocab_size=vocabulary, unembed=lambda states: states @ head.T)
    states = {layer: torch.randn(1, cells, 2, generator=generator) for layer in (0, 1)}
    with LiveBytes() as memory:
        readings = read_logits(language, Capture(states, 1), (0, 1), 5)
    assert vocabulary * cells > LOGITS_AT_ONCE
    assert LOGITS_AT_ONCE * 2 * 4 < memory.peak <= LOGITS_AT_ONCE * COPIES * 4 + 100_000
    assert readings[0].ids.shape == (cells, 5)
    assert readings[1].kl_to_final.abs().max() == 0


class LiveBytes(TorchDispatchMode):
    """Counts the bytes of tensors that operations return, as long as they live; `peak` is the most."""

    def __init__(self) -> None:
        super().__init__()
        self.live: dict[int, int] = {}
        self.peak = 0

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        result = func(*args, **(kwargs or {}))
        for tensor in result if isinstance(result, tuple | list) else [result]:
            storage = tensor.untyped_storage() if isinstance(tensor, torch.Tensor) else None
            if storage is not None and storage.data_ptr() not in self.live:
                self.live[storage.data_ptr()] = storage.nbytes()
                weakref.finalize(storage, self.live.pop, storage.data_ptr(), None)
        self.peak = max(self.peak, sum(self.live.values()))
        return result


def test_entropy_of_what_is_not_a_number_is_not_a_number() -> None:
    language = SimpleNamespace(vocab_size=2, unembed=lambda states: states)
    states = {0: torch.tensor([[[math.nan, 0.0]]])}
    reading = read_logits(language, Capture(states, 0), (0,), 1)[0]
    assert math.isnan(reading.entropy.item())
    assert math.isnan(reading.kl_to_final.item())
