"""Images inside tables: bytes are read, and nothing that a table points to."""

from __future__ import annotations

import hashlib
import io
import json
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from data_pipeline import locations
from data_pipeline.dataset_files import dataset_files, parquet_files
from data_pipeline.errors import InputError, RefusedImageError
from data_pipeline.image_tables import Columns, ImageTable
from data_pipeline.plan import make_plan
from data_pipeline.schema import check_id
from data_pipeline.study import load_study
from tests.data_pipeline.tiny_vlm_study import write_tiny_vlm_study


def png(red: int) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (3, 2), (red, 0, 0)).save(buffer, "PNG")
    return buffer.getvalue()


def as_datasets_writes(*reds: int) -> list[dict[str, Any]]:
    return [{"bytes": png(red), "path": f"{red}.png"} for red in reds]


def write(path: Path, columns: dict[str, Any], **options: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    table = columns if isinstance(columns, pa.Table) else pa.table(columns)
    pq.write_table(table, path, **options)
    return path


def write_saved(folder: Path, columns: dict[str, Any], files: int = 1, split: str = "train") -> Path:
    """The layout of `Dataset.save_to_disk` in datasets 4."""
    folder.mkdir(parents=True)
    table = pa.table(columns)
    names = [f"data-{number:05d}-of-{files:05d}.arrow" for number in range(files)]
    size = table.num_rows // files
    for number, name in enumerate(names):
        with pa.OSFile(str(folder / name), "wb") as sink, pa.ipc.new_stream(sink, table.schema) as stream:
            stream.write_table(table.slice(number * size, size), max_chunksize=1)
    state = {"_data_files": [{"filename": name} for name in names], "_split": split, "_format_type": None}
    (folder / "state.json").write_text(json.dumps(state))
    (folder / "dataset_info.json").write_text("{}")
    return folder


def table_of(*files: Path, **columns: str) -> ImageTable:
    return ImageTable("images", files, Columns(**columns))


def reds(source: ImageTable) -> list[Any]:
    return [source[index].pixels.getpixel((0, 0))[0] for index in range(len(source))]  # type: ignore[index]


def test_rows_of_several_files_and_row_groups_come_in_order(tmp_path: Path) -> None:
    columns = {"image": as_datasets_writes(*range(5)), "caption": ["a", "b", None, "d", ""]}
    first = write(tmp_path / "b.parquet", columns, row_group_size=2)
    second = write(tmp_path / "c.parquet", {key: value[:1] for key, value in columns.items()})
    source = table_of(first, second)
    assert len(source) == 6
    assert reds(source) == [0, 1, 2, 3, 4, 0]
    assert [source[n].caption for n in (5, 4, 3, 2, 1, 0)] == ["a", None, "d", None, "b", "a"]
    assert [source.image_id(n) for n in (0, 5)] == ["000000", "000005"]
    assert source[1].image_id == "000001"
    assert source[1].sha256 == hashlib.sha256(png(1)).hexdigest()


@pytest.mark.parametrize("kind", [pa.binary(), pa.large_binary(), pa.binary_view()])
def test_plain_bytes_are_read_too(tmp_path: Path, kind: pa.DataType) -> None:
    file = write(tmp_path / "a.parquet", {"jpg": pa.array([png(7), png(8)], kind)})
    assert reds(table_of(file, image="jpg")) == [7, 8]


def test_of_several_captions_the_first_is_taken(tmp_path: Path) -> None:
    texts = [["", "one", "two"], [], None]
    file = write(tmp_path / "a.parquet", {"image": as_datasets_writes(1, 2, 3), "texts": texts})
    source = table_of(file, caption="texts")
    assert [source[n].caption for n in range(3)] == ["one", None, None]
    assert table_of(file)[0].caption is None


def test_ids_are_values_of_their_column_made_fit_for_file_names(tmp_path: Path) -> None:
    values = ["a-1", "https://x.org/a b.png", "../up", "v1.0"]
    file = write(tmp_path / "a.parquet", {"image": as_datasets_writes(1, 2, 3, 4), "key": values})
    source = table_of(file, id="key")
    ids = [source.image_id(n) for n in range(4)]
    assert (ids[0], ids[3]) == ("a-1", "v1.0")
    assert ids[1].startswith("https_____x.org__a_b-")
    for image_id in ids:
        check_id(image_id, "id")
    numbers = write(tmp_path / "b.parquet", {"image": as_datasets_writes(1, 2), "key": [20, 3]})
    assert table_of(numbers, id="key")[0].image_id == "20"


def test_only_bytes_are_read(tmp_path: Path) -> None:
    inside = tmp_path / "secret.png"
    inside.write_bytes(png(9))
    rows = [
        {"bytes": None, "path": str(inside)},
        {"bytes": b"", "path": "https://x.org/a.png"},
        {"bytes": b"not a picture", "path": None},
        None,
        {"bytes": png(5), "path": "../../etc/passwd"},
    ]
    kind = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    source = table_of(write(tmp_path / "a.parquet", {"image": pa.array(rows, kind)}))
    for index, reason in enumerate(("only the path", "only the path", "not a picture", "holds nothing")):
        with pytest.raises(RefusedImageError, match=rf"^a\.parquet, row {index}: .*{reason}"):
            source[index]
    assert source[4].pixels.getpixel((0, 0)) == (5, 0, 0)


@pytest.mark.parametrize(
    ("columns", "wanted", "message"),
    [
        (
            {"image": ["https://x.org/a.png"]},
            {},
            "column 'image' holds string, expected the bytes of pictures",
        ),
        ({"image": [{"path": "a.png"}]}, {}, "expected the bytes of pictures"),
        ({"photo": [b"x"]}, {}, "no column 'image', expected one of photo"),
        ({"image": [b"x"], "caption": [3]}, {}, "column 'caption' holds int64, expected texts"),
        ({"image": [b"x"]}, {"caption": "text"}, "no column 'text'"),
        (
            {"image": [b"x"], "key": [0.5]},
            {"id": "key"},
            "column 'key' holds double, expected texts or whole",
        ),
        ({"image": [b"x", b"y"], "key": ["a", None]}, {"id": "key"}, "row 1 has no 'key'"),
        ({"image": [b"x", b"y"], "key": ["a", "a"]}, {"id": "key"}, "image id 'a' occurs twice"),
        ({"image": pa.array([], pa.binary())}, {}, "no rows in it"),
    ],
)
def test_tables_that_cannot_be_meant(
    tmp_path: Path, columns: dict[str, Any], wanted: dict[str, str], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        table_of(write(tmp_path / "a.parquet", columns), **wanted)


@pytest.mark.parametrize("name", ["a.parquet", "a.arrow"])
def test_files_that_are_no_tables_are_named(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("text")
    with pytest.raises(InputError, match=f"{name}: cannot be read"):
        table_of(tmp_path / name)


def test_a_damaged_row_group_is_named(tmp_path: Path) -> None:
    file = write(tmp_path / "a.parquet", {"image": as_datasets_writes(*range(50))}, compression="zstd")
    content = bytearray(file.read_bytes())
    content[4:200] = bytes(196)
    file.write_bytes(bytes(content))
    source = table_of(file)
    with pytest.raises(InputError, match=r"a\.parquet: cannot be read as Parquet"):
        source[0]


def test_damaged_arrow_files_are_read_or_refused_and_nothing_else(tmp_path: Path) -> None:
    columns = {"image": as_datasets_writes(1, 2), "caption": ["a", "b"], "key": ["x", "y"]}
    (file,) = (write_saved(tmp_path / "one", columns)).glob("*.arrow")
    whole, random = file.read_bytes(), np.random.default_rng(0)
    damages = [{int(place): int(random.integers(256))} for place in random.integers(0, len(whole), 200)]
    for damage in [*damages, {whole.index(b"caption"): 0xFF}]:
        damaged = bytearray(whole)
        for place, value in damage.items():
            damaged[place] = value
        file.write_bytes(bytes(damaged))
        try:
            source = table_of(file, id="key")
            for index in range(len(source)):
                source[index]
        except InputError as error:
            assert "\n" not in str(error)


def test_parquet_files_of_a_folder(tmp_path: Path) -> None:
    for name in ("b.parquet", "a/c.parquet", ".hidden/d.parquet"):
        write(tmp_path / name, {"image": as_datasets_writes(1)})
    assert parquet_files(tmp_path) == [tmp_path / "a/c.parquet", tmp_path / "b.parquet"]
    assert parquet_files(tmp_path / "b.parquet") == [tmp_path / "b.parquet"]
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match=r"empty: no \.parquet files"):
        parquet_files(tmp_path / "empty")
    with pytest.raises(InputError, match="gone: no such file or folder"):
        parquet_files(tmp_path / "gone")


def test_a_saved_data_set_is_read_in_its_own_order(tmp_path: Path) -> None:
    columns = {"image": as_datasets_writes(1, 2, 3, 4), "caption": list("abcd")}
    write_saved(tmp_path / "one", columns, files=2)
    files = dataset_files("one", tmp_path, None, None)
    source = table_of(*files)
    assert reds(source) == [1, 2, 3, 4]
    assert source[3].caption == "d"
    with pytest.raises(InputError, match="holds split 'train', expected 'test'"):
        dataset_files("one", tmp_path, "test", None)


def test_a_saved_dictionary_of_splits(tmp_path: Path) -> None:
    write_saved(tmp_path / "both" / "train", {"image": as_datasets_writes(1)})
    write_saved(tmp_path / "both" / "test", {"image": as_datasets_writes(2)}, split="test")
    (tmp_path / "both" / "dataset_dict.json").write_text('{"splits": ["train", "test", ".."]}')
    assert reds(table_of(*dataset_files("both", tmp_path, None, None))) == [1]
    assert reds(table_of(*dataset_files("both", tmp_path, "test", None))) == [2]
    for split in ("holiday", ".."):
        with pytest.raises(InputError, match="expected one of train, test"):
            dataset_files("both", tmp_path, split, None)


@pytest.mark.parametrize("name", ["../x.arrow", "/x.arrow", "x.pkl", "", 3, None, ".."])
def test_a_saved_data_set_names_files_beside_it_only(tmp_path: Path, name: object) -> None:
    write_saved(tmp_path / "one", {"image": as_datasets_writes(1)})
    (tmp_path / "one" / "state.json").write_text(json.dumps({"_data_files": [{"filename": name}]}))
    with pytest.raises(InputError, match=r"state\.json names"):
        dataset_files("one", tmp_path, None, None)


@pytest.mark.parametrize("text", ["", "[]", "{", "{}", '{"_data_files": 3}'])
def test_records_of_saved_data_sets_are_checked(tmp_path: Path, text: str) -> None:
    (tmp_path / "state.json").write_text(text)
    with pytest.raises(InputError, match=r"state\.json"):
        dataset_files(".", tmp_path, None, None)


LAYOUTS = {
    "pushed": (["data/train-00000-of-00002.parquet", "data/train-00001-of-00002.parquet"], None),
    "converted": (["default/train/0000.parquet", "default/train/0001.parquet"], None),
    "subset": (["en/train-00000-of-00001.parquet"], "en"),
    "bare": (["train.parquet"], None),
}


@pytest.mark.parametrize(("wanted", "subset"), LAYOUTS.values(), ids=LAYOUTS)
def test_a_repositorys_split_is_found_in_the_layouts_of_the_hub(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wanted: list[str], subset: str | None
) -> None:
    others = ["data/test-00000-of-00001.parquet", "data/train_extra-00000-of-00001.parquet", "notes.txt"]
    others += ["fr/train-00000-of-00001.parquet"] if subset else []
    for name in [*wanted, *others]:
        write(tmp_path / name, {"image": as_datasets_writes(1)})
    asked: dict[str, Any] = {}

    def snapshot_download(repository: str, **options: Any) -> str:
        asked.update(options, repository=repository)
        return str(tmp_path)

    monkeypatch.setattr("huggingface_hub.snapshot_download", snapshot_download)
    files = dataset_files("hub:org/name@abc", Path("elsewhere"), None, subset)
    assert files == [tmp_path / name for name in wanted]
    assert (asked["repository"], asked["revision"], asked["repo_type"]) == ("org/name", "abc", "dataset")
    patterns = asked["allow_patterns"]
    chosen = {name for name in [*wanted, *others] if any(fnmatch(name, pattern) for pattern in patterns)}
    assert set(wanted) <= chosen
    assert not chosen & {"data/test-00000-of-00001.parquet", "notes.txt"}


def test_splits_and_subsets_that_cannot_be_told_apart_are_asked_for(tmp_path: Path) -> None:
    for name in ("en/train-00000-of-00001.parquet", "fr/train-00000-of-00001.parquet"):
        write(tmp_path / name, {"image": as_datasets_writes(1)})
    with pytest.raises(InputError, match="lies in en, fr; name one with the key 'subset'"):
        dataset_files(".", tmp_path, None, None)
    with pytest.raises(InputError, match="no Parquet files of split 'train' of subset 'de'"):
        dataset_files(".", tmp_path, None, "de")


def test_the_hub_out_of_reach_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(*_: object, **__: object) -> str:
        raise OSError("no network\nat all")

    monkeypatch.setattr("huggingface_hub.snapshot_download", unreachable)
    with pytest.raises(InputError, match=r"hub:o/n: cannot be had from the Hugging Face Hub \(no network\)$"):
        locations.snapshot("o/n", ["*"], "dataset")


@pytest.mark.parametrize(
    ("images", "message"),
    [
        ('source = "parquet"', "source 'parquet' needs the key 'path'"),
        ('source = "hub-dataset"', "source 'hub-dataset' needs the key 'path'"),
        ('source = "parquet", path = "hub:o/n"', "a data set of the hub is source 'hub-dataset'"),
        ('source = "parquet", path = "a.parquet", folder = "x"', "key 'folder' has no place with source"),
        ('source = "toy-scenes", path = "x"', "key 'path' has no place with source 'toy-scenes'"),
        ('source = "hub-dataset", path = "hub:../n"', "not like hub:organisation/name"),
        ('source = "hub-dataset", path = "x", split = "../x"', "images, split"),
        ('source = "hub-dataset", path = "x", subset = "*"', "images, subset"),
    ],
)
def test_keys_of_a_study_that_cannot_be_meant(tmp_path: Path, images: str, message: str) -> None:
    file = tmp_path / "study.toml"
    file.write_text(
        f'id = "s"\ntitle = "S"\nimages = {{ {images} }}\n[[model]]\nid = "m"\ntitle = "M"\nvlm = "x"\n'
    )
    with pytest.raises(InputError, match=message):
        load_study(file)


def test_a_study_of_a_table_and_one_of_a_data_set(tmp_path: Path) -> None:
    file = write_tiny_vlm_study(tmp_path)
    old = 'source = "toy-scenes", split = "tune"'
    columns = {"photo": as_datasets_writes(1, 2), "text": ["a", "b"], "key": ["k1", "k2"]}
    write(tmp_path / "rows" / "train-00000-of-00001.parquet", columns)
    names = 'image_column = "photo", caption_column = "text", id_column = "key"'
    for source in ('source = "parquet"', 'source = "hub-dataset", split = "train"'):
        changed = tmp_path / "changed.toml"
        changed.write_text(file.read_text().replace(old, f'{source}, path = "rows", {names}'))
        plan = make_plan(load_study(changed), None, ablations=False)
        found = [(image.image_id, image.caption) for image in plan.images()]
        assert found == [("k1", "a"), ("k2", "b")]
