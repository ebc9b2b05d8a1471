"""The pieces of a training by themselves: rates, order, tasks, first weights, dropout, checkpoints."""

from __future__ import annotations

import errno
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from PIL import Image
from safetensors import SafetensorError
from torch import nn

from data_pipeline.connectors import ConnectorConfig
from data_pipeline.errors import InputError
from data_pipeline.image_sources import Region, SourceImage
from data_pipeline.image_tables import Columns, ImageTable
from data_pipeline.language_models import load_causal_lm
from data_pipeline.training import checkpoints
from data_pipeline.training.checkpoints import TrainingFolder
from data_pipeline.training.fresh_connectors import fresh_connector
from data_pipeline.training.image_order import ImageOrder
from data_pipeline.training.images import places_of
from data_pipeline.training.loss_log import LossLog
from data_pipeline.training.losses import answer_logits, answer_loss
from data_pipeline.training.optimizer import Optimizer, ParameterGroup
from data_pipeline.training.pace import duration
from data_pipeline.training.rates import Schedule
from data_pipeline.training.response_dropout import ResponseDropout
from data_pipeline.training.sequences import Example, Layout, Texts
from data_pipeline.training.settings import TrainingOptions
from data_pipeline.training.steps import DivergedError, run_steps
from data_pipeline.training.tasks import example_of, first_sentence
from tests.data_pipeline.tiny_models import save_llm

_RECORD = {"model": "m", "settings": {"learning_rate": 0.1, "micro_batch": 2}, "inputs": {"llm": "a"}}


def test_rates_rise_in_a_line_and_fall_along_a_cosine() -> None:
    schedule = Schedule(steps=12_000, learning_rate=2e-4, warmup_steps=200, final_share=0.1)
    assert schedule.rate(0) == pytest.approx(1e-6)
    assert schedule.rate(199) == schedule.rate(200) == pytest.approx(2e-4)
    assert schedule.rate(6100) == pytest.approx(1.1e-4)  # halfway between the rate and a tenth of it
    assert schedule.rate(11_999) == pytest.approx(2e-5, rel=1e-4)
    assert Schedule(10, 1.0, 0, 0.0).rate(0) == 1.0


def small_optimizer(rate: float = 0.1) -> tuple[nn.Linear, Optimizer]:
    torch.manual_seed(0)
    module = nn.Linear(3, 2)
    groups = [ParameterGroup(dict(module.named_parameters()), lambda step: rate / (step + 1), 0.0)]
    return module, Optimizer(groups, longest_gradient=1.0)


def descend(module: nn.Linear, optimizer: Optimizer, steps: range) -> list[float]:
    losses: list[float] = []

    def backward(step: int) -> float:
        generator = torch.Generator().manual_seed(step)
        loss = module(torch.randn(4, 3, generator=generator)).square().sum()
        loss.backward()
        return loss.item()

    run_steps(steps, optimizer, backward, lambda _step, loss: losses.append(loss))
    return losses


def test_an_optimizer_taken_up_again_goes_on_to_the_bit() -> None:
    whole = descend(*small_optimizer(), range(6))
    module, optimizer = small_optimizer()
    first = descend(module, optimizer, range(3))
    kept = {name: value.clone() for name, value in optimizer.tensors().items()}
    module, optimizer = small_optimizer()
    optimizer.load(kept, "here")
    assert first + descend(module, optimizer, range(3, 6)) == whole


def test_another_training_s_optimizer_is_refused() -> None:
    _, optimizer = small_optimizer()
    kept = {**optimizer.tensors(), "parameter bias": torch.zeros(7)}
    with pytest.raises(InputError, match="here: parameter bias is not as this training has it"):
        optimizer.load(kept, "here")


def test_groups_are_shortened_each_by_itself() -> None:
    one, other = nn.Parameter(torch.zeros(1)), nn.Parameter(torch.zeros(1))
    groups = [ParameterGroup({name: p}, lambda _: 0.1, 0.0) for name, p in (("one", one), ("other", other))]
    optimizer = Optimizer(groups, longest_gradient=1.0)
    one.grad, other.grad = torch.tensor([100.0]), torch.tensor([0.5])
    optimizer.step(0)
    assert one.grad.item() == pytest.approx(1.0, abs=1e-4)
    assert other.grad.item() == 0.5


@pytest.mark.parametrize("loss", [float("nan"), float("inf")])
def test_a_loss_that_is_no_number_stops_before_its_update(loss: float) -> None:
    module, optimizer = small_optimizer()
    before = module.weight.clone()
    with pytest.raises(DivergedError, match="the loss of step 3 is"):
        run_steps(range(2, 9), optimizer, lambda _: loss, lambda *_: None)
    assert torch.equal(module.weight, before)


def test_a_gradient_that_is_no_number_stops_before_its_update() -> None:
    module, optimizer = small_optimizer()
    before = module.weight.clone()

    def backward(_: int) -> float:
        (module.weight.sum() * float("nan")).backward()
        return 2.5

    with pytest.raises(DivergedError, match=r"step 1 is 2\.5 with a gradient that is not finite"):
        run_steps(range(3), optimizer, backward, lambda *_: None)
    assert torch.equal(module.weight, before)


def test_each_image_comes_once_in_a_round_and_rounds_differ() -> None:
    order = ImageOrder(20, seed=1)
    rounds = [[order.index(place) for place in range(start, start + 20)] for start in (0, 20)]
    assert [sorted(places) for places in rounds] == [list(range(20))] * 2
    assert rounds[0] != rounds[1] != list(range(20))
    assert [ImageOrder(20, seed=1).index(place) for place in (25, 3)] == [rounds[1][5], rounds[0][3]]
    assert [ImageOrder(20, seed=2).index(place) for place in range(20)] != rounds[0]


def test_rows_that_are_read_together_stay_together() -> None:
    order = ImageOrder(12, seed=0, together=[range(0, 4), range(4, 8), range(8, 12)])
    places = [order.index(place) for place in range(12)]
    assert sorted(places) == list(range(12)) != places
    assert all(len({index // 4 for index in places[start : start + 4]}) == 1 for start in (0, 4, 8))


def test_a_table_names_the_rows_of_its_groups(tmp_path: Path) -> None:
    table = pa.table({"image": [b""] * 7})
    for name in ("a", "b"):
        pq.write_table(table, tmp_path / f"{name}.parquet", row_group_size=4)
    source = ImageTable("t", sorted(tmp_path.glob("*.parquet")), Columns())
    assert source.read_together == [range(0, 4), range(4, 7), range(7, 11), range(11, 14)]


def test_a_step_s_images_are_shared_out_without_gaps() -> None:
    assert [places_of(2, 7, rank, 3) for rank in range(3)] == [range(14, 16), range(16, 18), range(18, 21)]


def picture(caption: str | None = None, regions: tuple[Region, ...] = ()) -> SourceImage:
    return SourceImage("i", Image.new("RGB", (50, 100)), "0" * 64, caption, regions=regions)


@pytest.mark.parametrize(
    ("caption", "first"),
    [
        ("A red cat sits here. It is big.", "A red cat sits here."),
        ("A cat. It sits on a wall. Rain.", "A cat. It sits on a wall."),
        ("A cat.", "A cat."),
        ("no stop at all", "no stop at all"),
        ("Wow. ", "Wow."),
    ],
)
def test_first_sentences_have_four_words_where_they_can(caption: str, first: str) -> None:
    assert first_sentence(caption) == first


def test_a_caption_s_length_is_told_before_the_colon() -> None:
    caption = "x" * 300
    always, never = TrainingOptions(length_hints=1.0), TrainingOptions(length_hints=0.0)
    examples = [example_of(picture(caption), always, str(key)) for key in range(50)]
    told = [
        int(str(item and item.suffix).removeprefix(" long_caption ").removesuffix(":")) for item in examples
    ]
    assert 18 <= sum(told) / len(told) <= 21  # 300 / 15 = 20, rounded down
    assert len(set(told)) > 3
    found = example_of(picture(caption), never, "0")
    assert found is not None and found.suffix is None and found.answer == caption
    assert example_of(picture("short"), TrainingOptions(length_hints=1.0, suffix="!"), "0").suffix is None  # type: ignore[union-attr]


def region(word: str, top: float, bottom: float) -> Region:
    return Region("object", (word,), (), (0.0, top, 10.0, bottom))


def test_top_or_bottom_asks_for_what_is_at_an_edge() -> None:
    options = TrainingOptions(task="top-bottom")
    regions = (region("bird", 0, 30), region("car", 80, 100), region("tree", 0, 100))
    found = {example_of(picture(regions=regions), options, str(key)) for key in range(30)}
    said = {(item.prompt, item.answer) for item in found if item}
    assert said == {
        (" Where is bird?", " bird is on the top of the image."),
        (" Where is car?", " car is on the bottom of the image."),
    }
    # Two of a kind count by their middle, which is the picture's here.
    assert example_of(picture(regions=(region("bird", 0, 10), region("bird", 90, 100))), options, "0") is None
    assert example_of(picture("a caption alone"), options, "0") is None


def test_a_question_is_given_and_its_answer_learned() -> None:
    options = TrainingOptions(task="question")
    asked = replace(picture("a caption"), question="Is it red? ", answer="yes")
    assert example_of(asked, options, "0") == Example(" Is it red?", " yes")
    assert options.text_after_image == ""
    assert example_of(replace(asked, answer=" "), options, "0") is None
    assert example_of(picture("a caption alone"), options, "0") is None


def test_first_weights_are_as_the_study_drew_them() -> None:
    config = ConnectorConfig("gated_mlp", 64, 80, 48, (1, 2), False, 1.0, "", "", True, True)
    connector = fresh_connector(config, seed=3)
    for weights in (connector.gate.weight, connector.up.weight, connector.down.weight):
        assert weights.std().item() == pytest.approx(0.02, rel=0.1)
    assert connector.marks.std().item() == pytest.approx(0.02, rel=0.3)
    assert not connector.padding.any()
    assert torch.equal(connector.gate.weight, fresh_connector(config, 3).gate.weight)
    assert not torch.equal(connector.gate.weight, fresh_connector(config, 4).gate.weight)
    linear = fresh_connector(ConnectorConfig("linear", 64, 48, 48, (1, 2), False, 1.0, "", ""), 3)
    assert linear.gate.weight.abs().max().item() == pytest.approx((6 / (64 + 48)) ** 0.5, rel=0.01)


@pytest.mark.parametrize("family", ["llama", "olmo2", "gemma2", "gemma3_text"])
def test_dropout_changes_answers_alone_and_keeps_their_mean(tmp_path: Path, family: str) -> None:
    llm = load_causal_lm(save_llm(tmp_path, family), torch.float32, torch.device("cpu"))
    states = torch.randn(1, 6, 32)
    positions = torch.tensor([[False, False, False, False, True, True]])
    plain = llm(inputs_embeds=states).logits
    with ResponseDropout(0.5, seed=1).applied(llm, positions):
        dropped = llm(inputs_embeds=states).logits
    assert torch.equal(plain[:, :4], dropped[:, :4])
    assert not torch.allclose(plain[:, 4], dropped[:, 4])
    assert torch.equal(llm(inputs_embeds=states).logits, plain)
    layer = llm.get_decoder().layers[0]
    module = layer.post_feedforward_layernorm if hasattr(layer, "post_feedforward_layernorm") else layer.mlp
    with ResponseDropout(0.5, seed=2).applied(llm, torch.ones(1, 4000, dtype=torch.bool)):
        same = module(torch.ones(1, 4000, 32))
    kept = same / module(torch.ones(1, 4000, 32))
    assert set(kept.round(decimals=3).unique().tolist()) == {0.0, 2.0}
    assert kept.mean().item() == pytest.approx(1.0, abs=0.02)


def save_checkpoint(folder: TrainingFolder, step: int) -> None:
    folder.save(
        step, lambda path: (path / "config.json").write_text("{}") and None, lambda: {"a": torch.ones(2)}
    )


def test_only_the_last_checkpoint_keeps_what_a_training_goes_on_from(tmp_path: Path) -> None:
    folder = TrainingFolder(tmp_path / "c")
    assert folder.claim(_RECORD) == 0
    save_checkpoint(folder, 5)
    (folder.path / "step-000009.partial").mkdir()  # killed while it was written
    assert folder.claim(_RECORD) == 5
    assert not (folder.path / "step-000009.partial").exists()
    save_checkpoint(folder, 10)
    assert folder.steps == [5, 10] and folder.claim(_RECORD) == 10
    assert not (folder.path / "step-000005/resume").exists()
    assert torch.equal(folder.optimizer_tensors(10)["a"], torch.ones(2))
    shutil.rmtree(folder.path / "step-000010")  # what is left cannot be gone on from, and is made again
    assert folder.claim(_RECORD) == 0
    save_checkpoint(folder, 5)
    assert folder.claim(_RECORD) == 5


@pytest.mark.parametrize(
    ("part", "change", "message"),
    [
        ("settings", {"learning_rate": 0.2}, r"a training with learning_rate 0\.1, now it is 0\.2"),
        ("inputs", {"llm": "b"}, "a training with other weights of the LLM than now"),
        ("settings", {"micro_batch": 1}, None),
    ],
)
def test_a_training_goes_on_with_its_own_settings_only(
    tmp_path: Path, part: str, change: dict[str, Any], message: str | None
) -> None:
    folder = TrainingFolder(tmp_path / "c")
    folder.claim(_RECORD)
    other = {**_RECORD, part: {**_RECORD[part], **change}}  # type: ignore[dict-item]
    if message is None:
        assert folder.claim(other) == 0
        return
    with pytest.raises(InputError, match=message):
        folder.claim(other)


def test_two_trainings_do_not_write_to_one_folder(tmp_path: Path) -> None:
    folder = TrainingFolder(tmp_path / "c")
    refused = pytest.raises(InputError, match="another vlens train is writing here")
    with folder.held(), refused, TrainingFolder(folder.path).held():
        pass
    with folder.held():  # as soon as the other has ended
        pass


def test_z_loss_is_the_squared_log_partition_of_what_is_learned(tmp_path: Path) -> None:
    llm = load_causal_lm(save_llm(tmp_path), torch.float32, torch.device("cpu"))
    texts = Texts(torch.tensor([[5, 6, 7], [8, 9, 2]]), torch.tensor([[-100, 6, 7], [-100, -100, 2]]))
    block, layout = torch.randn(2, 4, 32), Layout((1,), ())
    plain = answer_loss(llm, layout, block, texts)
    both = answer_loss(llm, layout, block, texts, with_partition=True)
    logits = answer_logits(llm, layout, block, texts.ids)
    rows = torch.stack([logits[0, 1], logits[0, 2], logits[1, 2]])
    assert both.tokens == plain.tokens == 3 and plain.squared_log_partition is None
    torch.testing.assert_close(both.cross_entropy, plain.cross_entropy)
    torch.testing.assert_close(both.mean, -rows.log_softmax(-1)[range(3), [6, 7, 2]].mean())
    assert both.squared_log_partition is not None
    torch.testing.assert_close(both.squared_log_partition, rows.exp().sum(-1).log().square().sum())


@pytest.mark.parametrize("name", ["notes.txt", "model.safetensors", "training.json"])
def test_a_folder_with_anything_else_in_it_is_not_touched(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text('{"seconds": 3}')
    with pytest.raises(InputError, match="name another folder"):
        TrainingFolder(tmp_path).claim(_RECORD)
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_full_disk_names_the_checkpoint_and_leaves_the_one_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = TrainingFolder(tmp_path / "c")
    folder.claim(_RECORD)
    save_checkpoint(folder, 5)

    def full(*_: object) -> None:
        raise SafetensorError("Error while serializing: I/O error: No space left on device (os error 28)")

    monkeypatch.setattr(checkpoints, "save_file", full)
    with pytest.raises(OSError, match="step-000010") as caught:
        save_checkpoint(folder, 10)
    assert caught.value.errno == errno.ENOSPC
    assert folder.claim(_RECORD) == 5
    assert sorted(path.name for path in folder.path.iterdir()) == ["step-000005", "training.json"]


def test_the_log_forgets_steps_that_are_made_again(tmp_path: Path) -> None:
    log = LossLog(tmp_path / "losses.parquet")
    for step in (1, 2, 3):
        log.add(step, 5.0 - step, 0.1, 4 * step, 1.5 * step)
    log.write()
    again = LossLog.upto(tmp_path, 2)
    assert [row["loss"] for row in again.rows] == [4.0, 3.0] and again.seconds == 3.0
    assert LossLog.upto(tmp_path / "new", 0).rows == []


def test_times_left_read_well() -> None:
    assert [duration(seconds) for seconds in (8, 59.4, 119, 3600 * 3 + 300)] == [
        "8 s",
        "59 s",
        "2 min",
        "3 h 05 min",
    ]
