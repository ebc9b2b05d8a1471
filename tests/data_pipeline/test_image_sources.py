"""Images of drawn scenes and of folders, with captions and regions."""

from __future__ import annotations

import hashlib
import io
import json
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from data_pipeline.errors import InputError, RefusedImageError
from data_pipeline.image_sources import ImageFolder, ToyScenes, id_of_path
from data_pipeline.schema import check_id


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
        ("captions.jsonl", '{"file": "b.png", "caption": 3}', "caption of entry 1 is 3, expected a text"),
        ("captions.csv", "file,caption\nb.png," + "x" * 200_000, "cannot be read as CSV"),
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
    with pytest.raises(RefusedImageError, match="outside of the images' folder"):
        source[0]
    (folder / "inside" / "link.png").symlink_to(folder / "b.png")
    (folder / "inside" / "captions.csv").write_text('file\nlink.png\n"a\0b.png"\n..\n/etc\n')
    source = ImageFolder(folder / "inside")
    for index in range(4):
        with pytest.raises(RefusedImageError):
            source[index]


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


def test_folders_inside_count_hidden_files_do_not_and_any_name_gives_an_id(tmp_path: Path) -> None:
    names = ["holiday 1.jpg", "猫.png", "x.png", "x.jpg", "a/x.png", "a/b/c...d.png", "ID.JPG"]
    for name in [*names, ".hidden.png", "a/._x.png", ".cache/x.png"]:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (2, 2)).save(tmp_path / name)
    source = ImageFolder(tmp_path)
    found = dict(zip([row["file"] for row in source._rows], source._ids, strict=True))
    assert sorted(found) == sorted(names)
    assert list(found) == sorted(found)
    assert found["holiday 1.jpg"] == "holiday_1"
    assert found["a/x.png"] == "a__x"
    assert found["a/b/c...d.png"] == "a__b__c_d"
    assert found["ID.JPG"] == "ID"
    assert found["猫.png"] == "image-" + hashlib.sha256("猫.png".encode()).hexdigest()[:8]
    assert found["x.png"] == "x-" + hashlib.sha256(b"x.png").hexdigest()[:8]
    assert found["x.jpg"] == "x-" + hashlib.sha256(b"x.jpg").hexdigest()[:8]
    for image_id in found.values():
        check_id(image_id, "id")


@pytest.mark.parametrize(
    "name", ["", ".", "..", "../..", "/", "x/", "a" * 300, "a\0b", "\udcff.png", "a..b", ".a", "-", "𝔸"]
)
def test_ids_of_hostile_names_can_be_used(name: str) -> None:
    check_id(id_of_path(name), "id")


def test_names_that_are_not_utf8_are_read(tmp_path: Path) -> None:
    path = os.fsencode(tmp_path) + b"/\xff.png"
    Image.new("RGB", (2, 2), "red").save(Path(os.fsdecode(path)))
    assert ImageFolder(tmp_path)[0].pixels.getpixel((0, 0)) == (255, 0, 0)


def test_a_folders_own_captions_are_read(folder: Path) -> None:
    captions(folder, "file,caption\nb.png,red\n")
    source = ImageFolder(folder)
    assert [source[n].caption for n in range(len(source))] == ["red"]


def test_questions_come_from_the_captions_file(folder: Path) -> None:
    captions(folder, "file,caption,question,answer\nb.png,red,Is it red?,yes\na.jpg,,,\n")
    source = ImageFolder(folder)
    assert [(source[n].question, source[n].answer) for n in range(2)] == [("Is it red?", "yes"), (None, None)]


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
