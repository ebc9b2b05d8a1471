"""Files that are no longer as they were made: one sentence says so, and nothing wrong is shown."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from generator.build import build_site

MODEL = "models/alpha-wide.html"
CHANGED = "A file of this site was changed after it was made, or is read with a wrong character encoding."


@pytest.fixture
def reader(browser: Browser) -> Iterator[Page]:
    """A page that may complain."""
    context = browser.new_context()
    yield context.new_page()
    context.close()


@pytest.fixture(scope="module")
def filed_site(tiny_study_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny study's site with a data file for each image of each model."""
    output = tmp_path_factory.mktemp("filed") / "site"
    build_site(tiny_study_folder, output, images_in_page=1)
    return output


def rewrite(path: Path, change: Callable[[str], str]) -> None:
    before = path.read_bytes().decode()
    after = change(before)
    assert after != before
    path.write_bytes(after.encode())


def change_block(html: str, block: str) -> str:
    """`html` with two neighbours in a coded block changed about: no length and no character is new."""
    start = html.index(f'id="{block}">')
    end = html.index("</script>", start)
    places = range((start + end) // 2, end)
    at = next(at for at in places if html[at] != html[at + 1] and html[at : at + 2].isascii())
    return html[:at] + html[at + 1] + html[at] + html[at + 2 :]


CHANGES: dict[str, Callable[[str], str]] = {
    "wrong encoding": lambda html: html.replace('<meta charset="utf-8">', '<meta charset="windows-1252">'),
    "saved in a wrong encoding": lambda html: html.encode().decode("latin-1"),
    "scripts": lambda html: change_block(html, "modules"),
    "shared texts": lambda html: change_block(html, "payload-shared"),
    "an image's columns": lambda html: change_block(html, "payload-image-0"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_page_says_so(tiny_site: Path, tmp_path: Path, reader: Page, change: str) -> None:
    site = tmp_path / "site"
    shutil.copytree(tiny_site, site)
    rewrite(site / MODEL, CHANGES[change])
    reader.goto((site / MODEL).as_uri())
    expect(reader.locator("#notice")).to_contain_text(CHANGED)
    expect(reader.locator("html[data-ready]")).to_have_count(0)


def test_other_ends_of_lines_change_nothing(tiny_site: Path, tmp_path: Path, reader: Page) -> None:
    site = tmp_path / "site"
    shutil.copytree(tiny_site, site)
    rewrite(site / MODEL, lambda html: html.replace("\n", "\r\n"))
    reader.goto((site / MODEL).as_uri())
    expect(reader.locator("html[data-ready]")).to_have_count(1)


def test_a_changed_data_file_says_so_and_the_image_before_stays(
    filed_site: Path, tmp_path: Path, reader: Page
) -> None:
    site = tmp_path / "site"
    shutil.copytree(filed_site, site)
    files = sorted((site / MODEL).with_suffix("").glob("*.js"))
    rewrite(files[1], lambda text: text.encode().decode("latin-1"))
    reader.goto((site / MODEL).as_uri())
    expect(reader.locator("html[data-ready]")).to_have_count(1)
    first = reader.url
    reader.locator("#strip button, #strip a").nth(1).click()
    expect(reader.locator("#notice")).to_contain_text(CHANGED)
    expect(reader).to_have_url(first)
