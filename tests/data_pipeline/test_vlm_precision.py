"""Every family in half precision and with damaged weights: what is rounded, what is not, and what stops."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from PIL import Image

from data_pipeline.capture import capture
from data_pipeline.cell_statistics import cell_statistics
from data_pipeline.errors import InputError
from data_pipeline.lenses.embedding import EmbeddingLens
from data_pipeline.lenses.logit import read_logits
from data_pipeline.off_the_shelf import OffTheShelfVLM, load_off_the_shelf
from tests.data_pipeline.test_vlm_families import pictures
from tests.data_pipeline.tiny_models import LAYERS
from tests.data_pipeline.tiny_vlms import PROMPTS, SAVED


@pytest.fixture(params=SAVED, scope="module")
def half(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[OffTheShelfVLM]:
    folder = SAVED[request.param](tmp_path_factory.mktemp(request.param) / "model")
    yield load_off_the_shelf(folder, PROMPTS.get(request.param), torch.bfloat16, torch.device("cpu"))


def picture() -> Image.Image:
    return pictures(1)[0]


def test_states_are_the_models_and_all_that_is_read_from_them_is_float32(half: OffTheShelfVLM) -> None:
    assert {weights.dtype for weights in half.model.parameters()} == {torch.bfloat16}
    captured = capture(half, [half.look(picture())], [0, 1], "tiny", ["a"])  # also: norm, head, own logits
    assert {state.dtype for state in captured.states.values()} == {torch.bfloat16}
    states = captured.states[1].flatten(0, 1)
    reading = read_logits(half.language, captured, (1,), 5)[1]
    norm, head = half.language._float32_unembedding
    expected = half.language._finished(head(norm(states.float())))
    torch.testing.assert_close(reading.logits, expected.topk(5).values)
    torch.testing.assert_close(reading.probabilities, expected.softmax(-1).topk(5).values)
    assert (reading.logits != reading.logits.bfloat16().float()).any()

    matrix = half.language.input_embeddings
    scores, _ = EmbeddingLens.of(matrix).neighbors(states, 3)
    cosines = (
        torch.nn.functional.normalize(states.double()) @ torch.nn.functional.normalize(matrix.double()).T
    )
    torch.testing.assert_close(scores.double(), cosines.topk(3).values, atol=1e-6, rtol=0)


def test_drift_is_measured_from_the_connectors_output(half: OffTheShelfVLM) -> None:
    states = capture(half, [half.look(picture())], [0, 1], "tiny", ["a"]).states
    assert torch.allclose(cell_statistics(states[0], states[0]).cosine_to_layer_0, torch.ones(1))
    last = cell_statistics(states[LAYERS], states[0]).cosine_to_layer_0
    expected = torch.cosine_similarity(states[LAYERS].double(), states[0].double(), dim=-1)
    torch.testing.assert_close(last.double(), expected, atol=1e-6, rtol=0)
    assert last.max() < 0.99


def test_weights_with_nan_name_model_layer_image_and_cell(half: OffTheShelfVLM) -> None:
    """Last of its model: the weights are damaged."""
    look = half.look(picture())
    half.language.decoder.layers[1].self_attn.o_proj.weight[0, 0] = torch.nan
    with pytest.raises(InputError, match=r"model tiny: .* at vision layer 2, image a, cell 0 is not finite"):
        capture(half, [look], range(LAYERS + 1), "tiny", ["a"])


def test_half_precision_of_16_bits_is_refused_by_the_loader_too(tmp_path: Path) -> None:
    folder = SAVED["gemma3"](tmp_path)
    with pytest.raises(InputError, match=r"range of float16 \(65504\)"):
        load_off_the_shelf(folder, None, torch.float16, torch.device("cpu"))
