"""Images of drawn scenes and of folders, with captions and regions."""

from __future__ import annotations

import hashlib
import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from data_pipeline.errors import InputError
from data_pipeline.image_sources import ImageFolder, ToyScenes


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, colour in (("b.png", "red"), ("a.jpg", "blue")):
        Image.new("RGB", (12, 8), colour).save(tmp_path / name)
    (tmp_path / "notes.txt").write_text("not a picture")
    return tmp_path


def captions(folder: Path, text: str, name: str = "captions.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_a_folder_without_captions_is_read_in_the_order_of_names(folder: Path) -> None:
    source = ImageFolder(folder)
    assert len(source) == 2
    assert [source[n].image_id for n in range(2)] == ["a", "b"]
    assert source[1].caption is None
    assert source[1].pixels.getpixel((0, 0)) == (255, 0, 0)
    assert source[1].sha256 == hashlib.sha256((folder / "b.png").read_bytes()).hexdigest()


def test_a_captions_file_gives_order_captions_and_ids(folder: Path) -> None:
    text = 'file,caption,id\nb.png,"red, </script> & ""quoted"" שלום",first\na.jpg,,\n'
    source = ImageFolder(folder, captions(folder, text))
    assert [source[n].image_id for n in range(2)] == ["first", "a"]
    assert source[0].caption == 'red, </script> & "quoted" שלום'
    assert source[1].caption is None


def test_json_lines_may_have_regions(folder: Path) -> None:
    row = {"file": "b.png", "caption": "red", "regions": [{"words": ["house"], "box": [1, 2, 5, 6]}]}
    source = ImageFolder(folder, captions(folder, json.dumps(row) + "\n\n", "captions.jsonl"))
    (region,) = source[0].regions
    assert (region.kind, region.words, region.box, region.mask) == ("object", ("house",), (1, 2, 5, 6), None)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("captions.csv", "picture,caption\nb.png,x\n", "entry 1 has no 'file'"),
        ("captions.csv", "file,caption\n", "lists no images"),
        ("captions.csv", "file,id\nb.png,same\na.jpg,same\n", "image id 'same' occurs twice"),
        ("captions.csv", "file,id\nb.png,../x\n", "image id '../x' cannot be used"),
        ("captions.jsonl", "{\n", "line 1 is not JSON"),
        ("captions.jsonl", '"text"\n', "entry 1 has no 'file'"),
    ],
)
def test_a_captions_file_that_cannot_be_meant(folder: Path, name: str, text: str, message: str) -> None:
    path = captions(folder, text, name)
    with pytest.raises(InputError, match=message) as caught:
        ImageFolder(folder, path)
    assert name in str(caught.value)


def test_images_outside_of_the_folder_are_refused(folder: Path) -> None:
    (folder / "inside").mkdir()
    source = ImageFolder(folder / "inside", captions(folder, "file,caption\n../b.png,x\n"))
    with pytest.raises(InputError, match="outside of the images' folder"):
        source[0]


def test_missing_folders_files_and_broken_regions_are_named(folder: Path) -> None:
    with pytest.raises(InputError, match="nowhere: no such folder"):
        ImageFolder(folder / "nowhere")
    (folder / "empty").mkdir()
    with pytest.raises(InputError, match="empty: no images in it"):
        ImageFolder(folder / "empty")
    with pytest.raises(InputError, match=r"missing\.csv: cannot be read"):
        ImageFolder(folder, folder / "missing.csv")
    with pytest.raises(InputError, match=r"gone\.png: no such image"):
        ImageFolder(folder, captions(folder, "file,caption\ngone.png,x\n"))[0]
    row = {"file": "b.png", "regions": [{"words": ["house"], "box": [1, 2]}]}
    with pytest.raises(InputError, match=r"b\.png: region 0: expected words and a box"):
        ImageFolder(folder, captions(folder, json.dumps(row), "c.jsonl"))[0]


def test_toy_scenes_are_the_same_each_time_and_their_masks_cover_the_picture() -> None:
    source = ToyScenes("tune", 0)
    first, again = source[3], ToyScenes("tune", 0)[3]
    assert first.sha256 == again.sha256
    assert first.image_id == "tune-0003"
    assert first.sha256 != source[4].sha256
    covered = np.zeros((first.pixels.height, first.pixels.width), int)
    for region in first.regions:
        left, top, right, bottom = (int(edge) for edge in region.box)
        mask = np.asarray(Image.open(io.BytesIO(region.mask or b"")))
        assert mask.shape == (bottom - top, right - left)
        covered[top:bottom, left:right] += mask
    assert (covered == 1).all()
    assert {region.kind for region in first.regions} == {"object", "background"}


def test_unknown_splits_are_refused() -> None:
    with pytest.raises(InputError, match="unknown split 'test'"):
        ToyScenes("test", 0)
