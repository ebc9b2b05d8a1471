"""A phone: taps pin, nothing needs a hover."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.model_page import ModelPage


@pytest.fixture
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    return {
        **browser_context_args,
        "viewport": {"width": 390, "height": 844},
        "has_touch": True,
        "is_mobile": True,
    }


def test_a_tap_pins_a_patch(page: Page, tiny_site: Path) -> None:
    opened = ModelPage.open(page, tiny_site / "models/alpha-round.html", "#image=scene-0&layer=2")
    page.touchscreen.tap(*opened.point(1, 0))
    assert opened.state()["patch"] == "1,0"
    page.touchscreen.tap(*opened.point(0, 2))
    assert opened.title() == "Patch at row 0, column 2"
    page.locator("#strip a").nth(1).tap()
    assert opened.state()["image"] == "scene-1"
    page.locator("#layer-up").tap()
    assert opened.state()["layer"] == "4"


def test_a_tap_shows_words_without_scrolling(page: Page, tiny_site: Path) -> None:
    opened = ModelPage.open(page, tiny_site / "models/alpha-round.html", "#image=scene-0&layer=2")
    line = page.locator("#first-words")
    page.touchscreen.tap(*opened.point(1, 0))
    expect(line).to_be_in_viewport(ratio=1)
    expect(line.locator(".place")).to_have_text("row 1, column 0")
    firsts = [opened.tokens(lens)[0] for lens in ("embedding", "logit", "contextual")]
    assert line.locator(".token").all_text_contents() == firsts


def test_what_is_tapped_is_at_least_24_pixels_high(page: Page, tiny_site: Path) -> None:
    hash_ = "#image=scene-0&layer=2&patch=0,0&map=words&lens=contextual"
    ModelPage.open(page, tiny_site / "models/alpha-round.html", hash_)
    kinds = "#layer-table button, #legend button, .choices label, #layer-ticks button, .pin button"
    targets = page.locator(f":is({kinds}, .region-button):visible")
    boxes = [target.bounding_box() for target in (*targets.all(), *page.locator(".tool:visible").all())]
    assert len(boxes) > 10
    assert [box for box in boxes if not box or box["height"] < 24 or box["width"] < 24] == []


@pytest.mark.parametrize("width", [390, 1024])
def test_the_tools_stay_in_the_headers_first_row(page: Page, tiny_site: Path, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 844})
    ModelPage.open(page, tiny_site / "models/alpha-round-linear.html")
    tops = [page.locator(part).bounding_box() for part in (".breadcrumb", ".tools")]
    assert tops[0]
    assert tops[1]
    assert tops[1]["y"] < tops[0]["y"] + tops[0]["height"]
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_phone_goes_all_the_way_by_touch(page: Page, tiny_site: Path) -> None:
    """Pin, search, see all layers, save and cite, without a key and without a hover."""
    opened = ModelPage.open(page, tiny_site / "models/alpha-round.html", "#image=scene-0&layer=2&map=words")
    page.touchscreen.tap(*opened.point(0, 1))
    page.touchscreen.tap(*opened.point(1, 2))
    assert opened.state()["pins"] == "0,1;1,2"
    page.locator("#search-button").tap()
    page.locator("#search-text").fill("dog")
    expect(page.locator("#search-summary")).to_contain_text("hit")
    before = opened.state()["patch"], opened.state()["layer"]
    page.locator("#search-next").tap()
    assert (opened.state()["patch"], opened.state()["layer"]) != before
    page.locator("#search-close").tap()
    expect(page.locator("#search")).to_be_hidden()
    page.locator("#multiples-toggle").tap()
    page.locator("#multiples button[data-layer='2']").tap()
    assert opened.state()["layer"] == "4"
    page.locator("#take-button").tap()
    with page.expect_download() as download:
        page.locator("[data-picture='1']").tap()
    assert download.value.suggested_filename == "tiny-alpha-round-scene-0-layer-4-words.png"
    page.locator("#take-button").tap()
    page.locator("#cite-button").tap()
    expect(page.locator("#cite")).to_be_visible()
    page.locator("#cite button[aria-label=Close]").tap()
    expect(page.locator("#cite")).to_be_hidden()
    page.locator("#take-button").tap()
    expect(page.locator("#take")).to_be_visible()
    page.touchscreen.tap(195, 800)
    expect(page.locator("#take")).to_be_hidden()
