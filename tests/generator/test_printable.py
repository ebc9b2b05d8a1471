"""Bytes as text: nothing that HTML or a script's string would change, and every byte back in Node."""

from __future__ import annotations

import json
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from generator.printable import UNSAFE, printable
from tests.test_javascript import node

ROOT = Path(__file__).parents[2]
READ_BACK = """
import { readFileSync } from "node:fs";
import { bytesOf } from "#viewer/printable";
const texts = JSON.parse(readFileSync(0, "utf8"));
console.log(JSON.stringify(texts.map((text) => [...bytesOf(text)])));
"""


def decoded(text: str) -> bytes:
    """The bytes of a text, told from the description in `generator/printable.py` alone."""
    length, _, characters = text.partition(":")
    digits: list[int] = []
    for code in map(ord, characters):
        digits += [code] if code < 128 else [UNSAFE[(code - 160) // 128], (code - 160) % 128]
    bits = sum(digit << 7 * place for place, digit in enumerate(digits))
    return (bits & ((1 << 8 * int(length)) - 1)).to_bytes(int(length), "little")


@given(st.binary(max_size=300) | st.lists(st.sampled_from(UNSAFE), max_size=100).map(bytes))
def test_every_byte_comes_back(content: bytes) -> None:
    text = printable(content)
    assert decoded(text) == content
    assert not set(text.encode()) & set(UNSAFE)


def test_the_viewer_reads_it_back() -> None:
    random = np.random.default_rng(6198)
    contents = [b"", b"\0", b"\xff", bytes(range(256)) * 3, *map(bytes, range(1, 40))]
    contents += [random.integers(0, 256, size).astype(np.uint8).tobytes() for size in range(1, 60)]
    done = subprocess.run(
        [node(), "--input-type=module", "--eval", READ_BACK],
        input=json.dumps([printable(content) for content in contents]),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert [bytes(back) for back in json.loads(done.stdout)] == contents


def test_seven_bytes_take_eight() -> None:
    content = np.random.default_rng(1).integers(0, 256, 70_000).astype(np.uint8).tobytes()
    assert 80_000 <= len(printable(content).encode()) - len("70000:") <= 80_002


def test_a_script_element_holds_it_unchanged() -> None:
    class Reader(HTMLParser):
        text = ""

        def handle_data(self, data: str) -> None:
            self.text += data

    text = printable(bytes(range(256)) * 40)
    reader = Reader()
    reader.feed(f"<script>{text}</script>")
    assert reader.text == text
