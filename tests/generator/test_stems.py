"""The pages' stems are the judge's: `assets/js/stems.js` against `data_pipeline/judges/words.py`."""

from __future__ import annotations

import itertools
import json
import subprocess
from pathlib import Path

from data_pipeline.judges.words import stem
from tests.test_javascript import node

ROOT = Path(__file__).parents[2]
BEGINNINGS = (
    "",
    "a",
    "be",
    "box",
    "car",
    "dres",
    "fall",
    "fl",
    "hous",
    "knif",
    "man",
    "sitt",
    "str",
    "tr",
    "Émil",
)
ENDINGS = (
    "",
    "e",
    "s",
    "es",
    "ses",
    "xes",
    "ches",
    "ies",
    "y",
    "ing",
    "ting",
    "ed",
    "eed",
    "ied",
    "us",
    "is",
    "'s",
    "’s",
    "'",
)
WORDS = (
    "children men women people feet geese teeth mice knives shelves leaves leaf's ties grasses seed string"
)
STEMS = """
import { stem } from "#viewer/stems";
let text = "";
for await (const part of process.stdin.setEncoding("utf8")) text += part;
console.log(JSON.stringify(JSON.parse(text).map(stem)));
"""


def test_pages_and_judge_find_the_same_stems() -> None:
    words = [*map("".join, itertools.product(BEGINNINGS, ENDINGS)), *WORDS.split(), *WORDS.upper().split()]
    done = subprocess.run(
        [node(), "--input-type=module", "--eval", STEMS],
        cwd=ROOT,
        input=json.dumps(words),
        capture_output=True,
        text=True,
        check=True,
    )
    found = dict(zip(words, json.loads(done.stdout), strict=True))
    assert found == {word: stem(word) for word in words}
