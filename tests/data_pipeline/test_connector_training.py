"""Trainings over a tiny study: what is learned, what stays, and what a run makes of it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM

from data_pipeline.connectors import Connector
from data_pipeline.errors import InputError
from data_pipeline.language_models import LanguageModel, load_causal_lm, load_tokenizer
from data_pipeline.models import ComposedVLM, load_vision_encoder
from data_pipeline.run import run_study
from data_pipeline.store import Results
from data_pipeline.study import Study, load_study
from data_pipeline.training.connector_training import train_study_model
from data_pipeline.training.images import TrainingImages, TrainingItem, batch_of
from data_pipeline.training.job import training_job
from data_pipeline.training.sequences import Example
from data_pipeline.training.trainee import Trainee
from tests.data_pipeline.tiny_training import SHARED, Recorder, losses, write_tiny_training
from vlens.cli import main

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Study, Path, Recorder]:
    """The model `plain`, trained once without a stop; not to be changed."""
    study = load_study(write_tiny_training(tmp_path_factory.mktemp("trained")))
    progress = Recorder()
    folder = train_study_model(study, "plain", progress=progress).folder
    return study, folder, progress


def test_losses_fall_and_are_logged_with_rates_and_images(trained: tuple[Study, Path, Recorder]) -> None:
    rows = losses(trained[1])
    assert [row["step"] for row in rows] == list(range(1, 9))
    assert [row["images"] for row in rows] == list(range(4, 36, 4))
    assert rows[0]["learning_rate"] == 0.005 and rows[1]["learning_rate"] == rows[2]["learning_rate"] == 0.01
    assert sum(row["loss"] for row in rows[-3:]) < sum(row["loss"] for row in rows[:3]) - 0.5
    assert trained[2].notes[1].startswith(f"loss {rows[0]['loss']:.4f}, ")
    assert "images/s" in trained[2].notes[-1] and "left" in trained[2].notes[3]


def test_checkpoints_are_connectors_and_the_last_one_is_the_result(
    trained: tuple[Study, Path, Recorder],
) -> None:
    folder = trained[1]
    names = sorted(path.name for path in folder.iterdir())
    files = ["config.json", "losses.parquet", "model.safetensors"]
    assert names == [*files, "step-000003", "step-000006", "step-000008", "training.json"]
    last, first = (Connector.from_pretrained(folder / name) for name in ("step-000008", "step-000003"))
    assert torch.equal(last.marks, Connector.from_pretrained(folder).marks)
    assert not torch.equal(last.marks, first.marks) and not torch.equal(last.padding, first.padding)
    assert not [path for path in folder.rglob("*") if path.suffix in (".pt", ".bin", ".pkl", ".pth")]


def test_a_finished_training_is_not_made_again(trained: tuple[Study, Path, Recorder]) -> None:
    before = {path: path.stat().st_mtime_ns for path in trained[1].rglob("*.safetensors")}
    assert train_study_model(trained[0], "plain").made_now == 0
    assert {path: path.stat().st_mtime_ns for path in trained[1].rglob("*.safetensors")} == before


def test_a_finished_connector_without_its_checkpoints_is_not_trained_over(tmp_path: Path) -> None:
    study = load_study(write_tiny_training(tmp_path, SHARED.replace("steps = 8", "steps = 4")))
    folder = train_study_model(study, "plain").folder
    for step in folder.glob("step-*"):
        shutil.rmtree(step)
    weights, progress = (folder / "model.safetensors").stat().st_mtime_ns, Recorder()
    assert train_study_model(study, "plain", progress=progress).made_now == 0
    assert (folder / "model.safetensors").stat().st_mtime_ns == weights and not progress.notes
    assert progress.lines == [
        f"{folder}: is finished, but lacks step-000003 and 1 more; delete the folder to train anew, with "
        "these checkpoints"
    ]


def test_training_sees_what_a_run_sees(trained: tuple[Study, Path, Recorder]) -> None:
    """The sequence of a trained model's run, followed by a caption, has the loss that training computes."""
    study, folder, _ = trained
    job = training_job(study, "plain")
    language = LanguageModel(load_causal_lm(job.llm, torch.float32, CPU), load_tokenizer(job.llm))
    encoder = load_vision_encoder(job.encoder, job.image_size, torch.float32, CPU)
    connector = Connector.from_pretrained(folder)
    vlm = ComposedVLM(language.causal, language, encoder, connector, job.framing)
    images = TrainingImages(job.source, job.framing, job.settings, job.data_seed, say=print)
    canvas, shown = images.item(0), job.source[images.order.index(0)]
    caption = str(shown.caption)
    prompt = vlm.prompt([vlm.look(shown.pixels)])
    ids = torch.tensor([language.tokenizer.encode(f"{caption} </s>", add_special_tokens=False)])
    logits = vlm.model(**vlm.extend(prompt, ids)).logits[:, prompt.length - 1 : -1]
    expected = torch.nn.functional.cross_entropy(logits[0], ids[0]).item()
    trainee = Trainee(language.causal, language.tokenizer, encoder, connector)
    batch = batch_of(encoder, [TrainingItem(canvas.pixels, canvas.padding, Example("", caption))])
    assert trainee.loss(batch, trainee.texts(batch)).mean.item() == pytest.approx(expected, abs=1e-5)


def test_an_unfrozen_llm_moves_but_neither_embeddings_nor_head(tmp_path: Path) -> None:
    changes = 'unfreeze = "llama", kind = "linear", task = "first-sentence", steps = 2, llm_warmup_steps = 0'
    study = load_study(write_tiny_training(tmp_path, changes=changes, llm="llama-trained"))
    folder = train_study_model(study, "changed").folder
    before, after = (load_file(tmp_path / f"llms/{name}/model.safetensors") for name in ("llama", "trained"))
    assert before.keys() == after.keys()
    still = {name for name in before if torch.equal(before[name], after[name])}
    assert still == {"model.embed_tokens.weight", "lm_head.weight"}
    loaded = AutoModelForCausalLM.from_pretrained(folder / "step-000002/llm")
    assert torch.equal(loaded.lm_head.weight, before["lm_head.weight"])
    assert Connector.from_pretrained(folder).config.kind == "linear"
    assert train_study_model(study, "changed").made_now == 0
    shutil.rmtree(tmp_path / "llms/trained")
    assert train_study_model(study, "changed").made_now == 0
    assert load_file(tmp_path / "llms/trained/model.safetensors").keys() == after.keys()
    shutil.rmtree(tmp_path / "llms/trained")
    shutil.rmtree(folder / "step-000002")
    with pytest.raises(
        InputError, match=r"is finished, but the LLM .* is neither in .*llms/trained nor in a"
    ):
        train_study_model(study, "changed")


def test_half_precision_trains_single_precision_weights(tmp_path: Path) -> None:
    file = write_tiny_training(tmp_path, changes='unfreeze = "llama", steps = 2', llm="llama-trained")
    file.write_text(file.read_text().replace("seed = 5", 'seed = 5\ndtype = "bfloat16"'))
    folder = train_study_model(load_study(file), "changed").folder
    assert load_file(folder / "model.safetensors")["gate.weight"].dtype == torch.float32
    resumable = load_file(folder / "step-000002/resume/optimizer.safetensors")
    assert {value.dtype for value in resumable.values()} == {torch.float32}
    assert load_file(tmp_path / "llms/trained/model.safetensors")["lm_head.weight"].dtype == torch.bfloat16
    assert '"dtype": "bfloat16"' in (tmp_path / "llms/trained/config.json").read_text()


def test_a_step_in_small_passes_is_the_same_step(tmp_path: Path) -> None:
    without = SHARED + "response_dropout = 0\n"  # which is drawn for each pass
    whole, parts = (
        losses(train_study_model(load_study(write_tiny_training(tmp_path / name, text)), "plain").folder)
        for name, text in (("whole", without), ("parts", without + "micro_batch = 1\n"))
    )
    assert [row["loss"] for row in parts] == pytest.approx([row["loss"] for row in whole], abs=1e-4)


def test_steps_of_a_training_are_models_of_the_study(
    trained: tuple[Study, Path, Recorder], tmp_path: Path
) -> None:
    file = write_tiny_training(tmp_path)
    shutil.copytree(trained[1], tmp_path / "connectors/plain")
    text = file.read_text().split('[[model]]\nid = "changed"')[0]
    file.write_text(text.replace('"connectors/plain"\n', '"connectors/plain"\nsteps = [3, 6]\n'))
    run_study(load_study(file), tmp_path / "results", num_images=1)
    models = Results(tmp_path / "results").read("models").to_pylist()
    assert {(m["model_id"], m["title"], m["group"], m["baseline_model_id"]) for m in models} == {
        ("plain-step-3", "Llama + CLIP, step 3", "ablation", "plain"),
        ("plain-step-6", "Llama + CLIP, step 6", "ablation", "plain"),
        ("plain", "Llama + CLIP", "main", None),
    }


def test_steps_that_a_study_reads_are_kept(tmp_path: Path) -> None:
    file = write_tiny_training(tmp_path, SHARED.replace("steps = 8", "steps = 3"))
    file.write_text(file.read_text().replace('"connectors/plain"', '"connectors/plain"\nsteps = [0, 2]'))
    folder = train_study_model(load_study(file), "plain").folder
    assert sorted(path.name for path in folder.glob("step-*")) == [f"step-00000{step}" for step in (0, 2, 3)]


def test_the_command_trains_and_says_where(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = write_tiny_training(tmp_path, SHARED.replace("steps = 8", "steps = 2"))
    assert main(["train", str(file), "--model", "plain", "--device", "cpu"]) == 0
    said = capsys.readouterr().out
    assert "step 2: loss " in said
    assert f"Connector in {tmp_path}/connectors/plain after 2 steps (2 steps now)" in said
    assert main(["train", str(file), "--model", "nobody"]) == 2
    assert capsys.readouterr().err == f"vlens: {file}: no model 'nobody', expected one of plain, changed\n"


def test_other_settings_do_not_go_on_with_a_training(
    trained: tuple[Study, Path, Recorder], tmp_path: Path
) -> None:
    file = write_tiny_training(tmp_path, SHARED.replace("0.01", "0.02"))
    shutil.copytree(trained[1], tmp_path / "connectors/plain")
    with pytest.raises(InputError, match=r"holds a training with learning_rate 0\.01, now it is 0\.02"):
        train_study_model(load_study(file), "plain")
