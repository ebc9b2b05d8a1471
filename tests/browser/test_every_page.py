"""Every page of a site opens without a complaint, and the way from the index and back."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.model_page import ModelPage


def test_every_model_page_reads_every_image_and_layer(page: Page, any_site: Path) -> None:
    files = sorted((any_site / "models").glob("*.html"))
    assert files
    for file in files:
        opened = ModelPage.open(page, file)
        for image in range(len(opened.facts["images"])):
            page.locator("#strip a").nth(image).click()
            expect(page.locator("#strip a").nth(image)).to_have_attribute("aria-current", "true")
        for layer in range(len(opened.facts["visionLayers"])):
            page.locator("#layer-slider").fill(str(layer))
            expect(page.locator("#layer-value")).to_have_text(str(opened.facts["visionLayers"][layer]))
            assert sum(len(opened.tokens(lens["id"])) for lens in opened.facts["lenses"]) > 0
        for choice in page.locator("#map-choices label:not([hidden]):has(input:enabled)").all():
            choice.click()


def test_from_the_index_to_a_patch_and_back(page: Page, any_site: Path) -> None:
    if not (any_site / "index.html").exists():
        pytest.skip("this site has no index page")
    page.goto((any_site / "index.html").as_uri())
    link = page.locator("a[href^='models/']").first
    href = link.get_attribute("href")
    link.click()
    opened = ModelPage(page).ready()
    assert href
    assert Path(href).name.split("#")[0] in page.url
    opened.click(0, 0)
    page.keyboard.press("]")
    page.locator(".breadcrumb a").first.click()
    assert page.url.split("#")[0] == (any_site / "index.html").as_uri()
    page.go_back()
    assert ModelPage(page).ready().state()["patch"] == "0,0"


def test_models_lead_to_their_neighbours(page: Page, any_site: Path) -> None:
    files = sorted((any_site / "models").glob("*.html"))
    ModelPage.open(page, files[0])
    seen = {page.url.split("#")[0]}
    while page.locator("a[rel=prev]").count():
        page.locator("a[rel=prev]").click()
        ModelPage(page).ready()
    seen.add(page.url.split("#")[0])
    while page.locator("a[rel=next]").count():
        page.locator("a[rel=next]").click()
        ModelPage(page).ready()
        seen.add(page.url.split("#")[0])
    assert seen == {file.as_uri() for file in files}
