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
FLIPS = 200
UNPACK = """
import { readFileSync } from "node:fs";
import { unpacked } from "#viewer/bzip2";
import { CHANGED } from "#viewer/printable";
for (const [packed, length] of JSON.parse(readFileSync(0, "utf8"))) {
  try {
    console.log(Buffer.from(unpacked(Buffer.from(packed, "base64"), length)).toString("base64"));
  } catch (error) {
    console.log(error.message === CHANGED ? "changed" : `${error}`);
  }
}
"""


def unpacked(streams: list[tuple[bytes, int]]) -> list[bytes | str]:
    """What the viewer makes of streams, each with the length of its content: bytes, or the word `changed`."""
    done = subprocess.run(
        [node(), "--input-type=module", "--eval", UNPACK],
        input=json.dumps([[base64.b64encode(stream).decode(), length] for stream, length in streams]),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    return [line if line == "changed" else base64.b64decode(line) for line in done.stdout.splitlines()]


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
    assert unpacked([(bz2.compress(content), len(content)) for content in contents]) == contents


def test_a_changed_byte_is_reported_or_changes_nothing() -> None:
    """The text stays the same where the byte is part of a mark, which is not compared."""
    random = np.random.default_rng(6198)
    content = Path(__file__).read_bytes() * 3
    packed = bz2.compress(content)
    places = [*range(60), *random.choice(len(packed), FLIPS - 80), *range(len(packed) - 20, len(packed))]
    changes = random.integers(1, 256, FLIPS).tolist()
    streams = []
    for place, change in zip(places, changes, strict=True):
        stream = bytearray(packed)
        stream[place] ^= change
        streams.append((bytes(stream), len(content)))
    found = unpacked(streams)
    assert len(found) == FLIPS
    assert set(found) == {"changed", content}
    assert found.count("changed") > 0.8 * FLIPS


def test_a_stream_that_is_cut_or_of_another_length_is_reported() -> None:
    content = b"a short text, and a longer one, and another text"
    packed = bz2.compress(content)
    cut = [(packed[:length], len(content)) for length in range(len(packed) - 10)]
    assert set(unpacked(cut)) == {"changed"}
    assert unpacked([(packed, len(content) + other) for other in (-1, 1, 10**9, 10**12)]) == ["changed"] * 4
