"""The viewer's bzip2 against Python's: what one packs, the other unpacks."""

from __future__ import annotations

import base64
import bz2
import json
import subprocess
from pathlib import Path

import numpy as np

from tests.test_javascript import node

ROOT = Path(__file__).parents[2]
UNPACK = """
import { readFileSync } from "node:fs";
import { unpacked } from "#viewer/bzip2";
for (const [packed, length] of JSON.parse(readFileSync(0, "utf8"))) {
  console.log(Buffer.from(unpacked(Buffer.from(packed, "base64"), length)).toString("base64"));
}
"""


def test_whatever_was_packed_comes_back() -> None:
    random = np.random.default_rng(6198)
    words = [bytes(random.integers(97, 123, size).astype(np.uint8)) for size in random.integers(1, 9, 300)]
    contents = [
        b"a",
        b"aaaa",
        b"aaaab",
        b"aaaa" + b"b" * 259 + b"c" * 1000,
        bytes(range(256)),
        bytes(100_000),
        random.integers(0, 256, 30_000).astype(np.uint8).tobytes(),
        b" ".join(words[place] for place in random.integers(0, len(words), 200_000)),  # more than one block
        b"".join(bytes([letter]) * length for letter, length in random.integers(1, 255, (400, 2)).tolist()),
    ]
    assert len(contents[7]) > 900_000
    packed = [[base64.b64encode(bz2.compress(content)).decode(), len(content)] for content in contents]
    done = subprocess.run(
        [node(), "--input-type=module", "--eval", UNPACK],
        input=json.dumps(packed),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert [base64.b64decode(line) for line in done.stdout.splitlines()] == contents
