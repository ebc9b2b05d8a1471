"""The hostile study keeps to the contract, holds what it says, and half a character stays out of pages."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from data_pipeline.errors import InputError
from data_pipeline.schema import LENSES
from generator.build import build_site
from tests.generator.hostile_study import ATTACKS, MODELS, _neighbors, write_hostile_study
from tests.spoiling import write_listed


def test_every_attack_stands_in_every_lens_of_every_image() -> None:
    for model in range(len(MODELS)):
        for lens in range(len(LENSES)):
            rows = _neighbors(model, lens)
            for image in {row["image_id"] for row in rows}:
                assert {row["token"] for row in rows if row["image_id"] == image} == set(ATTACKS)


def test_the_attacks_are_of_every_kind() -> None:
    assert len(set(ATTACKS)) == len(ATTACKS)
    kinds = {unicodedata.category(character) for attack in ATTACKS for character in attack}
    assert {"Cc", "Cf", "Cn", "Co", "Zl", "Zp", "Zs", "Mn", "So", "Lo"} <= kinds
    for first in "=+-@\t":
        assert any(attack.startswith(first) for attack in ATTACKS)
    assert {"", "__proto__", "constructor", "javascript:window.hacked=1"} <= set(ATTACKS)
    assert max(map(len, ATTACKS)) >= 300


def test_half_a_character_is_refused_and_never_shown(tmp_path: Path) -> None:
    """Parquet says that its strings are UTF-8; nothing holds a writer to it."""
    results = write_hostile_study(tmp_path / "results")
    path = results / f"neighbors/{MODELS[0]}/logit.parquet"
    rows = pq.read_table(path, partitioning=None)
    spelled = [token.encode() for token in rows["token"].to_pylist()]
    halves = pa.array([b"half \xed\xa0\x80", *spelled[1:]], pa.binary())
    tokens = pa.Array.from_buffers(pa.string(), len(halves), halves.buffers())
    place = rows.schema.get_field_index("token")
    write_listed(results, path, rows.set_column(place, rows.schema.field("token"), tokens))
    with pytest.raises(InputError, match=r"logit\.parquet"):
        build_site(results, tmp_path / "site")
    assert not (tmp_path / "site").exists()
