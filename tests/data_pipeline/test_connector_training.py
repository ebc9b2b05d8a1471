"""Trainings over a tiny study: what is learned, what stays, and that a killed one ends as an unbroken one."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock

import pyarrow.parquet as pq
import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM

from data_pipeline.connectors import Connector
from data_pipeline.errors import InputError
from data_pipeline.language_models import LanguageModel, load_causal_lm, load_tokenizer
from data_pipeline.models import ComposedVLM, load_vision_encoder
from data_pipeline.plan import make_plan
from data_pipeline.run import run_study
from data_pipeline.store import Results
from data_pipeline.study import Study, load_study
from data_pipeline.training.connector_training import train_study_model
from data_pipeline.training.images import TrainingImages, TrainingItem, batch_of
from data_pipeline.training.job import settings_of, training_job, vision_blocks
from data_pipeline.training.sequences import Example
from data_pipeline.training.settings import TrainingOptions
from data_pipeline.training.trainee import Trainee
from tests.data_pipeline.tiny_training import SHARED, write_tiny_training
from vlens.cli import main

ROOT = Path(__file__).parents[2]
CPU = torch.device("cpu")


class Recorder:
    """A progress that keeps what it is told."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.notes: list[str] = []

    def say(self, line: str) -> None:
        self.lines.append(line)

    def stage(self, title: str, total: int | None = None) -> Recorder:
        return self

    def __enter__(self) -> Recorder:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def advance(self, count: int = 1, note: str = "") -> None:
        self.notes.append(note)


def losses(folder: Path) -> list[dict[str, Any]]:
    """The log of a training, but for the clock."""
    rows = pq.read_table(folder / "losses.parquet").to_pylist()
    return [{name: value for name, value in row.items() if name != "seconds"} for row in rows]


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


@pytest.mark.slow
def test_a_training_killed_at_any_moment_ends_as_an_unbroken_one(tmp_path: Path) -> None:
    changes = 'steps = 30, checkpoint_every = 4, checkpoint_steps = [0], unfreeze = "llama"'
    study = load_study(write_tiny_training(tmp_path / "whole", changes=changes, llm="llama-trained"))
    whole = train_study_model(study, "changed").folder
    broken = write_tiny_training(tmp_path / "broken", changes=changes, llm="llama-trained")
    folder = broken.parent / "connectors/changed"
    process = subprocess.Popen(
        [sys.executable, "-m", "vlens", "train", str(broken), "--model", "changed"],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    deadline = time.monotonic() + 60
    while not (folder / "step-000008").is_dir():
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert not (folder / "model.safetensors").exists(), "killed too late to show anything"
    assert 0 < train_study_model(load_study(broken), "changed").made_now <= 22
    assert losses(folder) == losses(whole)
    for name in ("model.safetensors", "step-000000/model.safetensors", "step-000030/llm/model.safetensors"):
        assert (folder / name).read_bytes() == (whole / name).read_bytes()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_training_that_is_stopped_keeps_what_it_learned(
    tmp_path: Path, number: signal.Signals, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = train_study_model(load_study(write_tiny_training(tmp_path / "whole")), "plain").folder
    study = load_study(write_tiny_training(tmp_path / "stopped"))
    folder = tmp_path / "stopped/connectors/plain"

    class Stopping(Recorder):
        def advance(self, count: int = 1, note: str = "") -> None:
            super().advance(count, note)
            if len(self.notes) == 4:  # the beginning and three steps
                os.kill(os.getpid(), number)

    before = [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)]
    with pytest.raises(KeyboardInterrupt):
        train_study_model(study, "plain", progress=Stopping())
    assert [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)] == before
    assert (folder / "step-000004").is_dir() and not (folder / "model.safetensors").exists()
    assert train_study_model(study, "plain").made_now == 4
    assert losses(folder) == losses(whole)
    assert sorted(path.name for path in folder.iterdir()) == sorted(path.name for path in whole.iterdir())
    assert (folder / "model.safetensors").read_bytes() == (whole / "model.safetensors").read_bytes()


@pytest.mark.slow
def test_two_processes_compute_what_one_does(tmp_path: Path) -> None:
    study = load_study(write_tiny_training(tmp_path / "one", SHARED + "micro_batch = 2\n"))
    one = train_study_model(study, "plain").folder
    file = write_tiny_training(tmp_path / "two", SHARED + "micro_batch = 2\n")
    command = ["torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m", "vlens", "train"]
    subprocess.run(
        [sys.executable, "-m", *command, str(file), "--model", "plain", "--device", "cpu"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=True,
        timeout=120,
        capture_output=True,
    )
    two = file.parent / "connectors/plain"
    found, expected = ([row["loss"] for row in losses(folder)] for folder in (two, one))
    assert found == pytest.approx(expected, abs=1e-5)
    mine, theirs = (Connector.from_pretrained(folder).state_dict() for folder in (one, two))
    assert all(torch.allclose(mine[name], theirs[name], atol=1e-5) for name in mine)


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


def test_a_run_without_its_connector_says_what_makes_it(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"connectors/plain: no such folder, .*; vlens train makes it$"):
        make_plan(load_study(write_tiny_training(tmp_path)), 1, ablations=True)


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


def test_pictures_that_cannot_be_read_are_left_out_and_named(tmp_path: Path) -> None:
    file = write_tiny_training(tmp_path, SHARED.replace("steps = 8", "steps = 3"))
    (tmp_path / "pictures/3.png").write_bytes(b"no picture")
    progress = Recorder()
    train_study_model(load_study(file), "plain", progress=progress)
    told = [line for line in progress.lines if line.startswith("left out")]
    assert len(told) == 1 and "3.png" in told[0]


def test_pictures_without_captions_are_passed_over_aloud(tmp_path: Path) -> None:
    file = write_tiny_training(tmp_path, SHARED.replace("steps = 8", "steps = 3"))
    captions = tmp_path / "pictures/captions.csv"
    header, first, second, *others = captions.read_text().splitlines()
    empty = [f"{row.partition(',')[0]}," for row in others]
    captions.write_text("\n".join([header, first, second, *empty]))
    progress = Recorder()
    train_study_model(load_study(file), "plain", progress=progress)
    told = [line for line in progress.lines if "are passed over" in line]
    assert len(told) == 1
    assert "images without a caption" in told[0] and ", such as " in told[0]
    assert any("plain: learns from 10 images of" in line for line in progress.lines)


_IMAGES = 'images = { source = "folder", folder = "pictures" }\n\n\n[[llm]]'
_BLOCKS = 'vision_blocks = ["N", "N-1"]'


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("[training]", "[unused.training]", "unknown key 'unused'"),
        (_IMAGES, "[[llm]]", "key 'images' is missing, which says what the connector learns from"),
        (
            _IMAGES,
            _IMAGES.replace("folder =", "foldr ="),
            "unknown key 'foldr' in training, images; known: so",
        ),
        ('"connectors/plain"', '"toy:connectors/plain"', "toy:connectors/plain, which cannot be written"),
        ('"connectors/plain"', '"pictures"', "holds files that are not of a training; nothing was written"),
        (_BLOCKS, 'vision_blocks = ["N", "N-9"]', "are N, N-9, but the encoder has blocks 0 to 2"),
        (_BLOCKS, "", "are N-2, N-9, as in the published study, but the encoder has blocks 0 to 2"),
        (_BLOCKS, 'vision_blocks = ["last"]', "vision block 'last', expected a number"),
        ('"encoders/clip"', '"encoders/none"', "no such folder, expected a folder of weights"),
        (
            "steps = 8",
            "steps = 8\nsequence_length = 20",
            "tokens (sequence_length, or positions of the LLM), but image and prompt alone have 24",
        ),
        ("steps = 8", 'steps = 8\ntask = "top-bottom"', "each needs a named region near the top"),
        (
            "steps = 8",
            "steps = 8\ncheckpoint_steps = [9]",
            "checkpoint of step 9 is asked for, but the training",
        ),
        ("steps = 8", "steps = 0", "training, steps: Input should be greater"),
        ("steps = 8", "stepps = 8", "unknown key 'stepps' in training; known: task"),
        ("steps = 8", 'steps = 8\nunfreeze = "llama"', "'unfreeze' belongs to a model"),
        ("learning_rate = 0.01", "learning_rate = 1e30", "the loss of step 2 is"),
    ],
)
def test_what_a_user_can_get_wrong_is_one_sentence(tmp_path: Path, old: str, new: str, message: str) -> None:
    file = write_tiny_training(tmp_path)
    assert old in file.read_text()
    file.write_text(file.read_text().replace(old, new, 1))
    with pytest.raises(InputError) as caught:
        train_study_model(load_study(file), "plain")
    assert message in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ("nobody", "no model 'nobody', expected one of plain, changed$"),
        (
            "shelf",
            "'shelf': is an off-the-shelf model, which has no connector to train; expected one of plain",
        ),
    ],
)
def test_models_that_cannot_be_trained(
    trained: tuple[Study, Path, Recorder], model: str, message: str
) -> None:
    with pytest.raises(InputError, match=message):
        train_study_model(trained[0], model)


def test_pictures_without_captions_teach_nothing(tmp_path: Path) -> None:
    file = write_tiny_training(tmp_path)
    (tmp_path / "pictures/captions.csv").unlink()
    with pytest.raises(
        InputError, match=r"none of \d+ images can be used for task 'caption'; each needs a cap"
    ):
        train_study_model(load_study(file), "plain")
    assert not (tmp_path / "connectors").exists()


def test_a_study_without_training_says_what_is_missing(tmp_path: Path) -> None:
    file = write_tiny_training(tmp_path)
    text = file.read_text()
    start, end = text.index("[training]"), text.index("[[llm]]")
    file.write_text((text[:start] + text[end:]).replace("training = {  }", ""))
    with pytest.raises(InputError, match=r"expected a table \[training\] in the study, or a key 'training'"):
        train_study_model(load_study(file), "plain")


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is an accelerator")
def test_an_accelerator_that_is_not_there(trained: tuple[Study, Path, Recorder]) -> None:
    with pytest.raises(InputError, match="--device cuda: torch finds no CUDA device here"):
        train_study_model(trained[0], "plain", "cuda")


def test_the_published_study_s_recipe_is_what_is_not_said() -> None:
    """Section by section of its configuration; every pair and every ablation can be trained."""
    study = load_study("paper")
    trained = {model.id: settings_of(study, model) for model in study.model if model.connector}
    assert len(trained) == 18
    recipe = trained["olmo-clip"]
    assert (recipe.steps, recipe.batch_size, recipe.warmup_steps, recipe.llm_warmup_steps) == (
        12_000,
        8,
        200,
        2000,
    )
    assert (recipe.learning_rate, recipe.llm_learning_rate, recipe.final_rate) == (2e-4, 2e-5, 0.1)
    assert (recipe.betas, recipe.eps, recipe.weight_decay, recipe.clip_norm) == ((0.9, 0.95), 1e-6, 0.0, 1.0)
    assert (recipe.z_loss, recipe.response_dropout, recipe.length_hints) == (1e-4, 0.1, 0.9)
    assert (study.seed, recipe.seed, recipe.data_seed) == (6198, None, 95818)
    seeds = {name: (keys.seed, keys.data_seed) for name, keys in trained.items() if keys.seed}
    assert seeds == {"qwen2-clip": (10, 10), "olmo-clip-seed10": (10, 10), "olmo-clip-seed11": (11, 11)}
    changed = {name: keys for name, keys in trained.items() if keys != recipe}
    assert len(changed) == 1 + 9
    assert changed["olmo-clip-topbottom-unfreeze"].unfreeze == "olmo"


@pytest.mark.parametrize(
    ("family", "depth", "blocks"),
    [("clip", 24, (22, 15)), ("dinov2", 24, (23, 16)), ("siglip", 27, (26, 19))],
)
def test_the_published_study_s_encoder_blocks(family: str, depth: int, blocks: tuple[int, int]) -> None:
    vision = SimpleNamespace(num_hidden_layers=depth, model_type=family)
    assert vision_blocks(TrainingOptions(), vision) == blocks


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB.\nGPU 0 has …"),
        MemoryError(),
        RuntimeError("[enforce fail] DefaultCPUAllocator: not enough memory: you tried to allocate 9 bytes."),
        OSError(errno.ENOMEM, "Cannot allocate memory"),
    ],
)
def test_too_little_memory_for_a_pass_says_how_many_images_to_try(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    study = load_study(write_tiny_training(tmp_path, SHARED, "micro_batch = 1"))
    monkeypatch.setattr(Trainee, "loss", Mock(side_effect=error))
    with pytest.raises(
        InputError, match=r"passes of 4 images do not fit .* set micro_batch = 2, and the same"
    ):
        train_study_model(study, "plain")
    with pytest.raises(
        InputError, match=r"passes of 1 image do .* a smaller sequence_length, dtype = 'bfloat16'"
    ):
        train_study_model(study, "changed")


@pytest.mark.parametrize("part", ["load_causal_lm", "load_vision_encoder", "run_steps"])
def test_a_model_that_does_not_fit_is_not_told_of_micro_batch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    study = load_study(write_tiny_training(tmp_path))
    where = f"data_pipeline.training.connector_training.{part}"
    monkeypatch.setattr(where, Mock(side_effect=torch.OutOfMemoryError("CUDA out of memory")))
    with pytest.raises(InputError, match="'plain' does not fit into the memory of this machine") as caught:
        train_study_model(study, "plain", "cpu")
    assert "micro_batch" not in str(caught.value) and "dtype = 'bfloat16'" in str(caught.value)


def test_other_settings_do_not_go_on_with_a_training(
    trained: tuple[Study, Path, Recorder], tmp_path: Path
) -> None:
    file = write_tiny_training(tmp_path, SHARED.replace("0.01", "0.02"))
    shutil.copytree(trained[1], tmp_path / "connectors/plain")
    with pytest.raises(InputError, match=r"holds a training with learning_rate 0\.01, now it is 0\.02"):
        train_study_model(load_study(file), "plain")
