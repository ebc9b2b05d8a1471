"""Writing beside computing: the same folder, the same errors."""

from __future__ import annotations

import threading
from pathlib import Path

import pyarrow as pa
import pytest

from data_pipeline.background_writer import BackgroundWriter
from data_pipeline.manifest import Manifest, StudyInfo
from data_pipeline.rows import table_of
from data_pipeline.store import Results, ResultsWriter, read_manifest

PATHS = [f"images/{number:05d}.parquet" for number in range(30)]


def images(name: str) -> pa.Table:
    row = {"image_id": name, "position": 0, "width": 1, "height": 1, "sha256": "0"}
    return table_of("images", [row])


def writer(folder: Path) -> ResultsWriter:
    return ResultsWriter(folder, Manifest(StudyInfo("s", "S")))


def test_parts_are_those_that_one_thread_would_write(tmp_path: Path) -> None:
    alone = writer(tmp_path / "alone")
    for path in PATHS:
        alone.write_part(path, images(Path(path).stem), "hash")
    threads = set()

    def table(name: str) -> pa.Table:
        threads.add(threading.current_thread())
        return images(name)

    with BackgroundWriter(writer(tmp_path / "beside")) as background:
        for path in PATHS:
            background.write_part(path, lambda name=Path(path).stem: table(name), "hash")
    assert read_manifest(tmp_path / "beside") == read_manifest(tmp_path / "alone")
    assert list(read_manifest(tmp_path / "beside").parts) == PATHS
    assert Results(tmp_path / "beside").read("images") == Results(tmp_path / "alone").read("images")
    assert len(threads) == 1
    assert threading.current_thread() not in threads


def test_an_error_is_raised_where_it_can_be_handled_and_nothing_is_written_after_it(tmp_path: Path) -> None:
    error = OSError(28, "No space left on device", "a file")

    def full() -> pa.Table:
        raise error

    with (
        pytest.raises(OSError, match="No space left") as caught,
        BackgroundWriter(writer(tmp_path)) as background,
    ):
        background.write_part(PATHS[0], lambda: images("a"), "")
        background.write_part(PATHS[1], full, "")
        for path in PATHS[2:]:
            background.write_part(path, lambda: images("b"), "")
    assert caught.value is error
    assert list(read_manifest(tmp_path).parts) == PATHS[:1]


def test_an_error_of_the_last_part_is_not_lost(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), BackgroundWriter(writer(tmp_path)) as background:
        background.write_part(PATHS[0], lambda: 1 / 0, "")


@pytest.mark.parametrize("error", [KeyboardInterrupt(), ValueError("defect")])
def test_what_is_finished_is_written_when_computing_fails(tmp_path: Path, error: BaseException) -> None:
    started = threading.Event()

    def slow() -> pa.Table:
        started.wait(5)
        return images("a")

    with pytest.raises(type(error)), BackgroundWriter(writer(tmp_path)) as background:
        for path in PATHS[:4]:
            background.write_part(path, slow, "")
        started.set()
        raise error
    assert list(read_manifest(tmp_path).parts) == PATHS[:4]


def test_computing_waits_where_writing_cannot_follow(tmp_path: Path) -> None:
    go_on, made = threading.Event(), []

    def hand_over(background: BackgroundWriter) -> None:
        for path in PATHS:
            made.append(path)
            background.write_part(path, lambda: go_on.wait(10) and images("a"), "")

    with BackgroundWriter(writer(tmp_path)) as background:
        thread = threading.Thread(target=hand_over, args=(background,))
        thread.start()
        thread.join(0.2)
        held_up = len(made)
        go_on.set()
        thread.join()
    assert held_up <= 10
    assert list(read_manifest(tmp_path).parts) == PATHS
