"""The tiny study's pages, compared with the files in tests/golden/tiny.

Refresh them after a change that is meant, and read the difference before committing it:

    python -m tests.generator.test_golden
"""

from __future__ import annotations

import re
import shutil
import sys
import tempfile
from pathlib import Path

import pytest

from generator.build import build_site
from tests.generator.tiny_study import write_tiny_study

GOLDEN = Path(__file__).parents[1] / "golden" / "tiny"
REFRESH = "python -m tests.generator.test_golden"

# What changes without the pages changing: inlined assets (they have tests of their own), coded blocks (other
# builds of zlib and Pillow pack otherwise), hashes over them, and the sizes of files.
VOLATILE = (
    (re.compile(r"(<style>).*?(</style>)", re.DOTALL), r"\1[style]\2"),
    (re.compile(r"(<script>).*?(</script>)", re.DOTALL), r"\1[script]\2"),
    (re.compile(r"(<script nonce=[^>]*>).*?(</script>)", re.DOTALL), r"\1[script]\2"),
    (re.compile(r'(id="(?:payload-[^"]*|modules)">)[^<]*'), r"\1[block]"),
    (re.compile(r"'(sha256|nonce)-[^']*'"), r"'\1-[hash]'"),
    (re.compile(r'nonce="[^"]*"'), 'nonce="[nonce]"'),
    (re.compile(r'"key": "[^"]*"'), '"key": "[key]"'),
    (re.compile(r"canvases/[0-9a-f]{16}"), "canvases/[hash]"),
    (re.compile(r"(data:image/[a-z]+;base64,)[^\"]*"), r"\1[image]"),
    (re.compile("[0-9.]+\u202f(?:kB|B)\\b"), "[size]"),
)


def scrubbed_pages(folder: Path) -> dict[str, str]:
    """Build the tiny study in `folder`; its pages by path, volatile parts replaced."""
    build_site(write_tiny_study(folder / "results"), folder / "site")
    pages = {}
    for path in sorted((folder / "site").rglob("*.html")):
        html = path.read_text(encoding="utf-8")
        for pattern, replacement in VOLATILE:
            html = pattern.sub(replacement, html)
        pages[path.relative_to(folder / "site").as_posix()] = html
    return pages


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return scrubbed_pages(tmp_path_factory.mktemp("golden"))


def test_no_page_is_missing_and_none_is_unexpected(pages: dict[str, str]) -> None:
    golden = {path.relative_to(GOLDEN).as_posix() for path in GOLDEN.rglob("*") if path.is_file()}
    assert set(pages) == golden, f"if this is meant: {REFRESH}"


@pytest.mark.parametrize(
    "path", sorted(path.relative_to(GOLDEN).as_posix() for path in GOLDEN.rglob("*.html"))
)
def test_a_page_is_as_it_was(pages: dict[str, str], path: str) -> None:
    expected = (GOLDEN / path).read_text(encoding="utf-8")
    assert pages[path].splitlines() == expected.splitlines(), f"if this is meant: {REFRESH}"


def refresh() -> None:
    """Rewrite the golden pages."""
    shutil.rmtree(GOLDEN, ignore_errors=True)
    with tempfile.TemporaryDirectory() as folder:
        for path, html in scrubbed_pages(Path(folder)).items():
            (GOLDEN / path).parent.mkdir(parents=True, exist_ok=True)
            (GOLDEN / path).write_text(html, encoding="utf-8")
            sys.stdout.write(f"wrote {GOLDEN / path}\n")


if __name__ == "__main__":
    refresh()
