"""What the documents say is held against what there is."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

from tests.commands import all_commands
from vlens import __version__
from vlens.data_format import markdown

ROOT = Path(__file__).parents[1]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")


def _id(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_the_data_format_is_the_one_in_the_schema() -> None:
    written = (ROOT / "docs" / "data-format.md").read_text(encoding="utf-8")
    assert written == markdown(), "refresh it: vlens schema > docs/data-format.md"


@pytest.mark.parametrize("words", all_commands(), ids=" ".join)
def test_every_command_is_documented(words: tuple[str, ...]) -> None:
    documents = "\n".join(path.read_text(encoding="utf-8") for path in DOCUMENTS)
    assert re.search(rf"\bvlens {re.escape(' '.join(words))}\b", documents)


@pytest.mark.parametrize("path", DOCUMENTS, ids=_id)
def test_links_lead_to_files_and_headings_that_exist(path: Path) -> None:
    for target in LINK.findall(path.read_text(encoding="utf-8")):
        if target.startswith(("https://", "mailto:")):
            continue
        file, _, heading = target.partition("#")
        place = (path.parent / file).resolve() if file else path
        assert place.exists(), f"{path.name}: {target}"
        if heading:
            assert heading in _headings(place), f"{path.name}: {target}"


def _headings(path: Path) -> set[str]:
    lines = re.findall(r"^#+ (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", line.lower()).replace(" ", "-") for line in lines}


@pytest.mark.parametrize("path", DOCUMENTS, ids=_id)
def test_paths_in_code_marks_exist(path: Path) -> None:
    """A document that names a source file names one that is there."""
    for name in re.findall(
        r"`((?:vlens|generator|data_pipeline|tests|benchmarks|scripts|studies)/[\w./-]+)`",
        path.read_text(encoding="utf-8"),
    ):
        assert (ROOT / name).exists(), f"{path.name}: {name}"


def tracked_text_files() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout")
    paths = [ROOT / name for name in listed.stdout.split("\0") if name]
    return [path for path in paths if path.is_file() and b"\0" not in path.read_bytes()[:4096]]


def test_no_file_names_a_package_registry_or_a_path_of_one_machine() -> None:
    hosts = ("pypi." + "org", "pythonhosted." + "org", "registry.npmjs." + "org", "download.pytorch." + "org")
    machine = re.compile(r"(?<![\w.])/(?:home/\w+|root|Users/\w+|work/\w+)/")
    for path in tracked_text_files():
        text = path.read_text(encoding="utf-8", errors="replace")
        assert not any(host in text for host in hosts), path
        assert not machine.search(text), f"{path}: {machine.search(text)}"


def test_the_changelog_has_this_version() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.search(rf"^## (Unreleased|{re.escape(__version__)})", changelog, re.MULTILINE)


def test_the_readme_says_how_long_the_toy_models_train() -> None:
    records = json.loads((ROOT / "data_pipeline/toy/weights/training.json").read_text(encoding="utf-8"))
    hours = sum(record["seconds"] for record in records.values()) / 3600
    said = re.search(r"([\d.]+) hours\s+of wall time", (ROOT / "README.md").read_text(encoding="utf-8"))
    assert said
    assert float(said[1]) == round(hours, 1)


def test_torch_is_pinned_in_one_place() -> None:
    pins = {
        _id(path)
        for path in tracked_text_files()
        if re.search(r"^[^#\n]*\btorch==\d", path.read_text(encoding="utf-8", errors="replace"), re.MULTILINE)
    }
    assert pins == {"constraints.txt"}
