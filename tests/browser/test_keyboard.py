"""Everything by keyboard alone: no test here uses a pointer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.model_page import ModelPage

ALPHA = "models/alpha-round.html"
START = "#image=scene-0&layer=2&patch=0,1&pins=0,1&map=words&lens=contextual"


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def tab_to(page: Page, selector: str, key: str = "Tab") -> None:
    """Press Tab until an element has the focus; whatever has it on the way can be seen."""
    for _ in range(120):
        press(page, key)
        seen = page.evaluate(
            """() => { const element = document.activeElement;
            const shown = element.matches('label input') && getComputedStyle(element).opacity === '0'
              ? element.nextElementSibling : element;
            const { outlineStyle, visibility } = getComputedStyle(shown);
            return outlineStyle !== 'none' && visibility === 'visible' || element === document.body; }"""
        )
        assert seen, page.evaluate("document.activeElement.outerHTML")
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
    raise AssertionError(f"Tab never comes to {selector}")


def test_from_the_index_through_a_page_and_back(page: Page, tiny_site: Path) -> None:
    page.goto((tiny_site / "index.html").as_uri())
    tab_to(page, "a[href^='models/']")
    press(page, "Enter")
    page.wait_for_url("**/models/*.html*")
    opened = ModelPage(page).ready()
    press(page, "Tab")
    expect(page.locator(":focus")).to_have_text("Skip to the content")
    press(page, "Enter")
    expect(page.locator("main:focus")).to_have_count(1)
    tab_to(page, "[role=gridcell]")
    press(page, "Home", "ArrowRight")
    place = opened.state()["read"]
    press(page, "]", "[", ".", ",")
    assert opened.state()["read"] == place
    tab_to(page, ".breadcrumb a", "Shift+Tab")
    press(page, "Enter")
    page.wait_for_url("**/index.html*")


def test_walking_pinning_and_letting_go(page: Page, tiny_site: Path) -> None:
    opened = ModelPage.open(page, tiny_site / ALPHA, START)
    cells = page.locator("[role=gridcell][aria-selected=true]")
    tab_to(page, "[role=gridcell]")
    press(page, "ArrowDown")
    assert opened.state() | {"patch": "0,1", "read": "1,1"} == opened.state()
    press(page, "ArrowDown", "ArrowRight")  # the last row stops the walk
    assert opened.state()["read"] == "1,2"
    assert opened.title() == "Patch at row 1, column 2"
    expect(cells).to_have_count(1)
    press(page, "Enter")
    expect(cells).to_have_count(2)
    assert opened.state() | {"patch": "1,2", "pins": "0,1;1,2"} == opened.state()
    press(page, "Enter")  # let go of it again: it stays the patch that is read
    expect(cells).to_have_count(1)
    assert opened.state()["read"] == "1,2"
    press(page, "Escape")
    assert not {"patch", "pins", "read"} & set(opened.state())


def test_the_region_grows_and_goes(page: Page, tiny_site: Path) -> None:
    opened = ModelPage.open(page, tiny_site / ALPHA, START)
    tab_to(page, "[role=gridcell]")
    press(page, "Shift+ArrowRight", "Shift+ArrowDown")
    assert opened.state()["region"] == "0,1;1,2"
    expect(page.locator("#region")).to_be_visible()
    tab_to(page, "#region input", "Tab")
    press(page, "ArrowRight")
    assert opened.state()["region-ranks"] == "all"
    tab_to(page, "#region-close")
    press(page, "Enter")
    expect(page.locator("#region")).to_be_hidden()
    assert "region" not in opened.state()


def test_maps_layers_and_choices_by_their_controls(page: Page, tiny_site: Path) -> None:
    opened = ModelPage.open(page, tiny_site / ALPHA, START)
    tab_to(page, "#layer-slider")
    press(page, "ArrowRight")
    assert opened.state()["layer"] == "4"
    assert opened.state()["patch"] == "0,1"
    tab_to(page, "#map-choices input")
    press(page, "ArrowRight")
    assert opened.state()["map"] == "score"
    press(page, "ArrowLeft")
    tab_to(page, "#legend button")
    press(page, "Enter")
    assert "only" in opened.state()
    expect(page.locator("#legend button[aria-pressed=true]")).to_have_count(1)
    tab_to(page, "#layer-table button")
    press(page, "Enter")
    assert opened.state()["layer"] == "0"


def test_all_layers_and_into_one(page: Page, tiny_site: Path) -> None:
    opened = ModelPage.open(page, tiny_site / ALPHA, START)
    press(page, "a")
    expect(page.locator("#multiples")).to_be_visible()
    tab_to(page, "#multiples button[data-layer='2']")
    press(page, "Enter")
    expect(page.locator("#multiples")).to_be_hidden()
    assert opened.state()["layer"] == "4"
    expect(page.locator(":focus")).to_have_count(1)


def test_search_goes_to_hits_and_gives_the_focus_back(page: Page, tiny_site: Path) -> None:
    opened = ModelPage.open(page, tiny_site / ALPHA, START)
    tab_to(page, "[role=gridcell]")
    press(page, "/")
    expect(page.locator("#search-text")).to_be_focused()
    page.keyboard.type("dog")
    expect(page.locator("#search-summary")).to_contain_text("hit")
    before = opened.state()
    press(page, "Enter")
    assert opened.state() != before
    assert opened.state()["find"] == "dog"
    tab_to(page, "#search-ways input")
    press(page, "ArrowRight")
    assert opened.state()["by"] != "word"
    press(page, "Escape")
    expect(page.locator("#search")).to_be_hidden()
    expect(page.locator("[role=gridcell]:focus")).to_have_count(1)


def test_what_is_typed_is_no_command(page: Page, tiny_site: Path) -> None:
    opened = ModelPage.open(page, tiny_site / ALPHA, START)
    before = opened.state()
    press(page, "/")
    page.keyboard.type("[]mgcpas?n,.")
    expect(page.locator("#search-text")).to_have_value("[]mgcpas?n,.")
    after = opened.state()
    assert {key: after[key] for key in before} == before
    expect(page.locator("dialog[open], :popover-open")).to_have_count(0)


def test_taking_along(page: Page, tiny_site: Path) -> None:
    opened = ModelPage.open(page, tiny_site / ALPHA, START)
    tab_to(page, "[role=gridcell]")
    press(page, "s")
    expect(page.locator("#copy-button")).to_be_focused()
    press(page, "Escape")
    expect(page.locator("#take")).to_be_hidden()
    expect(page.locator("[role=gridcell]:focus")).to_have_count(1)
    press(page, "s")
    tab_to(page, "[data-picture='svg']")
    with page.expect_download() as download:
        press(page, "Enter")
    assert download.value.suggested_filename.endswith(".svg")
    press(page, "s")
    tab_to(page, "#cite-button")
    press(page, "Enter")
    expect(page.locator("#cite")).to_be_visible()
    tab_to(page, "#cite-copy")
    press(page, "Escape")
    expect(page.locator("#cite")).to_be_hidden()
    assert opened.state()["patch"] == "0,1"


def test_the_help_opens_closes_and_lists_every_key(page: Page, tiny_site: Path) -> None:
    ModelPage.open(page, tiny_site / ALPHA, START)
    press(page, "?")
    expect(page.locator("#help")).to_be_visible()
    assert page.evaluate("document.querySelector('#help').contains(document.activeElement)")
    shown = set(page.locator("#keys kbd").all_text_contents())
    tested = {"←", "↑", "→", "↓", "Shift", "Home", "End", "Enter", "Esc", "/", "n", "N", *EFFECTS}
    tested |= {"j", "r"}  # where several judged, or LN-Lens has two rankings: in tests of their own
    assert shown == tested
    press(page, "Escape")
    expect(page.locator("#help")).to_be_hidden()


def hash_changes(key: str, to: str) -> Callable[[Page, ModelPage], None]:
    def check(page: Page, opened: ModelPage) -> None:
        assert opened.state()[key] == to

    return check


def is_shown(selector: str) -> Callable[[Page, ModelPage], None]:
    return lambda page, opened: expect(page.locator(selector)).to_be_visible()


EFFECTS: dict[str, Callable[[Page, ModelPage], None]] = {
    "[": hash_changes("layer", "0"),
    "]": hash_changes("layer", "4"),
    ",": hash_changes("image", "scene-0"),
    ".": hash_changes("image", "scene-1"),
    "m": hash_changes("map", "score"),
    "g": hash_changes("grid", "off"),
    "a": hash_changes("all-layers", "on"),
    "p": lambda page, opened: expect(page.locator("#layer-value")).not_to_have_text("2"),
    "c": lambda page, opened: expect(page.locator("#notice")).to_contain_text("ink"),
    "s": is_shown("#take"),
    "?": is_shown("#help"),
}


@pytest.mark.parametrize("key", EFFECTS)
@pytest.mark.parametrize("focus", ["page", "grid"])
def test_every_key_does_what_the_help_says(page: Page, tiny_site: Path, key: str, focus: str) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    start = START.replace("scene-0", "scene-1") if key == "," else START
    opened = ModelPage.open(page, tiny_site / ALPHA, start)
    if focus == "grid":
        page.locator("[role=gridcell][tabindex='0']").focus()
    press(page, key)
    EFFECTS[key](page, opened)


def test_n_walks_the_hits(page: Page, tiny_site: Path) -> None:
    opened = ModelPage.open(page, tiny_site / ALPHA, f"{START}&find=dog&rank=5")
    expect(page.locator("#search-summary")).to_contain_text("hit")
    page.locator("[role=gridcell][tabindex='0']").focus()
    start = opened.state()
    press(page, "n")
    there = opened.state()
    assert there != start
    press(page, "n", "N")
    assert opened.state() == there


def test_the_comparison(page: Page, tiny_site: Path) -> None:
    ModelPage.open(page, tiny_site / ALPHA, START)
    tab_to(page, "a[href*='compare.html']", "Shift+Tab")
    press(page, "Enter")
    page.wait_for_url("**/compare.html*")
    page.locator("html[data-ready]").wait_for()
    tab_to(page, "[role=gridcell]")
    press(page, "ArrowRight")
    expect(page.locator("[role=gridcell]:focus")).to_have_count(1)
    tab_to(page, "#columns select", "Shift+Tab")


def test_every_cell_says_its_place_and_words(page: Page, tiny_site: Path) -> None:
    opened = ModelPage.open(page, tiny_site / ALPHA, START)
    grid = page.locator("#grid[role=grid]")
    expect(grid).to_have_attribute("aria-rowcount", "2")
    expect(grid).to_have_attribute("aria-colcount", "3")
    cells = grid.locator("[role=row] > [role=gridcell]")
    expect(cells).to_have_count(6)
    expect(grid).to_have_attribute("aria-multiselectable", "true")
    for cell in range(6):
        opened.go(image="scene-0", layer="2", patch=f"{cell // 3},{cell % 3}")
        firsts = [opened.tokens(lens)[0] for lens in ("embedding", "logit", "contextual")]
        words = [first.removeprefix("␣") or "␣" for first in firsts]
        label = f"row {cell // 3}, column {cell % 3}: {', '.join(words)}"
        expect(cells.nth(cell)).to_have_attribute("aria-label", label)


def test_all_layers_keep_the_focus(page: Page, tiny_site: Path) -> None:
    opened = ModelPage.open(page, tiny_site / ALPHA, START)
    cell = page.locator("[data-cell='1']")
    cell.focus()
    press(page, "a")
    expect(page.locator("#multiples [aria-current]")).to_be_focused()
    press(page, "]")
    expect(page.locator("#multiples [aria-current]")).to_be_focused()
    press(page, "a")
    expect(cell).to_be_focused()
    press(page, "a", "Shift+Tab", "Enter")  # the layer before
    expect(cell).to_be_focused()
    assert opened.state()["layer"] == "2"
    assert "all-layers" not in opened.state()


def test_a_cell_that_gets_the_focus_back_is_read(page: Page, tiny_site: Path) -> None:
    opened = ModelPage.open(page, tiny_site / ALPHA, START)
    page.locator("[data-cell='1']").focus()
    press(page, "Escape", "a", "a")
    expect(page.locator("[data-cell='1']")).to_be_focused()
    assert opened.state()["read"] == "0,1"
