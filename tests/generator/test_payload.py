"""Pages by Python, read back by the viewer's own decoder in Node; see `tests/js/payload.test.js`."""

from __future__ import annotations

import os
import re
import subprocess
import zlib
from pathlib import Path

import numpy as np
import pytest

from data_pipeline.errors import InputError
from generator.columns import Block, fold_sign
from generator.readings import Frame
from tests.generator import tiny_study as tiny
from tests.generator.payload_fixture import write_fixture
from tests.generator.test_printable import decoded
from tests.test_javascript import node

ROOT = Path(__file__).parents[2]


def test_the_decoder_gives_back_what_was_written(tmp_path: Path) -> None:
    write_fixture(tmp_path)
    done = subprocess.run(
        [node(), "--test", "--test-reporter=tap", "tests/js/payload.test.js"],
        cwd=ROOT,
        env={**os.environ, "VLENS_PAYLOAD_FIXTURE": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    passed = re.search(r"^# pass (\d+)$", done.stdout, re.MULTILINE)
    assert passed
    assert int(passed[1]) > len(tiny.MODELS)
    assert re.search(r"^# skipped 0$", done.stdout, re.MULTILINE)


def test_signs_are_folded_into_whole_numbers() -> None:
    assert fold_sign(np.array([0, -1, 1, -2, 2])).tolist() == [0, 1, 2, 3, 4]


def test_a_number_that_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="32 bits"):
        Block().add("big", np.array([1 << 32]))


def test_repetition_costs_next_to_nothing() -> None:
    block = Block()
    block.add("zeros", np.zeros(100_000, np.int64))
    assert len(block.text()) < 400


FRAME = Frame("m", ("a",), ((2, 3),), (0, 4), (1,))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"cell": 6}, "cell 6 of image 'a' is outside its grid of 2 × 3 cells"),
        ({"cell": -1}, "cell -1"),
        ({"vision_layer": 3}, "vision layer 3 has results but no place in the model's layers"),
        ({"image_id": "b"}, "image 'b' has results but no sample"),
    ],
)
def test_rows_that_contradict_the_model_are_refused(change: dict[str, object], message: str) -> None:
    row = {"image_id": "a", "vision_layer": 4, "cell": 5} | change
    table = tiny._table("cells", [{**row, "model_id": "m", "norm": 1.0}])
    with pytest.raises(InputError, match=re.escape(message)):
        FRAME.place(table)


def test_a_block_is_one_zlib_stream() -> None:
    """Browsers take no other: a header, a checksum of the whole, and nothing after it."""
    block = Block()
    block.add_texts("texts", ["a\x00b", "", "🦊"])
    decompressor = zlib.decompressobj()
    plain = decompressor.decompress(decoded(block.text()))
    assert decompressor.eof and not decompressor.unused_data
    assert plain.endswith(b"a\x00b" + b"\xff" + b"\xff" + "🦊".encode() + b"\xff")
