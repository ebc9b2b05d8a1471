"""A search keeps to its budget of memory, over an index that is larger than it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from tests.data_pipeline.test_text_index_search import crowd, stored

_BUDGET = 64 << 20
_SEARCH = """
import re, sys
from pathlib import Path
import torch
from data_pipeline.text_index.index import TextIndex
from data_pipeline.unit_vectors import unit_rows

def peak():
    return int(re.search(r"VmHWM:\\s*(\\d+) kB", Path("/proc/self/status").read_text())[1]) * 1024

torch.set_num_threads(1)
index = TextIndex.load(Path(sys.argv[1]), whole=False)
queries = torch.randn(400, 2048, generator=torch.Generator().manual_seed(0))
index.search(queries[:2], 3, memory=1 << 20)  # libraries set themselves up
before = peak()
found = index.search(queries, 3, memory=int(sys.argv[2]))
print(peak() - before, found.contexts.sum(), found.scores.sum())
"""


def search_apart(folder: Path, memory: int) -> tuple[int, str]:
    """Bytes that a search has added at most, and what tells its result from another's."""
    command = [sys.executable, "-c", _SEARCH, str(folder), str(memory)]
    root = Path(__file__).parents[2]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(root)}
    done = subprocess.run(
        command, cwd=root, env=environment, capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stderr
    added, result = done.stdout.split(maxsplit=1)
    return int(added), result


@pytest.mark.skipif(not Path("/proc/self/status").is_file(), reason="peaks of memory are read from /proc")
def test_a_search_keeps_to_its_budget(tmp_path: Path) -> None:
    rows = crowd(4200, 2048, 0.3)
    index = stored(tmp_path, {layer: torch.roll(rows, layer, dims=1) for layer in range(1, 9)})
    size = sum(file.stat().st_size for file in index.folder.glob("*.safetensors"))
    assert size > _BUDGET
    small, result = search_apart(tmp_path, _BUDGET)
    assert small < _BUDGET
    large, same = search_apart(tmp_path, 1 << 30)
    assert result == same
    assert large > 1.2 * small, "else the budget has changed nothing"
