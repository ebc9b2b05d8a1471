"""Output folders: what cannot be written to is refused before any work, what is somebody's is left alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from data_pipeline.errors import InputError
from data_pipeline.folders import check_output_folder, is_inside
from tests.commands import everything, replace_the_run
from vlens.cli import USER_ERROR, main
from vlens.commands.toy import MARKER as TOY_MARKER
from vlens.commands.toy import claim

TITLE = "V-Lens site; the files below are rewritten by each build"
NAMES = ("llms/olmo", "encoders/clip")


def fail(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    assert main([str(argument) for argument in arguments]) == USER_ERROR
    line = capsys.readouterr().err
    assert line.startswith("vlens: ") and line.count("\n") == 1
    assert ".partial" not in line
    return line


@pytest.fixture
def bad_paths(tmp_path: Path) -> dict[str, Path]:
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    return {
        "is a file": tmp_path / "file",
        "file is a file": tmp_path / "file" / "x",
        "is a link that leads nowhere": tmp_path / "dangling",
        "Too many levels of symbolic links": tmp_path / "loop",
        "File name too long": tmp_path / ("n" * 300),
    }


def test_a_path_that_cannot_be_a_folder_is_refused(bad_paths: dict[str, Path], tmp_path: Path) -> None:
    for words, path in bad_paths.items():
        with pytest.raises(InputError, match=f"{words}.*expected a folder for results"):
            check_output_folder(path, "results")
    check_output_folder(tmp_path / "new" / "folder", "results")
    check_output_folder(tmp_path, "results")


def test_every_command_that_writes_says_so_in_one_line(
    bad_paths: dict[str, Path], tiny_results: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for words, path in bad_paths.items():
        assert words in fail(capsys, "build", tiny_results, "--output-dir", path)
        assert words in fail(capsys, "demo", "--cache", path, "--output-dir", tmp_path / "site")
        assert words in fail(capsys, "run", "toy", "--results", path, "--num-images", "1")
        assert words in fail(capsys, "toy", "train", "--output-dir", path)
    assert (tmp_path / "file").read_text(encoding="utf-8") == "mine"


def test_every_command_that_reads_does_so_too(
    bad_paths: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for path in bad_paths.values():
        assert "expected" in fail(capsys, "check", path)
        assert "expected" in fail(capsys, "build", path, "--output-dir", tmp_path / "site")
        fail(capsys, "import", "vlens-json", path, "--output", tmp_path / "results")
        fail(capsys, "run", f"{path}.toml")


def test_results_do_not_take_their_own_site(
    tiny_results: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "lies in the results" in fail(capsys, "build", tiny_results, "--output-dir", tiny_results / "site")
    assert not (tiny_results / "site").exists()
    assert is_inside(tmp_path / "a" / "b", tmp_path) and not is_inside(tmp_path, tmp_path / "a")


# ---------------------------------------------------------------- markers


@pytest.mark.parametrize("marker", [b"", b"junk\n", b"\xff\xfe\x00", TITLE.encode() + b"\n"])
def test_a_marker_gives_up_only_the_files_that_it_lists(
    marker: bytes, tiny_results: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    site = tmp_path / "site"
    site.mkdir()
    (site / ".vlens-site").write_bytes(marker)
    (site / "index.html").write_text("mine", encoding="utf-8")
    assert str(site) in fail(capsys, "build", tiny_results, "--output-dir", site)
    assert {path.name for path in site.iterdir()} == {".vlens-site", "index.html"}
    assert (site / "index.html").read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize("name", ["index.html", ".vlens-site"])
def test_a_folder_where_a_file_goes_is_told_in_one_line(
    name: str, tiny_results: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    site = tmp_path / "site"
    (site / name).mkdir(parents=True)
    if name != ".vlens-site":
        (site / ".vlens-site").write_text(f"{TITLE}\n{name}\n", encoding="utf-8")
    assert f"{name}: " in fail(capsys, "build", tiny_results, "--output-dir", site)


# ---------------------------------------------------------------- toy weights


@pytest.mark.parametrize(
    "files",
    [
        {"training.json": '{"a": 1}'},
        {"training.json": "{}"},
        {"training.json": "[" * 100_000},
        {"index.html": "mine", "config.json": "{}"},
    ],
)
def test_a_folder_that_toy_train_did_not_make_is_left_alone(files: dict[str, str], tmp_path: Path) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match="holds files that are not toy weights; nothing was written"):
        claim(tmp_path, NAMES)
    assert {path.name: path.read_text(encoding="utf-8") for path in tmp_path.iterdir()} == files


def test_toy_train_goes_on_in_a_folder_of_its_own(tmp_path: Path) -> None:
    begun, finished = tmp_path / "begun", tmp_path / "finished"
    claim(begun, NAMES)
    (begun / "llms").mkdir()
    claim(begun, NAMES)
    assert (begun / TOY_MARKER).is_file()
    finished.mkdir()
    (finished / "training.json").write_text(json.dumps({"llms/olmo": {"steps": 6}}), encoding="utf-8")
    claim(finished, NAMES)
    assert [path.name for path in finished.iterdir()] == ["training.json"]


def test_an_output_folder_with_somebodys_files_is_left_alone(
    tiny_results: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    theirs = tmp_path / "papers"
    theirs.mkdir()
    (theirs / "index.html").write_text("<h1>My home page</h1>")
    line = fail(capsys, "build", tiny_results, "--output-dir", theirs)
    assert str(theirs) in line
    assert everything(theirs) == {"index.html": b"<h1>My home page</h1>"}


def test_an_output_folder_is_refused_before_anything_is_computed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    replace_the_run(monkeypatch, lambda *_positional, **_named: pytest.fail("computed"))
    (tmp_path / "notes.txt").write_text("mine")
    assert str(tmp_path) in fail(capsys, "demo", "--output-dir", tmp_path, "--cache", tmp_path / "cache")


def test_an_output_folder_that_is_a_file_is_left_alone(
    tiny_results: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "site").write_text("mine")
    assert "site" in fail(capsys, "build", tiny_results, "--output-dir", tmp_path / "site")
    assert (tmp_path / "site").read_text() == "mine"
