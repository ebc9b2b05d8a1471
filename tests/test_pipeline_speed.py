"""The benchmark of the pipeline at a tiny size: the way a GPU would go, and that what it counts is true."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from benchmarks.pipeline_speed import Bench, main
from benchmarks.random_models import SIZES, RandomModel
from data_pipeline.store import Results


def test_the_report_has_what_the_readme_states(capsys: pytest.CaptureFixture[str]) -> None:
    main(["--size", "tiny", "--rounds", "1", "--images", "2", "--dtype", "bfloat16", "--captions"])
    printed = capsys.readouterr().out
    for words in (
        "x both",
        "written beside",
        "captions and losses",
        "share of the matrix-product rate",
        "MiB",
    ):
        assert words in printed


def test_a_unit_writes_every_table_and_operations_are_counted(tmp_path: Path) -> None:
    bench = Bench(RandomModel(SIZES["tiny"], torch.device("cpu"), torch.float32, 2), tmp_path / "results")
    bench.whole()
    results = Results(tmp_path / "results")
    cells, layers = 16, 3
    assert results.read("cells").num_rows == 2 * cells * layers
    assert results.read("neighbors").num_rows == 2 * cells * layers * 3 * 5
    assert results.read("canvases").num_rows == 2
    index = bench.model.index
    assert len(index.contexts) == 3 * 24
    model, lenses = bench.operations()
    rows = 300 * 3 + 300 * 3 + len(index) * 3
    assert lenses == 2 * cells * 32 * rows
    block = 2 * 32 * 32 + 2 * 32 * 16 + 3 * 32 * 48 + 2 * 32
    seen = sum(
        p.numel() for part in (bench.unit.vlm.encoder, bench.unit.vlm.connector) for p in part.parameters()
    )
    assert model == 2 * (3 * block * (cells + 2) + seen * cells)  # the prefix, the cells, the suffix
