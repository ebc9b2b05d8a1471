"""`vlens look` as a newcomer types it: a page is made, said where, opened if there is a screen."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from PIL import Image

import vlens
from data_pipeline.errors import InputError
from data_pipeline.store import Results
from tests.commands import fail
from tests.test_import_directions import run_without_torch
from vlens.cli import main

LOOK = ["look", "--model", "olmo-clip", "--layers", "0,N", "--sentences", "60"]
REMOTE = ("SSH_CONNECTION", "SSH_TTY", "CI", "DISPLAY", "WAYLAND_DISPLAY")


@pytest.fixture(autouse=True)
def opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Addresses that a browser was asked to open; the machine has no screen unless a test says so."""
    addresses: list[str] = []
    monkeypatch.setattr("webbrowser.open", addresses.append)
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("VLENS_CACHE", str(tmp_path / "cache"))
    for name in REMOTE:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return addresses


def test_a_toy_model_looks_at_a_drawn_scene(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], opened: list[str]
) -> None:
    assert main(LOOK) == 0
    (page,) = (tmp_path / "looks").glob("scene--olmo-clip-??????/models/olmo-clip.html")
    results, address = capsys.readouterr().out.splitlines()[-2:]
    assert address == f"Open {page.as_uri()}"
    assert "moon" in page.read_text(encoding="utf-8")
    assert opened == []
    (run, *_) = Results(Path(results.removeprefix("Results: "))).read("runs").to_pylist()
    assert run["command"] == "vlens look --model olmo-clip --layers 0,N --sentences 60"
    assert Path(results.removeprefix("Results: ")).is_relative_to(tmp_path / "cache")

    # The same look again needs neither torch nor transformers.
    done = run_without_torch(
        f"import os; sys.path.insert(0, os.getcwd()); os.chdir({str(tmp_path)!r})\n"
        "from vlens.cli import main; sys.exit(main(sys.argv[1:]))",
        *LOOK,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == address


@pytest.mark.parametrize(
    ("options", "environment", "expected"),
    [
        ([], {"DISPLAY": ":0"}, True),
        ([], {"WAYLAND_DISPLAY": "wayland-0"}, True),
        (["--no-open"], {"DISPLAY": ":0"}, False),
        ([], {"DISPLAY": ":0", "SSH_CONNECTION": "1.2.3.4 5 6.7.8.9 22"}, False),
        ([], {"DISPLAY": ":0", "CI": "true"}, False),
    ],
)
def test_the_page_is_opened_where_it_is_seen(
    options: list[str],
    environment: dict[str, str],
    expected: bool,
    opened: list[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    page = tmp_path / "page.html"
    monkeypatch.setattr("vlens.one_look.take_and_build", lambda *_: vlens.one_look.Looked(page, tmp_path))
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert main([*LOOK, *options]) == 0
    assert opened == [page.as_uri()] * expected


def test_what_cannot_be_written_to_is_refused_before_anything_is_computed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("mine")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("mine")
    assert "file: is a file, expected a folder for the site" in fail(capsys, *LOOK, "--output", "file")
    assert "mine: holds files that are not a V-Lens site" in fail(capsys, *LOOK, "--output", "mine")
    assert "file: is a file, expected a folder for results" in fail(capsys, *LOOK, "--results", "file")
    if Path("/proc").is_dir():  # says that it takes folders, and does not
        assert "/proc: cannot be written to" in fail(capsys, *LOOK, "--output", "/proc/x/y")
        assert "/proc: cannot be written to" in fail(capsys, *LOOK, "--results", "/proc/x")
    assert not (tmp_path / "cache").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["look"], "say which model with --model"),
        (["look", "photo.png", "--model", "olmo-clap"], "unknown model 'olmo-clap', did you mean olmo-clip"),
        (["look", "--model", "olmo-clip", "--layers", "-1"], "vision_layers: '-1' is not a layer"),
        (["look", "--model", "olmo-clip", "--layers", ""], "vision_layers: '' is not a layer"),
        (
            ["look", "--model", "olmo-clip", "--grid", "4"],
            "--grid '4': expected rows and columns, such as 16x24",
        ),
        (["look", "--model", "olmo-clip", "--scenes", "0"], "0 is not in the range x>=1"),
        (["look", "--model", "olmo-clip", "--scenes", "401"], "401 images asked for"),
        (["look", "missing.png", "--model", "olmo-clip"], "missing.png: no such image or folder"),
        (["look", "", "--model", "olmo-clip"], "an image's name is empty"),
        (["look", "missing.png", "--model", ""], "say which model with --model"),
    ],
)
def test_mistakes_are_one_line(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert message in fail(capsys, *arguments)


def test_any_name_of_a_file_will_do(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    name = os.fsdecode(b"<b>new\nline\xff 'x.png")
    Image.new("RGB", (40, 30), "blue").save(tmp_path / name, "PNG")
    assert main(["look", name, *LOOK[1:], "--output", "site", "--results", "results"]) == 0
    assert capsys.readouterr().out.splitlines()[-1].endswith("site/models/olmo-clip.html")
    manifest = Results(tmp_path / "results").manifest
    assert manifest.study.title == "<b>new\\nline\\udcff 'x.png"
    page = (tmp_path / "site" / "models" / "olmo-clip.html").read_text(encoding="utf-8")
    assert "<b>new" not in page


def test_from_python(tmp_path: Path) -> None:
    Image.new("RGB", (40, 30), "blue").save(tmp_path / "blue.png")
    looked = vlens.look("blue.png", "olmo-clip", layers=(0,), sentences=60, output="here", results="there")
    assert looked.page == Path("here/models/olmo-clip.html")
    assert looked.page.is_file()
    assert Results(Path("there")).read("images")["image_id"].to_pylist() == ["blue"]
    with pytest.raises(InputError, match="no such image"):
        vlens.look(["blue.png", "red.png"], "olmo-clip")
