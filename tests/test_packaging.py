"""Installed as wheel, editable or bare checkout, V-Lens finds its templates, styles, queries and weights."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CONTENT = (
    *("vlens", "generator", "data_pipeline", "templates", "assets", "studies"),
    *("pyproject.toml", "README.md", "LICENSE", ".gitignore"),
)

pytestmark = pytest.mark.slow


def run(*command: object, cwd: Path) -> str:
    """Run a command in a world where neither this checkout nor its environment variables count."""
    environment = {
        key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "VIRTUAL"))
    }
    done = subprocess.run(
        [str(word) for word in command], cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the files that a distribution is made from."""
    copy = tmp_path_factory.mktemp("checkout")
    for name in CONTENT:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, copy / name)
    return copy


def build(target: str, source: Path, folder: Path) -> Path:
    """Build a wheel or sdist of `source` with the hatchling of this environment."""
    run(sys.executable, "-m", "hatchling", "build", "-t", target, "-d", folder, cwd=source)
    (built,) = folder.iterdir()
    return built


@pytest.fixture(scope="module")
def wheel(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build("wheel", checkout, tmp_path_factory.mktemp("wheel"))


def fresh_environment(folder: Path) -> Path:
    """A virtual environment that sees this one's libraries, but nothing of ours; its interpreter."""
    venv.create(folder, with_pip=True, symlinks=True)
    (site_packages,) = folder.glob("lib/python*/site-packages")
    (site_packages / "libraries.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return folder / "bin" / "python"


def files_of(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def test_the_wheel_holds_what_is_read_at_run_time_and_nothing_else(wheel: Path) -> None:
    files = files_of(wheel)
    moved = {
        "templates": "generator/templates",
        "assets": "generator/assets",
        "studies": "data_pipeline/studies",
    }
    for folder, place in moved.items():
        sources = [path for path in (ROOT / folder).rglob("*") if path.is_file()]
        assert sources
        assert {f"{place}/{path.relative_to(ROOT / folder)}" for path in sources} <= files
    for pattern in (
        "generator/sql/*.sql",
        "data_pipeline/judges/prompts/*.md",
        "data_pipeline/toy/weights/**/*.safetensors",
        "*/py.typed",
    ):
        expected = {str(path.relative_to(ROOT)) for path in ROOT.glob(pattern)}
        assert expected
        assert expected <= files
    assert {name.split("/")[0].split("-")[0] for name in files} == {"vlens", "generator", "data_pipeline"}


def test_the_source_distribution_builds_the_same_wheel(checkout: Path, wheel: Path, tmp_path: Path) -> None:
    (tmp_path / "sdist").mkdir()
    (tmp_path / "wheel").mkdir()
    with tarfile.open(build("sdist", checkout, tmp_path / "sdist")) as archive:
        archive.extractall(tmp_path / "unpacked", filter="data")
    (source,) = (tmp_path / "unpacked").iterdir()
    assert files_of(build("wheel", source, tmp_path / "wheel")) == files_of(wheel)


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("elsewhere")


def build_site(command: list[object], results: Path, folder: Path, cwd: Path) -> bytes:
    run(*command, "build", results, "--output-dir", folder, cwd=cwd)
    return (folder / "index.html").read_bytes()


def test_every_way_to_install_builds_the_same_site(
    checkout: Path, wheel: Path, elsewhere: Path, tiny_study_folder: Path, tmp_path: Path
) -> None:
    installed = fresh_environment(tmp_path / "installed")
    run(installed, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", wheel, cwd=elsewhere)
    where = "import generator, data_pipeline; print(generator.__file__, data_pipeline.__file__)"
    assert run(installed, "-c", where, cwd=elsewhere).count(str(tmp_path / "installed")) == 2
    editable = fresh_environment(tmp_path / "editable")
    run(
        *(editable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--no-build-isolation"),
        *("--editable", checkout),
        cwd=elsewhere,
    )
    assert run(editable, "-c", where, cwd=elsewhere).count(str(checkout)) == 2
    pages = [
        build_site([installed.parent / "vlens"], tiny_study_folder, tmp_path / "site-1", elsewhere),
        build_site([editable.parent / "vlens"], tiny_study_folder, tmp_path / "site-2", elsewhere),
        build_site([sys.executable, "-m", "vlens"], tiny_study_folder, tmp_path / "site-3", checkout),
    ]
    assert len(pages[0]) > 1000
    assert pages[0] == pages[1] == pages[2]


def test_a_shipped_study_is_found_by_its_name_in_the_wheel(
    wheel: Path, elsewhere: Path, tmp_path: Path
) -> None:
    installed = fresh_environment(tmp_path / "installed")
    run(installed, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", wheel, cwd=elsewhere)
    code = "from data_pipeline.study import load_study; print(load_study('toy').id)"
    assert run(installed, "-c", code, cwd=elsewhere) == "toy\n"
