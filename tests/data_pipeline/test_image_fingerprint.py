"""A training is not gone on with where captions or images changed, but is where they are a copy."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from data_pipeline.errors import InputError
from data_pipeline.plan import image_source
from data_pipeline.study import ImageSettings, load_study
from data_pipeline.training import image_fingerprint
from data_pipeline.training.connector_training import train_study_model
from data_pipeline.training.image_fingerprint import contents_hash, fingerprint
from tests.data_pipeline.tiny_training import SHARED, write_pictures, write_tiny_training


def of(base: Path, **keys: str | int) -> dict[str, object]:
    """The fingerprint of the images that `keys` name."""
    settings = ImageSettings.model_validate(keys)
    study = load_study(write_tiny_training(base)) if not (base / "study.toml").exists() else None
    study = study or load_study(base / "study.toml")
    source = image_source(study.model_copy(update={"images": settings}))
    return fingerprint(source, settings, base)


def change_a_caption(folder: Path) -> None:
    file = folder / "captions.csv"
    file.write_text(file.read_text().replace("a red bird", "a big bird", 1))


def change_a_picture(folder: Path) -> None:
    content = bytearray((folder / "7.png").read_bytes())
    content[-20] ^= 1  # of the same size
    (folder / "7.png").write_bytes(content)


def remove_a_picture(folder: Path) -> None:
    (folder / "7.png").unlink()


@pytest.mark.parametrize(
    ("change", "part"),
    [
        (change_a_caption, "captions"),
        (change_a_picture, "image_contents"),
        (remove_a_picture, "image_contents"),
    ],
)
def test_a_changed_folder_has_another_fingerprint(
    tmp_path: Path, change: Callable[[Path], None], part: str
) -> None:
    before = of(tmp_path, source="folder", folder="pictures")
    change(tmp_path / "pictures")
    after = of(tmp_path, source="folder", folder="pictures")
    assert {name for name in before if before[name] != after[name]} == {part}


def test_a_copy_has_the_same_fingerprint_whatever_its_times(tmp_path: Path) -> None:
    before = of(tmp_path, source="folder", folder="pictures")
    shutil.copytree(tmp_path / "pictures", tmp_path / "copy")
    for file in (tmp_path / "copy").iterdir():
        os.utime(file, (1, 1))
    assert of(tmp_path, source="folder", folder="copy") == before
    (tmp_path / "copy/notes.png").write_bytes(b"listed nowhere")
    assert of(tmp_path, source="folder", folder="copy") == before


def test_names_outside_of_the_folder_are_not_read(tmp_path: Path) -> None:
    write_tiny_training(tmp_path)
    (tmp_path / "secret.png").write_bytes(b"1")
    lines = f"file,caption\n../secret.png,a\n{'x' * 300}.png,b\n1.png,c\n/etc/passwd,d\n"
    (tmp_path / "pictures/captions.csv").write_text(lines)
    before = of(tmp_path, source="folder", folder="pictures")
    (tmp_path / "secret.png").write_bytes(b"22")
    assert of(tmp_path, source="folder", folder="pictures") == before


@pytest.mark.parametrize("column", ["caption", "image"])
def test_a_changed_table_has_another_fingerprint(tmp_path: Path, column: str) -> None:
    write_tiny_training(tmp_path)

    def write(texts: list[str], pictures: list[bytes]) -> dict[str, object]:
        table = pa.table({"image": pictures, "caption": texts})
        pq.write_table(table, tmp_path / "t.parquet", compression="none", row_group_size=2)
        return of(tmp_path, source="parquet", path="t.parquet")

    texts, pictures = ["one", "two", "six"], [b"1" * 9, b"2" * 9, b"3" * 9]
    before = write(texts, pictures)
    assert write(texts, pictures) == before
    changed = {"caption": (["one", "two", "ten"], pictures), "image": (texts, [*pictures[:2], b"4" * 9])}
    after = write(*changed[column])
    assert (before["captions"] != after["captions"]) == (column == "caption")
    assert before["image_contents"] != after["image_contents"]


def test_scenes_of_another_seed_have_another_fingerprint(tmp_path: Path) -> None:
    one, two = (of(tmp_path, source="toy-scenes", split="tune", seed=seed) for seed in (1, 2))
    assert one != two and one == of(tmp_path, source="toy-scenes", split="tune", seed=1)


def test_of_large_files_blocks_all_over_and_the_last_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(image_fingerprint, "BLOCK", 4)
    monkeypatch.setattr(image_fingerprint, "MOST_BLOCKS", 5)
    files = [(name, tmp_path / name) for name in "ab"]
    content = bytes(range(40))  # ten blocks, of which every fourth is read: 0, 4 and 8 of a, 2 and 6 of b

    def seen(name: str, block: int, with_ends: bool) -> bool:
        for _, path in files:
            path.write_bytes(content)
        before = contents_hash(files, with_ends)
        changed = bytearray(content)
        changed[4 * block] ^= 1
        (tmp_path / name).write_bytes(changed)
        return contents_hash(files, with_ends) != before

    assert [block for block in range(10) if seen("a", block, False)] == [0, 4, 8]
    assert [block for block in range(10) if seen("b", block, False)] == [2, 6]
    assert [block for block in range(10) if seen("b", block, True)] == [2, 6, 9]


def test_a_training_does_not_go_on_with_other_captions_or_images(tmp_path: Path) -> None:
    study = load_study(write_tiny_training(tmp_path, SHARED.replace("steps = 8", "steps = 1")))
    assert train_study_model(study, "plain").made_now == 1
    change_a_picture(tmp_path / "pictures")
    with pytest.raises(InputError, match="holds a training with other images than now; go on with what"):
        train_study_model(study, "plain")
    shutil.rmtree(tmp_path / "pictures")
    write_pictures(tmp_path / "pictures")
    assert train_study_model(study, "plain").made_now == 0
    change_a_caption(tmp_path / "pictures")
    with pytest.raises(InputError, match="holds a training with other captions than now"):
        train_study_model(study, "plain")
    shutil.rmtree(tmp_path / "pictures")
    write_pictures(tmp_path / "pictures")
    Image.new("RGB", (9, 9)).save(tmp_path / "pictures/3.png")
    with pytest.raises(InputError, match="holds a training with other images than now"):
        train_study_model(study, "plain")
