"""Default tokens planted in a small study are found, and nothing else is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from data_pipeline.schema import TABLES
from data_pipeline.store import Results, ResultsWriter
from generator import queries
from generator.database import Database
from generator.default_tokens import default_tokens
from generator.frequent_words import frequent_words
from tests.generator import tiny_study as tiny

CELLS = 20
PLACE = {"lens": "logit", "layer": 1}
"""Layer 2 of the tiny study's model is the second that it stores."""


def canvas(image: int, padded: int) -> dict[str, Any]:
    """A canvas of 4×5 cells whose last `padded` ones are padding."""
    row = dict(tiny.canvas_rows()[0])
    padding = [0.0] * (CELLS - padded) + [1.0] * padded
    return row | {
        "canvas_id": f"canvas-{image}",
        "image_id": f"image-{image}",
        "rows": 4,
        "cols": 5,
        "padding": padding,
    }


def first(image: int, cell: int, token: str, rank: int = 1) -> dict[str, Any]:
    return {
        "model_id": "alpha-round",
        "image_id": f"image-{image}",
        "lens": "logit",
        "vision_layer": 2,
        "cell": cell,
        "rank": rank,
        "token": token,
        "token_id": 1,
        "score": 1.0 / rank,
        "probability": 0.5 / rank,
    }


def found(folder: Path, lists: list[list[str]], padded: int = 0) -> dict[str, dict[str, Any]]:
    """What is found, by token, where `lists[image]` names the first token of each of an image's cells."""
    writer = ResultsWriter(folder, tiny.tiny_manifest())
    rows: dict[str, list[dict[str, Any]]] = {
        "models": tiny.model_rows()[:1],
        "images": [],
        "canvases": [canvas(image, padded) for image in range(len(lists))],
        "samples": [],
        "neighbors": [
            first(image, cell, token) for image, row in enumerate(lists) for cell, token in enumerate(row)
        ],
    }
    for image in range(len(lists)):
        named = {"image_id": f"image-{image}"}
        rows["images"].append(tiny.image_rows()[0] | named | {"position": image})
        rows["samples"].append(tiny.sample_rows(tiny.MODELS[0])[0] | named | {"canvas_id": f"canvas-{image}"})
    for table, content in rows.items():
        if content:
            writer.write_part(f"{table}/{table}.parquet", pa.Table.from_pylist(content, TABLES[table].schema))
    with Database(Results(folder)) as database:
        model = queries.models(database)[0]
        tokens = default_tokens(database, model, ("embedding", "logit", "contextual"))
    assert all({key: token[key] for key in PLACE} == PLACE for token in tokens)
    return {token["token"]: token for token in tokens}


def image_of(counts: dict[str, int], size: int = CELLS) -> list[str]:
    """First tokens of one image: so many cells each, the rest words of their own."""
    named = [token for token, count in counts.items() for _ in range(count)]
    return named + [f"own-{cell}" for cell in range(size - len(named))]


def test_a_token_of_95_in_100_images_is_a_default_and_one_of_30_is_not(tmp_path: Path) -> None:
    lists = [
        image_of({" the": 2 * (image < 19), " dog": 12 * (image < 6), " of": 2 * (image < 10)})
        for image in range(20)
    ]
    tokens = found(tmp_path, lists)
    assert set(tokens) == {" the", " of"}
    assert tokens[" the"] == PLACE | {
        "token": " the",
        "images": 19,
        "of": 20,
        "share": 0.095,
        "kind": "default",
    }
    assert tokens[" of"]["kind"] == "common"


@pytest.mark.parametrize(("images", "kind"), [(9, "default"), (8, "common"), (5, "common"), (4, None)])
def test_the_bounds_of_ten_images_are_9_and_5(tmp_path: Path, images: int, kind: str | None) -> None:
    tokens = found(tmp_path, [image_of({" the": 2 * (image < images)}) for image in range(10)])
    assert tokens.get(" the", {}).get("kind") == kind


def test_less_than_a_tenth_of_an_images_patches_does_not_count(tmp_path: Path) -> None:
    assert found(tmp_path, [image_of({" the": 1}) for _ in range(10)]) == {}


def test_padding_neither_counts_nor_makes_the_tenth_larger(tmp_path: Path) -> None:
    tokens = found(
        tmp_path / "shares", [image_of({" the": 1}, 10) + [" pad"] * 10 for _ in range(10)], padded=10
    )
    assert " pad" not in tokens
    assert tokens[" the"]["kind"] == "default"
    assert tokens[" the"]["share"] == 0.1


def test_few_images_share_things_by_chance(tmp_path: Path) -> None:
    lists = [
        image_of({" dog": 9, " the": 10}),
        image_of({" dog": 4, " the": 11}),
        image_of({" dog": 9, " the": 10}),
    ]
    tokens = found(tmp_path, lists)
    assert {token: row["kind"] for token, row in tokens.items()} == {" the": "default"}
    assert (tokens[" the"]["images"], tokens[" the"]["of"]) == (3, 3)


def test_a_token_that_one_of_few_images_lacks_is_none(tmp_path: Path) -> None:
    assert found(tmp_path, [image_of({" sky": 20}), image_of({" sky": 20}), image_of({})]) == {}


def test_one_image_tells_nothing(tmp_path: Path) -> None:
    assert found(tmp_path, [image_of({" the": 20})]) == {}


def test_frequent_words_are_the_whole_studys(tiny_database: Database) -> None:
    rows = [
        row
        for model in tiny.MODELS
        for lens in ("embedding", "logit", "contextual")
        for row in tiny.neighbor_rows(model, lens)
        if row["rank"] == 1
    ]
    spelt = [str(row["token"]).strip().lower() for row in rows]
    words = frequent_words(tiny_database)
    counts = [spelt.count(word) for word in words]
    assert "dog" in words
    assert len(set(words)) == len(words)
    assert counts == sorted(counts, reverse=True)
    assert all(any(map(str.isalnum, word)) for word in words)
