"""LN-Lens by percentile: the switch, the link, the key, and what it changes on the page."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from generator.build import build_site
from tests.browser.model_page import ModelPage
from tests.browser.test_hostile import shown
from tests.generator.hostile_study import IMAGES, LAYERS, MODELS, TOP_K, token, write_hostile_study
from tests.generator.ranked_study import percentile, rank_twice

ALPHA = "models/alpha-round.html"
START = "#image=scene-0&layer=2&patch=0,0&map=words&lens=contextual"


@pytest.fixture(scope="module")
def ranked_site(tiny_study_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("ranked")
    shutil.copytree(tiny_study_folder, folder / "results")
    build_site(rank_twice(folder / "results"), folder / "site", images_in_page=1)
    return folder / "site"


def scores(opened: ModelPage) -> list[str]:
    return opened.lens("contextual").locator(".neighbour .score").all_text_contents()


def test_the_switch_swaps_the_lists_wherever_the_lens_shows(page: Page, ranked_site: Path) -> None:
    opened = ModelPage.open(page, ranked_site / ALPHA, f"{START}&pins=0,0;1,1")
    by_cosine, others = opened.tokens("contextual"), opened.tokens("logit")
    column = opened.lens("contextual")
    expect(column.get_by_role("button", name="by cosine")).to_have_attribute("aria-pressed", "true")
    column.get_by_role("button", name="by percentile").press("Enter")
    assert opened.tokens("contextual") == by_cosine[::-1]
    assert scores(opened) == [f"{100 * percentile(rank):.2f}\u202f%" for rank in range(1, 6)]
    assert opened.tokens("logit") == others
    assert opened.state()["ranking"] == "percentile"
    expect(column.get_by_role("button", name="by percentile")).to_be_focused()
    expect(page.locator(".pin-table tr[data-lens=contextual] .token").first).to_have_text(by_cosine[-1])
    page.mouse.move(*opened.point(1, 1))
    hovered = opened.tokens("contextual")
    expect(column.get_by_role("button", name="by percentile")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("r")
    assert opened.tokens("contextual") == hovered[::-1]
    assert "ranking" not in opened.state()


def test_a_link_keeps_the_ranking_over_layers_and_images(page: Page, ranked_site: Path) -> None:
    opened = ModelPage.open(page, ranked_site / ALPHA, f"{START}&ranking=percentile")
    for key, image in (("[", "scene-0"), (".", "scene-1")):
        page.keyboard.press(key)
        expect(page.locator("#notice")).to_be_empty()
        page.wait_for_function("image => location.hash.includes(image)", arg=image)
        assert scores(opened)[0] == f"{100 * percentile(1):.2f}\u202f%"
        assert opened.state()["ranking"] == "percentile"
    # A search in this ranking finds what it shows.
    word = opened.tokens("contextual")[0].removeprefix("␣")
    opened.page.evaluate("word => { location.hash += `&find=${word}&rank=1&find-lens=contextual`; }", word)
    expect(page.locator(".neighbour[data-hit=true]").first).to_be_visible()


def test_results_with_one_ranking_have_no_switch(page: Page, tiny_site: Path) -> None:
    opened = ModelPage.open(page, tiny_site / ALPHA, f"{START}&ranking=percentile")
    expect(page.locator("#notice")).to_contain_text("ranking of LN-Lens percentile")
    expect(page.locator("[data-ranking]")).to_have_count(0)
    before = opened.tokens("contextual")
    page.keyboard.press("r")
    assert opened.tokens("contextual") == before


def test_hostile_texts_are_shown_literally_in_this_ranking_too(page: Page, tmp_path: Path) -> None:
    write_hostile_study(tmp_path / "results")
    build_site(rank_twice(tmp_path / "results"), tmp_path / "site")
    opened = ModelPage.open(page, tmp_path / "site" / f"models/{MODELS[0]}.html")
    page.keyboard.press("r")
    for layer, depth in enumerate(LAYERS):
        opened.go(image=IMAGES[1], layer=str(depth), patch="1,2", ranking="percentile")
        tokens = [token(0, 1, 2, layer, 5, rank) for rank in range(TOP_K)]
        assert opened.tokens("contextual") == [shown(text) for text in tokens[::-1]]
    assert page.evaluate("window.hacked") is None


def test_the_index_shows_no_further_lens(ranked_site: Path) -> None:
    index = (ranked_site / "index.html").read_text(encoding="utf-8")
    assert 'data-lens="contextual_percentile"' not in index
