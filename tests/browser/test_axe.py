"""axe-core finds nothing on any page: light and dark, on a desk and on a phone, with everything open."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.browser.model_page import ModelPage

ALPHA = "models/alpha-round.html"
MODELS = ("alpha-round", "alpha-wide", "alpha-round-linear", "shelf")
STATES = (
    "region=0,0;1,1",
    "region=0,0;1,2&region-ranks=all",
    "find=a&by=prefix&rank=5",
    "find=%5E%5C+d&by=regex&where=sentences&rank=5",
    "find=dog&rank=5&map=onset&lens=logit",
    "find=nothing-like-it&rank=5",
    "find=%5B&by=regex&rank=5",
    "find=&rank=5",
    "map=words&lens=contextual&all-layers=on",
    "map=words&lens=contextual&defaults=dim",
    "map=words&lens=contextual&defaults=hide&words-only=on",
    "map=words&lens=contextual&only=dog",
)
MAPS = ("none", "words", "score", "verdict", "text-layer", "norm", "entropy")
PATCH = "image=scene-0&layer=2&patch=1,1"
PINS = f"{PATCH}&pins=1,1;0,0;0,1;1,0"


LOOKS = ("desk light", "desk dark", "phone light", "phone dark")
TWO_LOOKS = pytest.mark.parametrize("look", ["desk light", "phone dark"], indirect=True)
"""Enough where only the states differ: each size and each scheme once."""


@pytest.fixture(params=LOOKS, autouse=True)
def look(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def browser_context_args(browser_context_args: dict[str, Any], look: str) -> dict[str, Any]:
    size, scheme = look.split()
    phone = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
    wanted = {"color_scheme": scheme, "reduced_motion": "reduce"} | (phone if size == "phone" else {})
    return browser_context_args | wanted


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


@pytest.mark.parametrize("look", ["desk light"], indirect=True)
def test_axe_finds_what_is_wrong(page: Page, tiny_site: Path) -> None:
    """The check itself: it can fail."""
    page.goto((tiny_site / "index.html").as_uri())
    page.evaluate("document.querySelector('h1').after(document.createElement('button'))")
    assert [line.split(":")[0] for line in findings(page)] == ["button-name"]


def test_the_index(page: Page, tiny_site: Path) -> None:
    page.goto((tiny_site / "index.html").as_uri())
    page.locator("details").evaluate_all("nodes => nodes.forEach((node) => { node.open = true; })")
    nothing(page)


@pytest.mark.parametrize("model", MODELS)
def test_a_models_page(page: Page, tiny_site: Path, model: str) -> None:
    ModelPage.open(page, tiny_site / f"models/{model}.html", f"#{PINS}&map=words&lens=contextual")
    nothing(page)


@TWO_LOOKS
@pytest.mark.slow
def test_every_state_of_a_models_page(page: Page, tiny_site: Path) -> None:
    ModelPage.open(page, tiny_site / ALPHA, f"#{PATCH}")
    for wanted in (*(f"map={shown}&lens=logit" for shown in MAPS), *STATES):
        page.evaluate("hash => { location.hash = hash; }", f"{PATCH}&{wanted}")
        page.wait_for_timeout(100)  # a search answers a moment later
        assert not findings(page), f"{wanted}: {findings(page)}"


@TWO_LOOKS
def test_dimmed_default_tokens(page: Page, planted_site: Path) -> None:
    opened = ModelPage.open(page, planted_site / ALPHA, f"#{PATCH}&map=words&lens=logit&defaults=dim")
    assert opened.page.locator("#legend [data-dim]").count()
    nothing(page)


def test_what_opens_over_the_page(page: Page, tiny_site: Path) -> None:
    ModelPage.open(page, tiny_site / ALPHA, f"#{PATCH}&map=words&lens=contextual")
    for opens in ("#help-button", "#take-button", "#cite-button"):
        page.locator(opens).click()
        nothing(page)
        if opens != "#take-button":  # which is the way to the citation
            page.keyboard.press("Escape")


@TWO_LOOKS
def test_the_judges(page: Page, judged_site: Path) -> None:
    page.goto((judged_site / "judge.html").as_uri() + "#judge=vlm-judge")
    page.locator("html[data-ready]").wait_for()
    page.locator("details").evaluate_all("nodes => nodes.forEach((node) => { node.open = true; })")
    nothing(page)
    ModelPage.open(page, judged_site / ALPHA, "#image=scene-0&layer=2&patch=0,1&map=verdict&judge=vlm-judge")
    nothing(page)


def test_the_comparison(page: Page, tiny_site: Path) -> None:
    page.goto((tiny_site / "compare.html").as_uri())
    page.locator("html[data-ready]").wait_for()
    nothing(page)
    page.keyboard.press("?")
    nothing(page)
