"""The toy trainings run, lower their losses, and pick up where they stopped."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, AutoProcessor, AutoTokenizer, LlavaForConditionalGeneration

from data_pipeline.connectors import Connector
from data_pipeline.image_sources import ToyScenes
from data_pipeline.study import find_study, load_study
from data_pipeline.toy.kept_scenes import KeptScenes
from data_pipeline.toy.language_models import build_language_model, train_language_model
from data_pipeline.toy.schedule import Schedule, Trainer
from data_pipeline.toy.shipped_study import composed_models, toy_study, with_trainings
from data_pipeline.toy.tokenizer import build_tokenizer
from data_pipeline.toy.train import WEIGHTS, artefacts, train
from data_pipeline.training.checkpoints import read_record
from data_pipeline.training.job import training_job
from data_pipeline.training.losses import answer_loss
from data_pipeline.training.sequences import Example, Layout, texts_of
from vlens.cli import main

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
    found = {path.parent.relative_to(weights) for path in weights.rglob("training.json")}
    made = {str(path) for path in found if path.parts and path.parts[0] != "trainings"}
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
    ids = [model.id for model in composed_models(load_study("toy"))]
    assert len(ids) == len(set(ids)) == 18
    assert sum(model_id.count("-") == 1 for model_id in ids) == 9


def test_vlens_train_on_a_copy_of_the_study_makes_the_same_connector(quick: Path, tmp_path: Path) -> None:
    text = find_study("toy").read_text(encoding="utf-8")
    text = text.replace('"toy:connectors/olmo-clip"', '"mine"').replace("toy:", f"{quick}/weights/")
    text = text.replace("steps = 250\nbatch_size = 32", "steps = 6\nbatch_size = 4")
    (tmp_path / "mine.toml").write_text(text, encoding="utf-8")
    assert main(["train", str(tmp_path / "mine.toml"), "--model", "olmo-clip", "--device", "cpu"]) == 0
    shipped = quick / "weights/connectors/olmo-clip"
    theirs = quick / "weights/trainings/connectors/olmo-clip"
    for name in ("training.json", "config.json", "model.safetensors"):
        assert (tmp_path / "mine" / name).read_bytes() == (theirs / name).read_bytes(), name
    mine, kept = Connector.from_pretrained(tmp_path / "mine"), load_file(shipped / "model.safetensors")
    assert all(torch.equal(kept[name], value.half()) for name, value in mine.state_dict().items())


def test_shipped_connectors_were_trained_as_the_study_says() -> None:
    study = toy_study(WEIGHTS)
    for model in composed_models(study):
        record = read_record(WEIGHTS / "connectors" / model.id / "training.json")
        now = json.loads(
            json.dumps(training_job(with_trainings(study, model.id, WEIGHTS), model.id).record())
        )
        assert record["inputs"] == now["inputs"], model.id
        assert record["settings"].items() <= now["settings"].items(), model.id  # keys may be added


def test_kept_scenes_are_those_of_the_split() -> None:
    drawn = ToyScenes("train", 0)
    assert len(drawn) == 12_000 and drawn[0].pixels.size == (224, 224)
    kept = KeptScenes(0, np.stack([np.asarray(drawn[index].pixels) for index in range(2)]))
    assert len(kept) == len(drawn)
    for index in range(3):  # the third is drawn
        one, other = kept[index], drawn[index]
        assert (one.image_id, one.sha256, one.caption) == (other.image_id, other.sha256, other.caption)
        assert (one.question, one.answer) == (other.question, other.answer)


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
