"""Results that cannot be used: one line says why, and an earlier site is kept."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.commands import everything, fail
from vlens.cli import main


def _rewrite(results: Path, table: pa.Table) -> None:
    path = results / "models" / "models.parquet"
    size = path.stat().st_size
    pq.write_table(table, path)
    manifest = results / "manifest.json"
    manifest.write_text(manifest.read_text().replace(f'"bytes": {size}', f'"bytes": {path.stat().st_size}'))


def _models(results: Path) -> pa.Table:
    return pq.read_table(results / "models" / "models.parquet", partitioning=None)


def _rename_model(results: Path, name: str) -> None:
    table = _models(results)
    names = [name, *table["model_id"].to_pylist()[1:]]
    field = table.schema.field("model_id")
    _rewrite(results, table.set_column(table.schema.get_field_index("model_id"), field, pa.array(names)))


def _edit_manifest(results: Path, old: str, new: str) -> None:
    manifest = results / "manifest.json"
    text = manifest.read_text()
    assert old in text
    manifest.write_text(text.replace(old, new))


def _truncate(results: Path) -> None:
    path = results / "models" / "models.parquet"
    path.write_bytes(path.read_bytes()[:-50])


def _other_version(results: Path) -> None:
    table = _models(results)
    _rewrite(results, table.replace_schema_metadata(table.schema.metadata | {b"vlens.schema_version": b"99"}))


BAD_RESULTS: dict[str, tuple[Callable[[Path], Any], str, str]] = {
    "missing folder": (shutil.rmtree, "tiny", "no such folder, expected V-Lens results"),
    "no manifest": (lambda results: (results / "manifest.json").unlink(), "tiny", "no manifest.json in it"),
    "broken manifest": (
        lambda results: (results / "manifest.json").write_text("{"),
        "manifest.json",
        "not a V-Lens manifest",
    ),
    "manifest of another version": (
        lambda results: _edit_manifest(results, '"schema_version": 1', '"schema_version": 99'),
        "manifest.json",
        "schema version 99, expected 1",
    ),
    "manifest whose version is text": (
        lambda results: _edit_manifest(results, '"schema_version": 1', '"schema_version": "1"'),
        "manifest.json",
        "schema version '1', expected 1, a number",
    ),
    "endless manifest": (
        lambda results: (results / "manifest.json").write_text("[" * 100_000),
        "manifest.json",
        "not a V-Lens manifest",
    ),
    "half a character": (
        lambda results: _edit_manifest(results, '"study_id": "tiny"', '"study_id": "tiny\\ud800"'),
        "manifest.json",
        "a lone surrogate",
    ),
    "layer below 0": (
        lambda results: _edit_manifest(results, '"vision_layers": [', '"vision_layers": [-5, '),
        "manifest.json",
        "vision layer -5",
    ),
    "missing file": (
        lambda results: (results / "models" / "models.parquet").unlink(),
        "models.parquet",
        "missing, although the manifest lists it",
    ),
    "unreadable Parquet": (
        lambda results: (results / "models" / "models.parquet").write_bytes(
            b"x" * (results / "models" / "models.parquet").stat().st_size
        ),
        "models.parquet",
        "cannot be read as Parquet",
    ),
    "foreign Parquet": (
        lambda results: _rewrite(results, pa.table({"a": [1]})),
        "models.parquet",
        "not written by V-Lens",
    ),
    "truncated Parquet": (_truncate, "models.parquet", "truncated"),
    "Parquet of another version": (_other_version, "models.parquet", "schema version 99, expected 1"),
    "model id that climbs": (
        lambda results: _edit_manifest(results, '"model_id": "alpha-round"', '"model_id": "../alpha"'),
        "manifest.json",
        "'../alpha' cannot be used",
    ),
    "model id of HTML": (
        lambda results: _edit_manifest(results, '"model_id": "alpha-round"', '"model_id": "<script>"'),
        "manifest.json",
        "'<script>' cannot be used",
    ),
    "model id that climbs, in a table": (
        lambda results: _rename_model(results, "../alpha"),
        "tiny",
        "'../alpha' cannot be used",
    ),
    "part that climbs": (
        lambda results: _edit_manifest(results, '"path": "models/', '"path": "models/../'),
        "manifest.json",
        "cannot be used",
    ),
    "unknown lens": (
        lambda results: _edit_manifest(results, '"embedding"', '"tuned"'),
        "manifest.json",
        "unknown lens 'tuned'",
    ),
}


@pytest.fixture(scope="module")
def earlier_site(tiny_study_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site that must stay as it is."""
    site = tmp_path_factory.mktemp("earlier") / "site"
    assert main(["build", str(tiny_study_folder), "--output-dir", str(site)]) == 0
    return site


@pytest.mark.parametrize("case", BAD_RESULTS)
def test_bad_results_are_refused_and_an_earlier_site_is_kept(
    case: str, tiny_results: Path, earlier_site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spoil, place, words = BAD_RESULTS[case]
    before = everything(earlier_site)
    spoil(tiny_results)
    for arguments in (
        ["build", tiny_results, "--output-dir", earlier_site],
        ["demo", "--results", tiny_results, "--output-dir", earlier_site],
    ):
        line = fail(capsys, *arguments)
        assert place in line
        assert words in line
    assert everything(earlier_site) == before


@pytest.mark.parametrize("case", sorted(set(BAD_RESULTS) - {"model id that climbs, in a table"}))
def test_check_calls_unusable_results_unusable(
    case: str, tiny_results: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spoil, _, words = BAD_RESULTS[case]
    spoil(tiny_results)
    assert words in fail(capsys, "check", tiny_results)


def test_check_says_complete(tiny_results: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(tiny_results)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("study tiny: 6 models, 2 images, 100 of 108 blocks")
    assert lines[-1] == "complete"


def test_check_says_what_is_wrong(tiny_results: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _rename_model(tiny_results, "../alpha")
    assert main(["check", str(tiny_results)]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert "problem: models/models.parquet: not the bytes that were written" in lines
    assert lines[-1] == "incomplete"
