"""The manifest survives a round trip, and nothing that a stranger writes into it is trusted."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from data_pipeline.errors import InputError
from data_pipeline.manifest import Absence, Expected, Manifest, Part, StudyInfo
from data_pipeline.schema import SCHEMA_VERSION

SOURCE = Path("results/manifest.json")


def manifest() -> Manifest:
    part = Part("neighbors", "neighbors/m/logit.parquet", 3, 100, "ab" * 32, "f00d")
    return Manifest(
        StudyInfo("toy", "Toy <study>", "words", "c0ffee", "chance", "m"),
        [Expected("m", ("logit", "contextual"), (0, 2), ("a", "b"), ("annotations",))],
        [Absence("m", "never computed", lens="embedding")],
        {part.path: part},
    )


def test_round_trip() -> None:
    assert Manifest.loads(manifest().dumps(), SOURCE) == manifest()


def test_parts_are_written_in_the_order_of_their_paths() -> None:
    many = manifest()
    for name in ("z", "a", "k"):
        path = f"models/{name}.parquet"
        many.parts[path] = Part("models", path, 1, 1, "00")
    paths = [part["path"] for part in json.loads(many.dumps())["parts"]]
    assert paths == sorted(paths)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '"text"', "{}", '{"schema_version": 1}'])
def test_what_is_not_a_manifest_is_refused(text: str) -> None:
    with pytest.raises(InputError, match=r"results/manifest\.json: not a V-Lens manifest"):
        Manifest.loads(text, SOURCE)


def test_another_version_is_refused() -> None:
    content = json.loads(manifest().dumps()) | {"schema_version": SCHEMA_VERSION + 1}
    with pytest.raises(InputError, match=f"schema version {SCHEMA_VERSION + 1}, expected {SCHEMA_VERSION}"):
        Manifest.loads(json.dumps(content), SOURCE)


@pytest.mark.parametrize(
    "path",
    [
        "../neighbors/x.parquet",
        "neighbors/../../x.parquet",
        "neighbors/../x.parquet",
        "/neighbors/x.parquet",
        "models/x.parquet",
        "neighbors/x.csv",
        "neighbors/.hidden.parquet",
        "neighbors/<b>.parquet",
        "",
        ".",
    ],
)
def test_a_part_path_stays_inside_its_table_folder(path: str) -> None:
    content = json.loads(manifest().dumps())
    content["parts"][0]["path"] = path
    with pytest.raises(InputError, match=r"results/manifest\.json"):
        Manifest.loads(json.dumps(content), SOURCE)


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("model_id", "../m", r"model id '\.\./m' cannot be used"),
        ("model_id", "<script>", "model id '<script>' cannot be used"),
        ("images", ["a/b"], "image id 'a/b' cannot be used"),
        ("lenses", ["tuned"], "unknown lens 'tuned', expected one of embedding, logit, contextual"),
    ],
)
def test_ids_and_lenses_are_checked(key: str, value: object, message: str) -> None:
    content = json.loads(manifest().dumps())
    content["expected"][0][key] = value
    with pytest.raises(InputError, match=message):
        Manifest.loads(json.dumps(content), SOURCE)


def _places(value: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if place:
        yield place
    if isinstance(value, dict | list):
        for key in value if isinstance(value, dict) else range(len(value)):
            yield from _places(value[key], (*place, key))


def _at(content: Any, place: tuple[Any, ...]) -> Any:
    for key in place:
        content = content[key]
    return content


def _replaced(content: Any, place: tuple[Any, ...], value: object) -> Any:
    changed = copy.deepcopy(content)
    inner = changed
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = value
    return changed


@pytest.mark.parametrize("value", [None, 0, -1.5, True, "x", [], {}, [None], {"a": 1}], ids=repr)
def test_no_value_of_the_wrong_type_comes_through(value: object) -> None:
    content = json.loads(manifest().dumps())
    for place in _places(content):
        original = _at(content, place)
        try:
            loaded = Manifest.loads(json.dumps(_replaced(content, place, value)), SOURCE)
        except InputError as error:
            assert "manifest.json" in str(error)
        else:
            assert json.loads(loaded.dumps()) == _replaced(content, place, value)
            assert type(value) is type(original) or value is None or original is None, place
