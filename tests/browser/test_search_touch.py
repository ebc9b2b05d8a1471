"""Searching on a phone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.model_page import ModelPage
from tests.browser.test_search import ALPHA, hits_of, open_search, total


@pytest.fixture
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    phone = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
    return {**browser_context_args, **phone}


def test_searching_by_touch(page: Page, tiny_site: Path) -> None:
    opened = ModelPage.open(page, tiny_site / ALPHA, "#image=scene-0&layer=2")
    page.locator("#search-button").tap()
    page.locator("#search-text").fill("sun")
    expect(page.locator("#search-progress")).to_have_text("")
    assert total(page) == len(hits_of("sun"))
    page.locator("#search-images button").last.tap()
    assert opened.state()["image"] == "scene-1"
    expect(page.locator("#frame")).to_be_in_viewport()
    page.locator("#search-next").tap()
    assert "read" in opened.state()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_what_is_tapped_is_large_enough(page: Page, tiny_site: Path) -> None:
    open_search(page, tiny_site, "dog")
    targets = page.locator("#search button:visible, #search select:visible, #search .choices label")
    boxes = [target.bounding_box() for target in targets.all()]
    assert len(boxes) > 8
    assert [box for box in boxes if not box or box["height"] < 24 or box["width"] < 24] == []


def test_what_is_asked_for_and_the_first_results_fit_one_screen(page: Page, tiny_site: Path) -> None:
    open_search(page, tiny_site, "dog")
    expect(page.locator("#search-images button").first).to_be_visible()
    filters = page.locator(".search-filters").bounding_box()
    assert filters
    assert filters["height"] < 2 * 24  # one line
    first_image = "#search-images button >> nth=0"
    for part in ("#search-text", "#search-ways", "#search-rank", "#search-lenses", first_image):
        box = page.locator(part).bounding_box()
        assert box
        assert box["y"] >= 0
        assert box["y"] + box["height"] <= 640, part
    header = page.locator(".site-header").bounding_box()
    assert header
    assert header["height"] <= 110  # tools, and the name of the model
