"""A phone: taps pin, nothing needs a hover."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

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
