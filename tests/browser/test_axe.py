"""axe-core finds nothing on any page: light and dark, on a desk and on a phone, with everything open."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.browser.model_page import ModelPage

MODELS = ("alpha-round", "alpha-wide", "alpha-round-linear", "shelf")
MAPS = ("none", "words", "score", "verdict", "text-layer", "norm", "entropy")
PATCH = "image=scene-0&layer=2&patch=1,1"
PINS = f"{PATCH}&pins=1,1;0,0;0,1;1,0"


@pytest.fixture(params=["desk", "phone"])
def browser_context_args(
    browser_context_args: dict[str, Any], request: pytest.FixtureRequest
) -> dict[str, Any]:
    phone = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
    return browser_context_args | (phone if request.param == "phone" else {})


@pytest.fixture(params=["light", "dark"], autouse=True)
def scheme(page: Page, request: pytest.FixtureRequest) -> None:
    page.emulate_media(color_scheme=request.param, reduced_motion="reduce")


def findings(page: Page) -> list[str]:
    """What axe-core finds, one line a finding."""
    violations = Axe().run(page).response["violations"]
    return [
        f"{found['id']}: {found['help']}: {node['html'][:160]} {node['failureSummary']}"
        for found in violations
        for node in found["nodes"]
    ]


def nothing(page: Page) -> None:
    found = findings(page)
    assert not found, "\n".join(found)


def test_axe_finds_what_is_wrong(page: Page, tiny_site: Path) -> None:
    """The check itself: it can fail."""
    page.goto((tiny_site / "index.html").as_uri())
    page.evaluate("document.querySelector('h1').after(document.createElement('button'))")
    assert [line.split(":")[0] for line in findings(page)] == ["button-name"]


def test_the_index(page: Page, tiny_site: Path) -> None:
    page.goto((tiny_site / "index.html").as_uri())
    nothing(page)
    page.locator("details").evaluate_all("nodes => nodes.forEach((node) => { node.open = true; })")
    nothing(page)


@pytest.mark.parametrize("model", MODELS)
def test_a_models_page(page: Page, tiny_site: Path, model: str) -> None:
    file = tiny_site / f"models/{model}.html"
    for fragment in ("", f"#{PINS}&map=words&lens=contextual"):
        ModelPage.open(page, file, fragment)
        nothing(page)


@pytest.mark.parametrize("shown", MAPS)
def test_every_map(page: Page, tiny_site: Path, shown: str) -> None:
    ModelPage.open(page, tiny_site / "models/alpha-round.html", f"#{PATCH}&map={shown}&lens=logit")
    nothing(page)


def help_(page: Page) -> None:
    page.keyboard.press("?")


def take_along(page: Page) -> None:
    page.keyboard.press("s")


def cite(page: Page) -> None:
    page.keyboard.press("s")
    page.locator("#cite-button").click()


@pytest.mark.parametrize("act", [help_, take_along, cite])
def test_what_opens_over_the_page(page: Page, tiny_site: Path, act: Callable[[Page], None]) -> None:
    ModelPage.open(page, tiny_site / "models/alpha-round.html", f"#{PATCH}&map=words&lens=contextual")
    act(page)
    page.locator("dialog[open], :popover-open").wait_for()
    nothing(page)


@pytest.mark.parametrize(
    "wanted",
    [
        "region=0,0;1,1",
        "region=0,0;1,2&region-ranks=all",
        "find=a&by=prefix&rank=5",
        "find=%5E%5C+d&by=regex&where=sentences&rank=5",
        "find=nothing-like-it&rank=5",
        "find=%5B&by=regex&rank=5",
        "map=words&lens=contextual&all-layers=on",
        "map=words&lens=contextual&defaults=dim",
        "map=words&lens=contextual&defaults=hide&words-only=on",
        "map=words&lens=contextual&only=dog",
    ],
)
def test_what_opens_in_the_page(page: Page, tiny_site: Path, wanted: str) -> None:
    ModelPage.open(page, tiny_site / "models/alpha-round.html", f"#{PATCH}&{wanted}")
    nothing(page)


def test_the_comparison(page: Page, tiny_site: Path) -> None:
    page.goto((tiny_site / "compare.html").as_uri())
    page.locator("html[data-ready]").wait_for()
    nothing(page)
