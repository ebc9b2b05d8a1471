"""The toy trainings run, lower their losses, and pick up where they stopped."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from PIL import Image
from transformers import AutoModelForCausalLM, AutoProcessor, AutoTokenizer, LlavaForConditionalGeneration

from data_pipeline.connectors import Connector
from data_pipeline.encoders import VisionEncoder
from data_pipeline.toy.connector_models import connector_models, train_connector
from data_pipeline.toy.language_models import build_language_model, train_language_model
from data_pipeline.toy.schedule import Schedule, Trainer
from data_pipeline.toy.tokenizer import build_tokenizer
from data_pipeline.toy.train import artefacts, train
from data_pipeline.training.losses import answer_loss
from data_pipeline.training.sequences import Example, ImageTextBatch, Layout, texts_of
from data_pipeline.training.trainee import Trainee

_WANTED = ("connectors/olmo-clip", "connectors/olmo-clip-topbottom-unfreeze", "vlms/llava")


@pytest.fixture(scope="module")
def quick(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("toy")
    train(folder / "weights", only=_WANTED, jobs=1, quick=True, cache_dir=folder / "pictures")
    return folder


def test_a_language_model_learns() -> None:
    tokenizer, trainer = build_tokenizer(), Trainer("olmo", log_every=3)
    model = build_language_model("olmo", tokenizer, seed=0)
    train_language_model(model, tokenizer, Schedule(9, 3e-3, 0.1, 0), trainer, scenes=20)
    assert trainer.record is not None
    assert trainer.record.first_loss - trainer.record.final_loss > 0.4


def test_what_is_wanted_and_what_it_needs_is_made(quick: Path) -> None:
    weights = quick / "weights"
    made = {str(path.parent.relative_to(weights)) for path in weights.rglob("training.json")} - {"."}
    assert made == {*_WANTED, "llms/olmo", "llms/llama", "encoders/clip"}
    assert not [path for path in weights.rglob("*") if path.suffix in (".bin", ".pt", ".pkl")]


def test_finished_artefacts_are_not_made_again(quick: Path) -> None:
    weights = quick / "weights"
    before = {path: path.stat().st_mtime_ns for path in weights.rglob("model.safetensors")}
    (weights / "connectors/olmo-clip/training.json").unlink()
    records = train(weights, only=_WANTED, jobs=1, quick=True, cache_dir=quick / "pictures")
    changed = {path.parent.name for path, time in before.items() if path.stat().st_mtime_ns != time}
    assert changed == {"olmo-clip"}
    assert set(records["connectors/olmo-clip"]["tune_losses"]) == {"image", "shuffled", "none", "scenes"}


def test_unfreezing_moves_the_blocks_but_neither_embeddings_nor_head(quick: Path) -> None:
    folder = quick / "weights/llms"
    one, other = (
        AutoModelForCausalLM.from_pretrained(folder / name)
        for name in ("olmo", "olmo-clip-topbottom-unfreeze")
    )
    assert torch.equal(one.get_input_embeddings().weight, other.get_input_embeddings().weight)
    assert torch.equal(one.get_output_embeddings().weight, other.get_output_embeddings().weight)
    assert not torch.equal(one.model.layers[0].mlp.up_proj.weight, other.model.layers[0].mlp.up_proj.weight)


def test_the_llava_folder_loads_and_captions_with_the_library_alone(quick: Path) -> None:
    folder = quick / "weights/vlms/llava"
    model, processor = (
        LlavaForConditionalGeneration.from_pretrained(folder),
        AutoProcessor.from_pretrained(folder),
    )
    inputs = processor(images=Image.new("RGB", (448, 448)), text="<image>:", return_tensors="pt")
    assert inputs["input_ids"].shape == (1, 1 + 64 + 1)
    assert inputs["pixel_values"].shape == (1, 3, 224, 224)
    inputs["pixel_values"] = inputs["pixel_values"].to(model.dtype)
    assert model.generate(**inputs, max_new_tokens=3, do_sample=False).shape[1] > 66


def test_the_llava_prompt_has_one_begin_token_and_one_placeholder(quick: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(quick / "weights/vlms/llava")
    turn = {"role": "user", "content": [{"type": "image"}, {"type": "text", "text": "What is this?"}]}
    text = tokenizer.apply_chat_template([turn], tokenize=False)
    assert tokenizer.convert_ids_to_tokens(tokenizer(text)["input_ids"]) == ["<s>", "<image>", ":"]


def test_an_unknown_artefact_is_refused_with_the_known_ones_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"llms/gpt.*llms/llama"):
        train(tmp_path, only=["llms/gpt"])


def test_needs_come_before_what_needs_them() -> None:
    seen: set[str] = set()
    for artefact in artefacts().values():
        assert set(artefact.needs) <= seen
        seen.add(artefact.name)


def test_there_are_nine_pairs_and_nine_ablations() -> None:
    ids = [model.model_id for model in connector_models()]
    assert len(ids) == len(set(ids)) == 18
    assert sum(model_id.count("-") == 1 for model_id in ids) == 9


def test_connector_training_learns_the_answer_and_leaves_the_model_alone(quick: Path) -> None:
    weights = quick / "weights"
    tokenizer = build_tokenizer()
    llm = AutoModelForCausalLM.from_pretrained(weights / "llms/olmo", dtype=torch.float32)
    before = {name: value.clone() for name, value in llm.state_dict().items()}
    encoder = VisionEncoder.from_pretrained(weights / "encoders/clip")
    connector = Connector.from_pretrained(weights / "connectors/olmo-clip").train()
    batch = ImageTextBatch(torch.randn(4, 3, 224, 224), (Example("", "a red cat ."),) * 4)
    trainer = Trainer("connector", log_every=3)
    trainee = Trainee(llm, tokenizer, encoder, connector)
    train_connector(trainee, iter([batch] * 12), Schedule(12, 1e-2, 0.0, 0), trainer)
    assert trainer.record is not None and trainer.record.final_loss < trainer.record.first_loss
    assert all(torch.equal(before[name], value) for name, value in llm.state_dict().items())


def test_only_the_answer_counts(quick: Path) -> None:
    tokenizer = build_tokenizer()
    llm = AutoModelForCausalLM.from_pretrained(quick / "weights/llms/olmo", dtype=torch.float32).eval()
    connector = Connector.from_pretrained(quick / "weights/connectors/olmo-clip")
    layout = Layout.of(connector, tokenizer)
    tokens = torch.randn(1, 64, 112)
    example = Example("where is the red one ?", "top")
    texts = texts_of(tokenizer, layout, (example,))
    found = answer_loss(llm, layout, tokens, texts).mean.item()
    ids = tokenizer.encode(": where is the red one ? top </s>", add_special_tokens=False)
    embed = llm.get_input_embeddings()
    whole = torch.cat(
        [embed(torch.tensor([[tokenizer.bos_token_id]])), tokens, embed(torch.tensor([ids]))], 1
    )
    logits = llm(inputs_embeds=whole).logits[0, -3:-1].log_softmax(-1)
    expected = -(logits[0, ids[-2]] + logits[1, ids[-1]]).item() / 2
    assert found == pytest.approx(expected, abs=1e-4)
