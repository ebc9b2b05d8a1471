"""Memory that does not suffice: half as many at once, down to one, then one line that says so."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path

import pytest
import torch

from data_pipeline import measure
from data_pipeline.batches import Batches, fitting, is_shortage
from data_pipeline.corpus import Corpus
from data_pipeline.errors import InputError
from data_pipeline.language_models import load_causal_lm, load_tokenizer
from data_pipeline.loading import Loader
from data_pipeline.measure import Unit
from data_pipeline.plan import make_plan
from data_pipeline.progress import SilentProgress, Stage
from data_pipeline.run import run_study
from data_pipeline.schema import TABLES
from data_pipeline.study import load_study
from data_pipeline.text_index.index import TextIndex
from data_pipeline.text_index.settings import BuildSettings
from tests.data_pipeline.tiny_models import save_llm
from tests.data_pipeline.tiny_vlm_study import write_tiny_vlm_study

CPU = torch.device("cpu")
LACKS = [
    torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"),
    RuntimeError("[enforce fail at alloc_cpu.cpp:127] DefaultCPUAllocator: can't allocate memory"),
    RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
    RuntimeError("unable to mmap 1119048 bytes from file: Cannot allocate memory (12)"),
    OSError(12, "Cannot allocate memory"),
    MemoryError(),
]


class Listener(SilentProgress):
    """Keeps what is said."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def say(self, line: str) -> None:
        self.said.append(line)

    @contextmanager
    def stage(self, title: str, total: int | None = None) -> Iterator[Stage]:
        with super().stage(title, total) as stage:
            yield stage


def batches(most: int, progress: Listener | None = None) -> Batches:
    return Batches("model m", "image", most, CPU, torch.float32, progress or Listener())


def at_most(fits: int, error: BaseException, tried: list[range]):
    def work(batch: range) -> list[int]:
        tried.append(batch)
        if len(batch) > fits:
            raise error
        return list(batch)

    return work


@pytest.mark.parametrize("error", LACKS)
@pytest.mark.parametrize(("fits", "then"), [(8, 8), (5, 4), (3, 2), (1, 1)])
def test_smaller_batches_cover_the_same_things(error: BaseException, fits: int, then: int) -> None:
    listener, tried = Listener(), []
    plenty = batches(8, listener)
    assert list(chain(*plenty.over(21, at_most(fits, error, tried)))) == list(range(21))
    assert plenty.most == then
    note = f"model m: 8 images at once do not fit into the memory of this machine; going on with {then}"
    assert listener.said == ([] if then == 8 else [note])
    tried.clear()
    assert list(chain(*plenty.over(8, at_most(fits, error, tried)))) == list(range(8))
    assert max(map(len, tried)) == then  # what did not fit is not tried again


def test_batches_can_be_shorter_for_other_reasons() -> None:
    tried: list[range] = []
    pairs = batches(8).over(6, at_most(2, LACKS[0], tried), lambda batch: range(batch.start, batch.start + 2))
    assert list(pairs) == [[0, 1], [2, 3], [4, 5]]
    assert tried == [range(0, 2), range(2, 4), range(4, 6)]


def test_one_that_does_not_fit_is_one_line() -> None:
    done: list[list[int]] = []
    with pytest.raises(InputError) as caught:
        done.extend(batches(4).over(3, at_most(0, LACKS[0], [])))
    assert done == []
    assert str(caught.value) == (
        "model m: one image does not fit into the memory of this machine; what would help: dtype = "
        "'bfloat16', fewer layers, a device with more memory (--dry-run says how much it takes)"
    )


def test_other_errors_are_not_a_lack_of_memory() -> None:
    with pytest.raises(RuntimeError, match="shapes"):
        list(batches(4).over(4, at_most(0, RuntimeError("shapes do not match"), [])))
    with pytest.raises(OSError, match="disk"), fitting("x", CPU, torch.float32):
        raise OSError(28, "the disk is full")
    with pytest.raises(ValueError, match="odd"), fitting("x", CPU, torch.float32):
        raise ValueError("odd")


def test_the_allocators_own_error_is_known() -> None:
    with pytest.raises(RuntimeError) as caught:
        torch.empty(1 << 58)
    assert is_shortage(caught.value)
    with (
        pytest.raises(InputError, match="the model itself does not fit"),
        fitting("model m: the model itself", CPU, torch.bfloat16),
    ):
        torch.empty(1 << 58)


@pytest.fixture(scope="module")
def study_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_vlm_study(tmp_path_factory.mktemp("study"))


def test_a_unit_that_does_not_fit_at_once_gives_the_same_rows(
    study_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = load_study(study_file).model_copy(update={"images_per_part": 5})
    plan, listener, sizes = make_plan(study, 5, ablations=False), Listener(), []
    names = ["embedding", "logit", "contextual", "cells", "samples", "canvases"]
    whole = Unit.of(Loader(plan, tmp_path, SilentProgress()), plan.models[0], names).tables(plan.shards[0])
    capture = measure.capture

    def small_memory(vlm, looks, *rest):
        sizes.append(len(looks))
        if len(looks) > 2:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return capture(vlm, looks, *rest)

    monkeypatch.setattr(measure, "capture", small_memory)
    loader = Loader(plan, tmp_path, listener)
    pieces = Unit.of(loader, plan.models[0], names).tables(plan.shards[0])
    assert sizes == [5, 2, 2, 1]
    assert Unit.of(loader, plan.models[0], names).batches.most == 2
    assert listener.said == [
        "model llama-clip: 5 images at once do not fit into the memory of this machine; going on with 2"
    ]
    for name in names:
        table = TABLES.get(name, TABLES["neighbors"])
        key = [(column, "ascending") for column in table.key]
        one, other = whole[name]().sort_by(key), pieces[name]().sort_by(key)
        assert one.column_names == other.column_names
        for column in one.column_names:
            for a, b in zip(one[column].to_pylist(), other[column].to_pylist(), strict=True):
                assert a == (pytest.approx(b, abs=1e-4) if isinstance(b, float) else b), (name, column)


def test_a_run_that_lacks_memory_anywhere_is_one_line(
    study_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def too_large(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr("data_pipeline.text_index.codes.unit_rows", too_large)
    with pytest.raises(InputError, match=r"^text index of llama: it does not fit into the memory of this"):
        run_study(load_study(study_file), tmp_path / "results", 1)
    monkeypatch.undo()
    monkeypatch.setattr("data_pipeline.run.context_rows", too_large)
    with pytest.raises(
        InputError, match=r"^study tiny: what comes next does not fit into the memory of this"
    ):
        run_study(load_study(study_file), tmp_path / "results", 1)


@pytest.mark.parametrize(
    "loading", ["load_causal_lm", "VisionEncoder.from_pretrained", "Connector.from_pretrained"]
)
def test_a_model_that_does_not_fit_is_one_line(
    study_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, loading: str
) -> None:
    def too_large(*_: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 500.00 MiB")

    module = "loading" if loading == "load_causal_lm" else "models"
    monkeypatch.setattr(f"data_pipeline.{module}.{loading}", too_large)
    plan = make_plan(load_study(study_file), 1, ablations=False)
    with pytest.raises(InputError, match=r"^model llama-clip: the model itself does not fit into the memory"):
        Loader(plan, tmp_path, SilentProgress()).vlm(plan.models[0])


def test_a_text_index_is_the_same_in_smaller_batches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_llm(tmp_path)
    llm, tokenizer = load_causal_lm(tmp_path, torch.float32, CPU), load_tokenizer(tmp_path)
    corpus = Corpus.of("test", ["a red house", "a cat sits beside a tree", "the sun", "two boats and a duck"])
    listener = Listener()
    how = llm, tokenizer, corpus, BuildSettings([1, 3], "llama", ""), listener
    whole = TextIndex.build(tmp_path / "whole", *how)
    forward = llm.get_decoder().forward

    def small_memory(*args, **named):
        if len(named["input_ids"]) > 1:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return forward(*args, **named)

    monkeypatch.setattr(llm.get_decoder(), "forward", small_memory)
    pieces = TextIndex.build(tmp_path / "pieces", *how)
    for layer in (1, 3):
        torch.testing.assert_close(pieces.vectors(layer), whole.vectors(layer), atol=2e-3, rtol=0)
    assert pieces.contexts == whole.contexts
    assert listener.said == [
        "text index of llama: 4 texts at once do not fit into the memory of this machine; going on with 1"
    ]
