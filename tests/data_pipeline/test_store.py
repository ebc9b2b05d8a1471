"""Results folders: whole files or none, resume, and refusal of what V-Lens did not write."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from data_pipeline.errors import InputError
from data_pipeline.manifest import Absence, Manifest, StudyInfo
from data_pipeline.schema import SCHEMA_VERSION, TABLES
from data_pipeline.store import Results, ResultsWriter, read_manifest, write_atomically

PART = "images/images.parquet"


def images(*names: str) -> pa.Table:
    rows = [
        {
            "image_id": name,
            "position": place,
            "caption": None,
            "width": 4,
            "height": 3,
            "sha256": "00",
            "split": None,
        }
        for place, name in enumerate(names)
    ]
    return pa.Table.from_pylist(rows, schema=TABLES["images"].schema)


def writer(folder: Path, study_id: str = "toy") -> ResultsWriter:
    return ResultsWriter(folder, Manifest(StudyInfo(study_id, "Toy")))


def everything(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_what_is_written_is_read_in_the_order_of_its_key(tmp_path: Path) -> None:
    writer(tmp_path).write_part(PART, images("b", "a"))
    table = Results(tmp_path).read("images")
    assert table["image_id"].to_pylist() == ["a", "b"]
    assert table["position"].to_pylist() == [1, 0]


def test_the_same_rows_give_the_same_bytes(tmp_path: Path) -> None:
    writer(tmp_path / "one").write_part(PART, images("a", "b"))
    writer(tmp_path / "two").write_part(PART, images("a", "b").take([1, 0]))
    assert everything(tmp_path / "one") == everything(tmp_path / "two")


def test_a_table_that_breaks_the_contract_leaves_no_file(tmp_path: Path) -> None:
    results = writer(tmp_path)
    with pytest.raises(InputError, match="unknown columns"):
        results.write_part(PART, images("a").append_column("more", pa.array([1])))
    assert set(everything(tmp_path)) == {"manifest.json"}


@pytest.mark.parametrize("path", ["images/../x.parquet", "../images/x.parquet", "images/<b>.parquet"])
def test_a_part_cannot_be_written_outside_its_folder(tmp_path: Path, path: str) -> None:
    results = writer(tmp_path / "results")
    with pytest.raises(InputError, match="part path"):
        results.write_part(path, images("a"))
    assert set(everything(tmp_path)) == {"results/manifest.json"}


def test_a_part_counts_as_done_only_whole_and_from_the_same_inputs(tmp_path: Path) -> None:
    writer(tmp_path).write_part(PART, images("a"), "hash-1")
    again = writer(tmp_path)
    assert again.has_part(PART, "hash-1")
    assert not again.has_part(PART, "hash-2")
    assert not again.has_part("images/other.parquet", "hash-1")
    content = bytearray((tmp_path / PART).read_bytes())
    content[len(content) // 2] ^= 1
    (tmp_path / PART).write_bytes(bytes(content))
    assert not again.has_part(PART, "hash-1"), "same length, other bytes"
    (tmp_path / PART).unlink()
    assert not writer(tmp_path).has_part(PART, "hash-1")


def test_an_unfinished_file_is_no_part_of_the_results(tmp_path: Path) -> None:
    results = writer(tmp_path)
    results.write_part(PART, images("a"))
    (tmp_path / "images" / "more.parquet.partial").write_bytes(b"half")
    (tmp_path / "images" / "stray.parquet").write_bytes(b"not listed")
    assert Results(tmp_path).read("images").num_rows == 1


def test_a_failed_write_keeps_the_old_content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    write_atomically(path, b"old")

    def full_disk(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full_disk)
    with pytest.raises(OSError, match="No space") as caught:
        write_atomically(path, b"new and longer")
    assert path.read_bytes() == b"old"
    assert (caught.value.errno, caught.value.filename) == (28, str(path))
    assert list(tmp_path.iterdir()) == [path]  # nothing takes the room that is missing


def test_stale_parts_are_forgotten_and_deleted(tmp_path: Path) -> None:
    results = writer(tmp_path)
    results.write_part(PART, images("a"))
    results.write_part("images/old.parquet", images("b"))
    results.drop_stale_parts([PART])
    assert not (tmp_path / "images/old.parquet").exists()
    assert list(read_manifest(tmp_path).parts) == [PART]


def test_an_absence_is_recorded_once(tmp_path: Path) -> None:
    results = writer(tmp_path)
    for _ in range(2):
        results.record_absences([Absence("m", "no weights")])
    assert read_manifest(tmp_path).absent == [Absence("m", "no weights")]


def test_a_folder_with_somebodys_files_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(InputError, match="holds files that are not V-Lens results"):
        writer(tmp_path)
    assert everything(tmp_path) == {"thesis.txt": b"years of work"}


def test_a_file_in_place_of_the_folder_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "results").write_text("mine")
    with pytest.raises(InputError, match="is a file, expected a folder"):
        writer(tmp_path / "results")
    assert (tmp_path / "results").read_text() == "mine"


def test_another_studys_results_are_left_alone(tmp_path: Path) -> None:
    writer(tmp_path).write_part(PART, images("a"))
    before = everything(tmp_path)
    with pytest.raises(InputError, match="holds results of study 'toy', expected 'other'"):
        writer(tmp_path, "other")
    assert everything(tmp_path) == before


def test_a_folder_left_by_a_run_killed_at_its_first_write_can_be_used(tmp_path: Path) -> None:
    (tmp_path / "manifest.json.partial").write_text("{")
    writer(tmp_path).write_part(PART, images("a"))
    assert Results(tmp_path).read("images").num_rows == 1


def _rewrite(path: Path, table: pa.Table) -> None:
    """Put `table` in place of a part and correct its size in the manifest, as a clumsy tool would."""
    pq.write_table(table, path)
    folder = path.parent.parent
    manifest = json.loads((folder / "manifest.json").read_text())
    for part in manifest["parts"]:
        part["bytes"] = (folder / part["path"]).stat().st_size
    (folder / "manifest.json").write_text(json.dumps(manifest))


def _version(version: int) -> pa.Table:
    metadata = {"vlens.table": "images", "vlens.schema_version": str(version)}
    return images("a").replace_schema_metadata(metadata)


SPOILED = {
    "missing": (lambda path: path.unlink(), "missing, although the manifest lists it"),
    "truncated": (
        lambda path: path.write_bytes(path.read_bytes()[:100]),
        r"100 bytes, expected \d+; .*truncated",
    ),
    "empty": (lambda path: path.write_bytes(b""), "0 bytes, expected"),
    "not parquet": (
        lambda path: path.write_bytes(b"x" * path.stat().st_size),
        "cannot be read as Parquet",
    ),
    "foreign": (
        lambda path: _rewrite(path, pa.table({"a": [1]})),
        "not written by V-Lens",
    ),
    "older version": (
        lambda path: _rewrite(path, _version(SCHEMA_VERSION - 1)),
        f"schema version {SCHEMA_VERSION - 1}, expected {SCHEMA_VERSION}",
    ),
    "newer version": (
        lambda path: _rewrite(path, _version(SCHEMA_VERSION + 1)),
        f"schema version {SCHEMA_VERSION + 1}, expected {SCHEMA_VERSION}",
    ),
    "a column less": (
        lambda path: _rewrite(path, images("a").drop_columns(["width"])),
        "column width is nothing, expected int32",
    ),
}


@pytest.mark.parametrize("case", SPOILED)
def test_a_spoiled_part_is_refused_by_name(tmp_path: Path, case: str) -> None:
    spoil, message = SPOILED[case]
    writer(tmp_path).write_part(PART, images("a"))
    spoil(tmp_path / PART)
    with pytest.raises(InputError, match=message) as caught:
        Results(tmp_path)
    assert str(tmp_path / PART) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_values_are_checked_when_they_are_read(tmp_path: Path) -> None:
    writer(tmp_path).write_part(PART, images("a"))
    table = images("a").set_column(0, TABLES["images"].schema.field(0), pa.array(["../a"]))
    _rewrite(tmp_path / PART, table)
    with pytest.raises(InputError, match=r"image_id '\.\./a' cannot be used"):
        Results(tmp_path).read("images")


@pytest.mark.parametrize(
    ("name", "message"), [("nowhere", "no such folder"), ("empty", r"no manifest\.json in it")]
)
def test_what_is_not_a_results_folder_is_refused(tmp_path: Path, name: str, message: str) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match=message):
        Results(tmp_path / name)


_ENDLESS_WRITER = """
import itertools, sys
from pathlib import Path
from tests.data_pipeline.test_store import images, writer
results = writer(Path(sys.argv[1]))
for number in itertools.count():
    results.write_part(f"images/{number % 20:02}.parquet", images(f"image-{number:04}"), str(number))
"""


def test_a_writer_killed_at_any_moment_leaves_results_that_open(tmp_path: Path) -> None:
    for pause in (0.0, 0.013, 0.031, 0.052):
        folder = tmp_path / str(pause)
        process = subprocess.Popen([sys.executable, "-c", _ENDLESS_WRITER, str(folder)])
        while not (folder / "images").is_dir() and process.poll() is None:
            time.sleep(0.005)
        time.sleep(pause)
        process.send_signal(signal.SIGKILL)
        process.wait()
        resumed = writer(folder)
        assert all((folder / path).is_file() for path in resumed.manifest.parts)
        for path, part in resumed.manifest.parts.items():
            if not resumed.has_part(path, part.input_hash):
                resumed.write_part(path, images("again"), part.input_hash)
        Results(folder).read("images")


def test_a_part_whose_inside_is_damaged_is_named(tmp_path: Path) -> None:
    writer(tmp_path / "results").write_part(PART, images(*(f"image-{number}" for number in range(500))))
    path = tmp_path / "results" / PART
    content = bytearray(path.read_bytes())
    content[4:60] = bytes(56)
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"images\.parquet: cannot be read as Parquet"):
        Results(tmp_path / "results").read("images")
