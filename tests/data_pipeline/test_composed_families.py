"""Every LLM family with an encoder and the study's marks: no way to run it changes what is read."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from transformers import AutoConfig, AutoModelForCausalLM

from data_pipeline.captioning import caption_losses, write_captions
from data_pipeline.capture import capture
from data_pipeline.connectors import Connector, ConnectorConfig
from data_pipeline.errors import InputError
from data_pipeline.framing import Framing
from data_pipeline.language_models import LanguageModel, load_causal_lm, load_tokenizer
from data_pipeline.lenses.logit import read_logits
from data_pipeline.loading import Loader
from data_pipeline.models import ComposedVLM, load_vision_encoder
from data_pipeline.progress import SilentProgress
from data_pipeline.toy.tokenizer import build_tokenizer
from tests.data_pipeline.test_vlm_families import pictures
from tests.data_pipeline.tiny_models import (
    LAYERS,
    TEXT_CLASSES,
    WIDTH,
    rescaled_norms,
    save_encoder,
    save_llm,
    text_settings,
)

CPU, F32 = torch.device("cpu"), torch.float32
TOLERANCE = 1e-5
"""Of a layer's largest entry, in float32: what another order of sums may change."""
EAGER_ALONE = ("gemma2",)
"""Its attention has soft caps, which fused attention does not know."""


OTHERS: dict[str, dict[str, Any]] = {  # of other builds, names and scales; each by its own class
    "cohere2": {"logit_scale": 0.25},
    "gpt2": {"n_inner": 48},
    "gpt_neox": {},
    "granite": {"logits_scaling": 4.0, "embedding_multiplier": 3.0},
    "mixtral": {"num_local_experts": 2},
    "phi3": {},
    "vaultgemma": {"head_dim": 8, "final_logit_softcapping": 2.0},
}


def save_other(folder: Path, family: str) -> None:
    torch.manual_seed(0)
    tokenizer = build_tokenizer()
    config = AutoConfig.for_model(family, **{**text_settings(tokenizer), **OTHERS[family]})
    rescaled_norms(AutoModelForCausalLM.from_config(config)).save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def compose(folder: Path, family: str, dtype: torch.dtype = F32, **changes: Any) -> ComposedVLM:
    if not (folder / "llm").exists():
        save_other(folder / "llm", family) if family in OTHERS else save_llm(
            folder / "llm", family, **changes
        )
        save_encoder(folder / "encoder")
    language = LanguageModel(load_causal_lm(folder / "llm", dtype, CPU), load_tokenizer(folder / "llm"))
    torch.manual_seed(1)
    shape = ConnectorConfig("gated_mlp", 32, 24, WIDTH, (1, 2), False, 4.0, "<s>", ":", True, True)
    connector = Connector(shape)
    torch.nn.init.normal_(connector.marks)
    torch.nn.init.normal_(connector.padding)
    encoder = load_vision_encoder(folder / "encoder", None, dtype, CPU)
    framing = Framing(56, 56, 14, 14, "pad", "bilinear")
    frozen = connector.to(dtype).requires_grad_(False)
    return ComposedVLM(language.causal, language, encoder, frozen, framing)


def states(vlm: ComposedVLM, count: int, first: int = 0) -> dict[int, torch.Tensor]:
    images = pictures(3)[first : first + count]
    names = [str(number) for number in range(count)]
    return capture(vlm, [vlm.look(image) for image in images], range(LAYERS + 1), "tiny", names).states


def assert_near(found: torch.Tensor, expected: torch.Tensor) -> None:
    torch.testing.assert_close(found, expected, atol=TOLERANCE * expected.abs().max().item(), rtol=0)


@pytest.fixture(params=TEXT_CLASSES)
def family(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_batch_size_and_attention_implementation_change_nothing(family: str, tmp_path: Path) -> None:
    vlm = compose(tmp_path, family)
    together = states(vlm, 3)
    for number in range(3):
        for layer, alone in states(vlm, 1, number).items():
            assert_near(together[layer][number], alone[0])
    for implementation in ("eager", "sdpa")[: 1 if family in EAGER_ALONE else 2]:
        vlm.model.set_attn_implementation(implementation)
        assert vlm.language.decoder.config._attn_implementation == implementation
        for layer, values in states(vlm, 3).items():
            assert_near(values, together[layer])


def test_the_last_layer_gives_the_models_own_logits_at_the_vision_tokens(family: str, tmp_path: Path) -> None:
    """Also tied to the input embeddings, and with caps where the class knows them."""
    cap = {"final_logit_softcapping": 5.0} if family in ("gemma2", "gemma3_text") else {}
    vlm = compose(tmp_path, family, tie_word_embeddings=True, **cap)
    assert torch.equal(vlm.model.get_output_embeddings().weight, vlm.language.input_embeddings)
    looks = [vlm.look(image) for image in pictures(2)]
    prompt = vlm.prompt(looks)
    with torch.no_grad():
        own = vlm.model(**prompt.inputs).logits[:, prompt.vision].flatten(0, 1)
    captured = capture(vlm, looks, [LAYERS], "tiny", ["a", "b"])
    reading = read_logits(vlm.language, captured, (LAYERS,), 5)[LAYERS]
    torch.testing.assert_close(reading.logits, own.topk(5).values, atol=1e-3, rtol=0)


def test_layer_0_is_what_the_connector_made(family: str, tmp_path: Path) -> None:
    """Gemma's scaling is for text: embeddings that are given go into the first block as they are."""
    vlm = compose(tmp_path, family)
    prompt = vlm.prompt([vlm.look(pictures(1)[0])])
    given = prompt.inputs["inputs_embeds"][:, prompt.vision]
    torch.testing.assert_close(states(vlm, 1)[0], given, atol=1e-5, rtol=0)
    text = torch.tensor([vlm.language.tokenizer.encode("a red house")])
    scale = WIDTH**0.5 if family.startswith("gemma") else 1.0
    own = vlm.language.decoder.embed_tokens(text)
    torch.testing.assert_close(own, scale * vlm.language.input_embeddings[text], atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("other", OTHERS)
def test_any_other_class_is_read_where_its_logits_can_be_had(other: str, tmp_path: Path) -> None:
    vlm = compose(tmp_path, other)
    looks = [vlm.look(image) for image in pictures(2)]
    prompt = vlm.prompt(looks)
    with torch.no_grad():
        own = vlm.model(**prompt.inputs).logits[:, prompt.vision].flatten(0, 1)
    captured = capture(vlm, looks, range(LAYERS + 1), "tiny", ["a", "b"])
    reading = read_logits(vlm.language, captured, (LAYERS,), 5)[LAYERS]
    torch.testing.assert_close(reading.logits, own.topk(5).values, atol=1e-3, rtol=0)
    assert vlm.language.num_layers == LAYERS
    assert vlm.language.input_embeddings.shape == (len(vlm.language.tokenizer), WIDTH)
    assert captured.states[0].shape == (2, 16, WIDTH)
    ids = vlm.language.tokenizer.encode("a red house stands .")
    assert write_captions(vlm, prompt, 2)
    losses = [caption_losses(vlm, vlm.prompt(looks[:1]), [ids]), caption_losses(vlm, prompt, [ids, ids])]
    torch.testing.assert_close(losses[0][0], losses[1][0], atol=1e-3, rtol=0)


def test_a_scale_that_is_not_known_stops_the_run(tmp_path: Path) -> None:
    vlm = compose(tmp_path, "granite")
    type(vlm.model).__name__ = "SomebodysForCausalLM"
    try:
        with pytest.raises(InputError, match="final norm and head miss the model's own logits"):
            states(vlm, 1)
    finally:
        type(vlm.model).__name__ = "GraniteForCausalLM"


def test_half_precision_runs_whole(family: str, tmp_path: Path) -> None:
    vlm = compose(tmp_path, family, torch.bfloat16)
    assert {values.dtype for values in states(vlm, 2).values()} == {torch.bfloat16}


def test_one_folder_gives_an_encoder_for_each_size_of_canvas(tmp_path: Path) -> None:
    save_encoder(tmp_path)
    plan: Any = SimpleNamespace(study=SimpleNamespace(dtype="float32"))
    loader = Loader(plan, tmp_path / "results", SilentProgress())
    sizes = [loader._encoder(tmp_path, side).image_size for side in (56, 112, 56)]
    assert sizes == [56, 112, 56]
    assert loader._encoder(tmp_path, 56) is loader._encoder(tmp_path, 56)
