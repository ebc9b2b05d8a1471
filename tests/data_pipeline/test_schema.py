"""The contract refuses what breaks it, and says where."""

from __future__ import annotations

import math

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_pipeline.errors import InputError
from data_pipeline.schema import SCHEMA_VERSION, TABLES, check_id, check_schema, conform

NEIGHBOR = {
    "model_id": "llama-clip",
    "image_id": "scene-3",
    "lens": "logit",
    "vision_layer": 4,
    "cell": 17,
    "rank": 1,
    "token": " moon",
    "token_id": 9,
    "score": 7.5,
    "probability": 0.25,
    "text_layer": None,
    "context_id": None,
}


def neighbors(**changes: object) -> pa.Table:
    """One row of `neighbors`, columns of whatever types Python's values suggest."""
    return pa.table({name: [value] for name, value in {**NEIGHBOR, **changes}.items()})


def test_conform_casts_to_the_contract_and_stamps_it() -> None:
    table = conform("neighbors", neighbors())
    assert table.schema.equals(TABLES["neighbors"].schema, check_metadata=True)
    assert table.to_pylist() == [{**NEIGHBOR, "percentile": None}]  # a column that came later
    assert table.schema.metadata[b"vlens.schema_version"] == str(SCHEMA_VERSION).encode()


def test_conform_orders_columns_as_the_contract_does() -> None:
    shuffled = neighbors().select(sorted(NEIGHBOR))
    assert conform("neighbors", shuffled).schema.names == TABLES["neighbors"].schema.names


@pytest.mark.parametrize(("value", "shown"), [(math.nan, "NaN"), (math.inf, "inf"), (-math.inf, "-inf")])
def test_a_score_that_is_not_finite_is_named_with_its_place(value: float, shown: str) -> None:
    with pytest.raises(InputError) as caught:
        conform("neighbors", neighbors(score=value))
    message = str(caught.value)
    assert f"score is {shown}" in message
    for part in ("llama-clip", "scene-3", "logit", "vision_layer 4", "cell 17"):
        assert part in message


def test_the_row_that_is_named_is_the_wrong_one_and_not_an_empty_one_before_it() -> None:
    rows = pa.concat_tables(
        [neighbors(probability=None, cell=1), neighbors(cell=2), neighbors(probability=math.nan, cell=3)],
        promote_options="permissive",
    )
    with pytest.raises(InputError, match=r"probability is NaN at .*cell 3"):
        conform("neighbors", rows)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"token": None}, "token is missing in 1 rows"),
        (
            {"lens": "tuned"},
            "lens is 'tuned', expected one of embedding, logit, contextual, contextual_percentile",
        ),
        ({"model_id": "../llama"}, r"model_id '\.\./llama' cannot be used"),
        ({"image_id": "<script>"}, "image_id '<script>' cannot be used"),
        ({"extra": 1}, r"unknown columns \['extra'\]"),
    ],
)
def test_conform_refuses(changes: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        conform("neighbors", neighbors(**changes))


def test_conform_names_a_missing_column() -> None:
    with pytest.raises(InputError, match=r"missing columns \['score'\]"):
        conform("neighbors", neighbors().drop_columns(["score"]))


def test_an_empty_table_conforms() -> None:
    assert conform("neighbors", neighbors().slice(0, 0)).num_rows == 0


@pytest.mark.parametrize("value", ["llama-clip", "qwen2.5", "0", "A_b+c", "a" * 120])
def test_ids_that_can_name_files(value: str) -> None:
    assert check_id(value, "model id") == value


@pytest.mark.parametrize(
    "value",
    [
        "",
        "..",
        "../x",
        "a/b",
        "a\\b",
        "a..b",
        ".hidden",
        "-rf",
        "<script>",
        "a b",
        "é",
        "a\n",
        "a" * 121,
        "a\x00",
    ],
)
def test_ids_that_cannot(value: str) -> None:
    with pytest.raises(InputError, match="model id"):
        check_id(value, "model id")


@given(st.text(max_size=20))
def test_an_id_that_is_accepted_is_one_plain_piece_of_a_path_and_a_url(value: str) -> None:
    try:
        check_id(value, "id")
    except InputError:
        return
    assert value.isascii()
    assert value not in {"", ".", ".."}
    assert not set(value) & set("/\\<>\"'& %?#\n\x00:")


def _metadata(**changes: str | None) -> dict[str, str]:
    stamped = {"vlens.table": "models", "vlens.schema_version": str(SCHEMA_VERSION), **changes}
    return {key: value for key, value in stamped.items() if value is not None}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"vlens.schema_version": None}, "not written by V-Lens"),
        ({"vlens.table": None}, "not written by V-Lens"),
        ({"vlens.schema_version": "0"}, f"schema version 0, expected {SCHEMA_VERSION}"),
        ({"vlens.table": "images"}, "holds table 'images', expected 'models'"),
    ],
)
def test_foreign_metadata_is_refused_and_the_file_named(changes: dict[str, str | None], message: str) -> None:
    schema = TABLES["models"].schema.with_metadata(_metadata(**changes))
    with pytest.raises(InputError, match=f"some/file.parquet: {message}"):
        check_schema("models", schema, "some/file.parquet")


def test_a_column_of_another_type_is_refused() -> None:
    schema = TABLES["models"].schema
    place = schema.get_field_index("num_layers")
    changed = schema.set(place, pa.field("num_layers", pa.string()))
    with pytest.raises(InputError, match="column num_layers is string, expected int32"):
        check_schema("models", changed, "x.parquet")
    with pytest.raises(InputError, match="column num_layers is nothing, expected int32"):
        check_schema("models", schema.remove(place), "x.parquet")


def test_every_column_says_what_it_means_and_every_key_is_a_column() -> None:
    for spec in TABLES.values():
        assert set(spec.key) <= set(spec.schema.names)
        assert all(column.meaning for column in spec.columns)
        assert not any(column.nullable for column in spec.columns if column.name in spec.key)
