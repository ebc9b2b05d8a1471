"""A search keeps to its budget of memory, over an index that is larger than it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from data_pipeline.errors import InputError
from data_pipeline.text_index.background import bytes_of_background
from data_pipeline.text_index.search import least_memory
from tests.data_pipeline.test_text_index_search import crowd, stored

_BUDGET = 24 << 20
_WIDTH = 512
_SEARCH = f"""
import re, sys
from pathlib import Path
import torch
from data_pipeline.text_index.index import TextIndex

def kept(name):
    return int(re.search(name + r":\\s*(\\d+) kB", Path("/proc/self/status").read_text())[1]) * 1024

torch.set_num_threads(1)
index = TextIndex.load(Path(sys.argv[1]), whole=False)
queries = torch.randn(200, {_WIDTH}, generator=torch.Generator().manual_seed(0))
index.search(queries[:2], 3, memory={_BUDGET})  # libraries set themselves up
for memory in ({_BUDGET}, 1 << 30):
    Path("/proc/self/clear_refs").write_text("5")  # the peak is what is there now
    before = kept("VmRSS")
    found = index.search(queries, 3, memory=memory)
    print(kept("VmHWM") - before, found.contexts.sum(), found.scores.sum())
"""


@pytest.mark.skipif(
    not os.access("/proc/self/clear_refs", os.W_OK), reason="peaks of memory are set and read in /proc"
)
def test_a_search_keeps_to_its_budget(tmp_path: Path) -> None:
    rows = crowd(16_000, _WIDTH, 1.0)
    index = stored(tmp_path, {layer: rows.roll(layer, dims=1) for layer in range(1, 5)})
    size = sum(file.stat().st_size for file in index.folder.glob("*.safetensors"))
    assert size > 1.2 * _BUDGET
    root = Path(__file__).parents[2]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(root)}
    environment["MALLOC_MMAP_THRESHOLD_"] = "65536"  # freed memory goes back, and is seen if taken again
    command = [sys.executable, "-c", _SEARCH, str(tmp_path)]
    done = subprocess.run(
        command, cwd=root, env=environment, capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stderr
    (small, result), (more, same) = (line.split(maxsplit=1) for line in done.stdout.splitlines())
    assert int(small) < _BUDGET
    assert result == same
    assert int(more) > 2 * int(small), "else the budget has changed nothing"


def test_a_budget_that_cannot_be_kept_is_refused_with_the_least(tmp_path: Path) -> None:
    index = stored(tmp_path, {1: crowd(600, 64, 1.0)})
    queries = torch.ones(70, 64)
    least, ranked = least_memory(70, 64), bytes_of_background(600, 64)
    assert least < ranked
    index.search(queries, 3, memory=least)
    index.search(queries, 3, memory=ranked, rank_by="percentile")
    with pytest.raises(InputError, match=r"^a budget of 0 bytes of memory: a search .* takes at least 3MB$"):
        index.search(queries, 3, memory=0)
    with pytest.raises(InputError, match=r"takes at least 13MB$"):
        index.search(queries, 3, memory=least, rank_by="cosine")
