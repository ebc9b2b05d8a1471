"""A run goes on without the images that cannot be used, and says which these are and why."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from data_pipeline.errors import InputError
from data_pipeline.integrity import inspect
from data_pipeline.measure import another_image
from data_pipeline.progress import SilentProgress
from data_pipeline.run import run_study
from data_pipeline.schema import STORED_LENSES
from data_pipeline.store import Results
from data_pipeline.study import Study, load_study
from generator.build import build_site
from tests.data_pipeline.tiny_vlm_study import write_tiny_vlm_study


class Log(SilentProgress):
    def __init__(self) -> None:
        self.lines: list[str] = []

    def say(self, line: str) -> None:
        self.lines.append(line)


def picture(path: Path, seed: int) -> None:
    pixels = np.random.default_rng(seed).integers(0, 255, (40, 30, 3), np.uint8)
    Image.fromarray(pixels).save(path)


@pytest.fixture
def study(tmp_path: Path) -> Study:
    """Five files in two parts of two and one of one: the second is cut off, the last is no picture."""
    file = write_tiny_vlm_study(tmp_path)
    text = file.read_text().replace(
        'source = "toy-scenes", split = "tune"', 'source = "folder", folder = "own"'
    )
    file.write_text(text)
    own = tmp_path / "own"
    own.mkdir()
    for number, name in enumerate("abcd"):
        picture(own / f"{name}.png", number)
    (own / "b.png").write_bytes((own / "b.png").read_bytes()[:700])
    (own / "e\x1b.jpg").write_text("not a picture")
    listed = (f'"{path.name}",a house\n' for path in sorted(own.iterdir()))
    (own / "captions.csv").write_text("file,caption\n" + "".join(listed))
    return load_study(file)


def test_the_run_goes_on_and_names_them(study: Study, tmp_path: Path) -> None:
    results, log = tmp_path / "results", Log()
    run_study(study, results, ablations=False, progress=log)
    first, second = log.lines
    assert first.startswith("image refused: b.png: cannot be read as an image (")
    assert second.startswith("image refused: e\\x1b.jpg: not a picture that can be read, expected one of PNG")
    opened = Results(results)
    assert opened.read("images")["image_id"].to_pylist() == ["a", "c", "d"]
    assert opened.read("images")["position"].to_pylist() == [0, 1, 2]
    assert set(opened.read("samples")["image_id"].to_pylist()) == {"a", "c", "d"}
    report = inspect(results)
    assert report.problems == ()
    assert len(report.declared) == 3 * len(STORED_LENSES) * 2  # models, lenses, images
    assert "images b) (image refused: b.png: cannot be read as an image" in report.declared[0]

    build_site(results, tmp_path / "site")
    page = (tmp_path / "site" / "models" / "llava.html").read_text()
    assert "image refused: b.png: cannot be read as an image" in page

    before = {path: path.stat().st_mtime_ns for path in (results / "neighbors").rglob("*.parquet")}
    run_study(study, results, ablations=False)
    assert before == {path: path.stat().st_mtime_ns for path in (results / "neighbors").rglob("*.parquet")}

    picture(tmp_path / "own" / "b.png", 1)
    run_study(study, results, ablations=False)
    mended = {path for path, time in before.items() if path.stat().st_mtime_ns != time}
    assert {path.name[-13:] for path in mended} == {"00000.parquet"}  # only the part that it belongs to
    fresh = tmp_path / "fresh"
    run_study(study, fresh, ablations=False)
    for table in ("images", "neighbors", "cells", "samples", "canvases", "contexts"):
        assert Results(results).read(table) == Results(fresh).read(table), table


def test_a_shuffled_image_is_never_a_refused_one(study: Study, tmp_path: Path) -> None:
    assert [another_image(6, 0, 5, attempt) for attempt in range(3)] == [1, 1, 4]  # both are refused
    study = study.model_copy(update={"seed": 6})
    run_study(study, tmp_path / "results", num_images=2, ablations=False)
    losses = Results(tmp_path / "results").read("samples")["caption_loss_shuffled"].to_pylist()
    assert len(losses) == 3  # one of each model
    assert None not in losses


def test_a_study_without_a_usable_image_is_stopped(study: Study, tmp_path: Path) -> None:
    for path in (tmp_path / "own").glob("*.png"):
        path.write_text("")
    with pytest.raises(InputError, match=r"none of 5 images can be used; the first: a\.png: not a picture"):
        run_study(study, tmp_path / "results")
    assert not (tmp_path / "results").exists()
