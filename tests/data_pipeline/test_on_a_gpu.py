"""What only a GPU can show: that it finds what a CPU finds. Skipped where there is none."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import torch

from data_pipeline.batches import Batches
from data_pipeline.errors import InputError
from data_pipeline.loading import Loader
from data_pipeline.measure import Unit
from data_pipeline.plan import make_plan
from data_pipeline.progress import SilentProgress
from data_pipeline.schema import LENSES, TABLES
from data_pipeline.study import load_study
from data_pipeline.text_index.search import search
from data_pipeline.unit_vectors import unit_rows
from tests.data_pipeline.test_text_index_search import crowd, stored
from tests.data_pipeline.tiny_vlm_study import write_tiny_vlm_study

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
GPU, CPU = torch.device("cuda"), torch.device("cpu")


@pytest.mark.parametrize("group_size", [1, 8, 40])
def test_the_search_finds_the_same_rows(group_size: int, tmp_path: Path) -> None:
    index = stored(tmp_path, {layer: crowd(20_000, 512, 1.0, layer, massive=50) for layer in (1, 2)})
    queries = unit_rows(crowd(1000, 512, 1.0, 3, massive=50))
    groups = np.arange(20_000) // group_size
    on_cpu, on_gpu = (search(index.layers, groups, queries.to(device), 5) for device in (CPU, GPU))
    assert np.array_equal(on_cpu.contexts, on_gpu.contexts)
    assert np.array_equal(on_cpu.layers, on_gpu.layers)
    assert np.array_equal(on_cpu.scores, on_gpu.scores)


@pytest.mark.parametrize("number", [0, 1], ids=["composed", "off the shelf"])
def test_a_unit_gives_the_same_rows(number: int, tmp_path: Path) -> None:
    study = load_study(write_tiny_vlm_study(tmp_path / "study"))
    names = [*LENSES, "cells", "samples"]
    found = []
    for device in (CPU, GPU):
        plan = make_plan(study, 2, ablations=False)
        loader = Loader(plan, tmp_path / device.type, SilentProgress())
        loader.device = device
        unit = Unit.of(loader, plan.models[number], names)
        found.append({name: rows() for name, rows in unit.tables(plan.shards[0]).items()})
    for name in names:
        compare(*(tables[name] for tables in found), name)


def compare(one: pa.Table, other: pa.Table, name: str) -> None:
    """Numbers to rounding; tokens but for a few that rounding lets change places."""
    key = [(column, "ascending") for column in TABLES.get(name, TABLES["neighbors"]).key]
    one, other = one.sort_by(key), other.sort_by(key)
    assert one.num_rows == other.num_rows > 0
    for column in one.column_names:
        if pa.types.is_floating(one.schema.field(column).type):
            expected, found = (table[column].to_numpy().astype(float) for table in (one, other))
            np.testing.assert_allclose(found, expected, atol=2e-3, rtol=1e-3, err_msg=f"{name}.{column}")
        elif column == "token_id":
            assert np.mean(one[column].to_numpy() == other[column].to_numpy()) > 0.98, name


def test_a_lack_of_memory_is_known_and_gone_with_the_batch() -> None:
    device_bytes = torch.cuda.get_device_properties(GPU).total_memory
    batches = Batches("model m", "image", 4, GPU, torch.bfloat16, SilentProgress())

    def take(batch: range) -> int:
        torch.empty(device_bytes * 2 // 5 * len(batch), dtype=torch.uint8, device=GPU)
        return len(batch)

    assert list(batches.over(5, take)) in ([2, 2, 1], [1] * 5)
    with pytest.raises(InputError, match=r"model m: one image does not fit into the memory of cuda.* GiB\)"):
        list(batches.over(1, lambda batch: take(range(3))))
