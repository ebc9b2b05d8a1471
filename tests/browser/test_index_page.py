"""The index in a browser: its measures, its figures, and its width on a phone."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect


@pytest.fixture
def index(page: Page, any_site: Path) -> Page:
    page.goto((any_site / "index.html").as_uri())
    return page


def test_the_charts_show_the_chosen_measure_and_only_that(index: Page) -> None:
    if index.locator("[name=metric]").count() < 2:
        pytest.skip("this study has one measure")
    charts = index.locator(".card-link [data-metric]")
    for chosen, other in (("interpretable", "named"), ("named", "interpretable"), ("interpretable", "named")):
        index.locator(f"[name=metric][value={chosen}]").check()
        shown = index.locator(f".card-link [data-metric={chosen}]")
        assert shown.count() * 2 == charts.count()
        for place in range(shown.count()):
            expect(shown.nth(place)).to_be_visible()
            expect(index.locator(f".card-link [data-metric={other}]").nth(place)).to_be_hidden()


def test_figures_behind_a_chart_open(index: Page) -> None:
    figures = index.locator("details.figures:visible")
    if not figures.count():
        pytest.skip("nothing was judged in this study")
    figures.first.locator("summary").click()
    expect(figures.first.locator("caption")).to_contain_text("95 % interval")
    expect(figures.first.locator("td b").first).to_contain_text("%")


@pytest.mark.parametrize("width", [390, 1024, 1440])
def test_tables_of_figures_show_all_their_columns(index: Page, width: int) -> None:
    index.set_viewport_size({"width": width, "height": 900})
    index.evaluate("document.querySelectorAll('details.figures').forEach((one) => { one.open = true; })")
    tables = index.locator(".figures table:visible, .stacked:visible")
    cells = "[...table.querySelectorAll('td *, td')]"
    right = f"(table) => Math.max(...{cells}.map((e) => e.getBoundingClientRect().right))"
    for table in tables.all():
        assert table.evaluate(right) <= table.evaluate(
            "(table) => table.parentElement.getBoundingClientRect().right + 0.5"
        )


def test_the_measure_is_in_the_address_and_comes_back(index: Page) -> None:
    named = index.locator("[name=metric][value=named]")
    if not named.count():
        pytest.skip("this study has one measure")
    named.check()
    assert index.url.endswith("#measure=named")
    index.reload()
    expect(named).to_be_checked()
    index.goto(index.url.replace("named", "interpretable"))
    expect(index.locator("[name=metric][value=interpretable]")).to_be_checked()


def test_a_thumbnail_leads_to_its_image(index: Page) -> None:
    last = index.locator(".thumbnails a").last
    href = last.get_attribute("href") or ""
    last.click()
    expect(index.locator("html[data-ready=true]")).to_be_attached()
    wanted = href.partition("#image=")[2]
    assert wanted
    assert f"image={wanted}" in index.url


@pytest.mark.parametrize("width", [390, 1024, 1440])
def test_the_page_is_no_wider_than_the_screen(index: Page, width: int) -> None:
    index.set_viewport_size({"width": width, "height": 900})
    assert index.evaluate("document.documentElement.scrollWidth") == width
    for region in index.locator(".wide:visible").all():
        assert region.get_attribute("tabindex") == "0"
        assert region.get_attribute("aria-label")


def test_every_image_has_a_text_and_every_heading_its_level(index: Page) -> None:
    assert index.locator("img:not([alt])").count() == 0
    assert index.locator("svg[role=img]:not([aria-label])").count() == 0
    levels = index.evaluate("[...document.querySelectorAll('h1,h2,h3,h4')].map((h) => Number(h.tagName[1]))")
    assert levels[0] == 1
    assert all(deeper - level <= 1 for level, deeper in pairwise(levels))
