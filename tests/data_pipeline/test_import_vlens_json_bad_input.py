"""Whatever is wrong with published results is told in one line that names the file and what was expected."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from data_pipeline.errors import InputError
from data_pipeline.importers.vlens_json import import_vlens_json
from tests.data_pipeline import published_folder as published


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return published.write_published(tmp_path / "published")


def refusal(folder: Path, **options: Any) -> str:
    """The message that importing `folder` ends with."""
    with pytest.raises(InputError) as caught:
        import_vlens_json(folder, folder.parent / "results", **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def _first(content: dict[str, Any]) -> dict[str, Any]:
    return content["results"][0]["patches"][1]


def _set_score(value: float) -> published.Change:
    return lambda content: _first(content)["top_predictions"][2].update(logit=value)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (_set_score(float("nan")), "image 0, patch 1, entry 2: logit is nan, expected a finite number"),
        (_set_score(float("-inf")), "image 0, patch 1, entry 2: logit is -inf"),
        (_set_score(10**400), "entry 2: logit is 1000"),
        (_set_score(1e300), "entry 2: logit is 1e+300, expected a finite number"),
        (lambda c: _first(c)["top_predictions"][0].update(token=None), "token is None, expected a string"),
        (lambda c: _first(c)["top_predictions"][0].update({"token": "\ud800"}), "half a surrogate pair"),
        (lambda c: _first(c)["top_predictions"][0].pop("logit"), "no 'logit', expected it here"),
        (lambda c: _first(c)["top_predictions"][0].update(token_id=2**31), "expected an integer from 0 to"),
        (lambda c: [e.update(rank=1) for e in _first(c)["top_predictions"]], "rank 1 is there twice"),
        (lambda c: _first(c).pop("top_predictions"), "no 'top_predictions'"),
        (lambda c: _first(c).update(patch_idx=0), "patch 0: is there twice"),
        (lambda c: _first(c).update(patch_idx=6), "patch_idx is 6, expected an integer from 0 to 5"),
        (lambda c: _first(c).update(patch_col=2), "row 0, column 2, expected patch 2 there"),
        (lambda c: c["results"][0]["patches"].pop(), "5 patches, expected 6 for 2 rows × 3 columns"),
        (lambda c: c["results"][0].update(patches=[]), "no patches, expected at least one"),
        (lambda c: c["results"][1].update(image_idx=0), "image_idx 0 is there twice"),
        (lambda c: c["results"][1].update(image_idx=5), "image_0005.jpg: no such file, expected the canvas"),
        (lambda c: c["results"][1].update(ground_truth_caption="Else."), "another ground_truth_caption"),
        (lambda c: c["results"][0].update(chunks=[{}, {}]), "2 chunks, expected one"),
        (lambda c: c.update(results={}), "results is dict, expected a list"),
        (lambda c: c.update(results=[]), "no images in it"),
        (lambda c: c.update(results=[3]), "no 'image_idx'"),
        (lambda c: c.update(layer_idx=7), "layer_idx is 7, expected 2 as in the file's name"),
        (lambda c: c.update(splits=[]), "expected it here"),
    ],
)
def test_a_broken_file_is_named_with_the_place_and_what_was_expected(
    folder: Path, change: published.Change, expected: str
) -> None:
    path = published.flat_file(folder, "logit", 2)
    published.edit(path, change)
    message = refusal(folder)
    assert expected in message
    assert path.name in message
    assert "Molmo-7B-D-0924" in message


def _cut(folder: Path) -> None:
    path = published.flat_file(folder, "embedding", 0)
    path.write_bytes(path.read_bytes()[:-20])


def _other_count(folder: Path) -> None:
    def drop_row(content: dict[str, Any]) -> None:
        for entry in content["results"]:
            entry["patches"] = entry["patches"][:3]

    published.edit(published.flat_file(folder, "logit", 2), drop_row)


def _twin(folder: Path) -> None:
    file = published.flat_file(folder, "logit", 0)
    (file.parent / "logit_lens_layer0_topk9.json").write_bytes(file.read_bytes())


def _lite_twin(folder: Path) -> None:
    lens_folder = published.chunked_file(folder, "logit", 0).parent
    lens_folder.with_name(lens_folder.name + "_lite10").mkdir()
    file = published.chunked_file(folder, "logit", 0)
    (lens_folder.with_name(lens_folder.name + "_lite10") / file.name).write_bytes(file.read_bytes())


def _no_images(folder: Path) -> None:
    for path in (folder / "images").iterdir():
        path.unlink()
    (folder / "images").rmdir()


def _image_not_square(folder: Path) -> None:
    Image.new("RGB", (48, 32)).save(folder / "images" / "image_0001.jpg")


def _too_deep(folder: Path) -> None:
    file = published.flat_file(folder, "embedding", 0)
    published.edit(file, lambda content: content.update(layer=29))
    file.rename(file.with_name("nearest_neighbors_layer29_topk5.json"))


@pytest.mark.parametrize(
    ("damage", "expected"),
    [
        (_cut, "nearest_neighbors_layer0_topk5.json: not valid JSON"),
        (
            lambda folder: published.flat_file(folder, "logit", 0).write_bytes(b"\xff\xfe{"),
            "logit_lens_layer0_topk5.json: not valid JSON",
        ),
        (
            lambda folder: published.flat_file(folder, "logit", 0).write_text("[" * 100_000),
            "logit_lens_layer0_topk5.json: not valid JSON",
        ),
        (
            lambda folder: published.flat_file(folder, "logit", 0).write_text("[]"),
            "is a JSON list, expected an object",
        ),
        (_other_count, "image 0 has 3 patches, expected 6 as in the model's other files"),
        (_twin, "expected one file of each layer"),
        (_lite_twin, "both mean model 'olmo-7b_vit-l-14-336'"),
        (_no_images, "images: no such folder, expected the canvases"),
        (lambda folder: (folder / "images" / "image_0001.jpg").unlink(), "image_0001.jpg: no such file"),
        (
            lambda folder: (folder / "images" / "image_0001.jpg").write_text("GIF89a"),
            "image_0001.jpg: cannot be read as JPEG, PNG or WebP",
        ),
        (_image_not_square, "expected rows and columns, or a square"),
        (_too_deep, "vision layer 29, expected at most 28"),
    ],
)
def test_a_damaged_folder_is_refused_in_one_line(
    folder: Path, damage: Callable[[Path], None], expected: str
) -> None:
    damage(folder)
    assert expected in refusal(folder)


def test_a_count_that_is_no_square_is_never_guessed(tmp_path: Path) -> None:
    folder = published.write_published(tmp_path / "published", chunked_cells=6)
    assert "6 patches without patch_row and patch_col" in refusal(folder)


@pytest.mark.parametrize("name", ["nowhere", "file", "empty"])
def test_a_folder_without_results_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_text("x")
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match=f"{name}: no .*expected"):
        import_vlens_json(tmp_path / name, tmp_path / "results")
    assert not (tmp_path / "results").exists()


def test_an_unknown_model_is_refused_with_the_known_ones(folder: Path) -> None:
    message = refusal(folder, models=["nope"])
    assert f"no model 'nope' in it, expected one of {published.FLAT_ID}, {published.CHUNKED_ID}" in message
    assert not (folder.parent / "results").exists()


def test_a_folder_that_holds_somebodys_files_is_left_alone(folder: Path, tmp_path: Path) -> None:
    output = tmp_path / "thesis"
    output.mkdir()
    (output / "chapter1.txt").write_text("dear")
    with pytest.raises(InputError, match="thesis: holds files that are not V-Lens results"):
        import_vlens_json(folder, output)
    assert [path.name for path in output.iterdir()] == ["chapter1.txt"]
    assert (output / "chapter1.txt").read_text() == "dear"
