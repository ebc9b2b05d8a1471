"""Default tokens shown, dimmed and hidden, and words only, as a reader sees it."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from tests.browser.model_page import ModelPage
from tests.browser.planted_study import NEXT, PLACES, PLANTED
from tests.generator import tiny_study

ALPHA = "models/alpha-round.html"
CELLS = 6
HERE = "#image=scene-0&layer=2&patch=0,1&map=words&lens=logit"


def choose(page: Page, choice: str) -> None:
    page.locator(f"#default-choices [data-choice={choice}]").click()


def legend(page: Page) -> list[str]:
    return page.locator("#legend bdi").all_inner_texts()


def left_out(page: Page) -> str:
    return page.locator("#left-out").inner_text()


def test_the_page_knows_the_default_token(page: Page, planted_site: Path) -> None:
    found = ModelPage.open(page, planted_site / ALPHA).facts["defaultTokens"]
    assert {
        "lens": "logit",
        "layer": 1,
        "token": PLANTED,
        "images": 2,
        "of": 2,
        "share": 0.667,
        "kind": "default",
    } in found
    assert {token["token"] for token in found if token["kind"] == "default"} == {PLANTED}


def test_hiding_shows_the_next_word_and_the_share_of_hidden_cells(page: Page, planted_site: Path) -> None:
    opened = ModelPage.open(page, planted_site / ALPHA, HERE)
    assert "the" in legend(page)
    assert left_out(page) == ""
    choose(page, "hide")
    assert opened.state()["defaults"] == "hide"
    assert "the" not in legend(page)
    assert "fox" in legend(page)
    assert left_out(page) == f"{len(PLACES)} of {CELLS} cells hidden (67\u202f%)"
    expect(opened.lens("logit").locator(".neighbour .rank").first).to_have_text("2")
    expect(opened.lens("logit").locator(".neighbour .token").first).to_contain_text("fox")


def test_dimming_keeps_the_words_and_says_how_many_recede(page: Page, planted_site: Path) -> None:
    ModelPage.open(page, planted_site / ALPHA, HERE)
    choose(page, "dim")
    assert "the" in legend(page)
    expect(page.locator("#legend button[data-dim]")).to_have_count(1)
    expect(page.locator("#legend button[data-dim]")).to_contain_text("the")
    assert left_out(page) == f"{len(PLACES)} of {CELLS} cells dimmed (67\u202f%)"


def test_what_the_model_says_at_the_last_layer_is_never_hidden(page: Page, planted_site: Path) -> None:
    opened = ModelPage.open(page, planted_site / ALPHA, HERE.replace("layer=2", "layer=4") + "&defaults=hide")
    assert tiny_study.LAYERS[-1] == tiny_study.NUM_LAYERS
    assert "the" in legend(page)
    expect(opened.lens("logit").locator(".neighbour .rank").first).to_have_text("1")
    sentences = page.locator("#left-out span").all_inner_texts()
    assert sentences == [
        f"0 of {CELLS} cells hidden (0\u202f%)",
        "last layer: LogitLens’s first token is what the model says and stays",
    ]
    choose(page, "dim")
    assert "what the model says and stays" in left_out(page)
    page.locator("#lens-choices [data-choice=embedding]").click()
    assert "stays" not in left_out(page)


def test_below_the_last_layer_nothing_is_said_to_stay(page: Page, planted_site: Path) -> None:
    ModelPage.open(page, planted_site / ALPHA, HERE + "&defaults=hide")
    assert "hidden" in left_out(page)
    assert "stays" not in left_out(page)


def test_labels_for_the_ear_obey_too(page: Page, planted_site: Path) -> None:
    ModelPage.open(page, planted_site / ALPHA, HERE)
    cell = page.locator("[data-cell='1']")
    expect(cell).to_have_attribute("aria-label", re.compile("the"))
    choose(page, "hide")
    expect(cell).to_have_attribute("aria-label", re.compile("fox"))


def test_words_only_leaves_out_what_is_no_word_and_counts_it(page: Page, planted_site: Path) -> None:
    opened = ModelPage.open(page, planted_site / ALPHA, HERE)
    assert "..." in opened.tokens("logit")
    page.get_by_label("Words only").check()
    assert opened.state()["words-only"] == "on"
    assert "..." not in opened.tokens("logit")
    total = CELLS * tiny_study.TOP_K
    dots = total - CELLS * 2
    assert left_out(page) == f"{dots} of {total} tokens left out ({round(100 * dots / total)}\u202f%)"


def test_the_list_names_the_tokens_by_layer(page: Page, planted_site: Path) -> None:
    ModelPage.open(page, planted_site / ALPHA, HERE)
    page.get_by_role("button", name="list").click()
    default, common = (
        page.locator(f"#default-list tbody[data-kind={kind}]") for kind in ("default", "common")
    )
    expect(default).to_be_visible()
    expect(default.locator("tr.group")).to_have_text(re.compile("Default.*90.%.*Hide act on these"))
    expect(default.locator("tr").nth(1)).to_have_text(re.compile(r"^2.*the 2/2$"))
    expect(default).not_to_contain_text("fox")
    expect(common.locator("tr.group")).to_contain_text("listed only")
    expect(common).not_to_contain_text("the 2/2")
    for token in page.locator("#default-list .default-token .token").all():
        assert token.evaluate("node => getComputedStyle(node).fontWeight") == "400"
    page.keyboard.press("Escape")
    expect(default).to_be_hidden()


def test_a_page_without_default_tokens_says_so(page: Page, tiny_site: Path) -> None:
    opened = ModelPage.open(page, tiny_site / ALPHA)
    assert not [token for token in opened.facts["defaultTokens"] if token["kind"] == "default"]
    expect(page.locator("#default-choices input[value=hide]")).to_be_disabled()
    expect(page.locator("#default-choices input[value=hide]")).to_have_attribute(
        "title", "none found in these results"
    )
    assert left_out(page) == "Dim, Hide: no default tokens found"


def test_a_link_that_hides_in_vain_says_why(page: Page, tiny_site: Path) -> None:
    ModelPage.open(
        page, tiny_site / ALPHA, "#image=scene-0&layer=2&patch=0,1&map=words&lens=logit&defaults=hide"
    )
    expect(page.locator("#default-choices input[value=show]")).to_be_checked()
    assert left_out(page) == (
        "no default tokens found; "
        "with 2 images only one that comes first on half of the patches of each would count"
    )


def test_the_list_says_how_little_a_few_images_tell(page: Page, planted_site: Path) -> None:
    ModelPage.open(page, planted_site / ALPHA, HERE)
    page.get_by_role("button", name="list").click()
    expect(page.locator("#default-few")).to_contain_text("2 images, too few")


def test_hidden_tokens_are_not_saved(page: Page, planted_site: Path) -> None:
    ModelPage.open(page, planted_site / ALPHA, f"{HERE}&defaults=hide")
    page.locator("#take-button").click()
    expect(page.locator("#take-tables")).to_contain_text("default tokens left out")
    with page.expect_download() as info:
        page.locator("[data-table='0']").click()
    text = info.value.path().read_text("utf-8-sig")
    rows = [row for row in csv.DictReader(io.StringIO(text, newline="")) if row["lens"] == "logit"]
    assert (rows[0]["rank"], json.loads(rows[0]["token_json"])) == ("2", NEXT)
    assert PLANTED not in [json.loads(row["token_json"]) for row in rows]
    assert {row["left_out"] for row in rows} == {"default tokens"}


def test_on_a_phone(browser: Browser, planted_site: Path) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page = context.new_page()
    ModelPage.open(page, planted_site / ALPHA, HERE)
    page.locator("#default-choices [data-choice=hide]").tap()
    page.locator("label:has(#words-only)").tap()
    assert "hidden" in left_out(page)
    assert "left out" in left_out(page)
    page.get_by_role("button", name="list").tap()
    box = page.locator("#default-list").bounding_box()
    assert box
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 390
    for heading in page.locator("#default-table-head th").all():
        column = heading.bounding_box()
        assert column
        assert column["x"] + column["width"] <= box["x"] + box["width"]
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.locator("#default-list").get_by_role("button", name="Close").tap()
    expect(page.locator("#default-list")).to_be_hidden()
    context.close()


def test_a_tap_beside_the_list_only_closes_it(browser: Browser, planted_site: Path) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page = context.new_page()
    opened = ModelPage.open(page, planted_site / ALPHA, HERE)
    opened.point(0, 2)
    page.get_by_role("button", name="list").scroll_into_view_if_needed()
    page.get_by_role("button", name="list").tap()
    before = opened.state()
    box = page.locator("#default-list").bounding_box()
    assert box
    page.touchscreen.tap(195, box["y"] / 2)
    expect(page.locator("#default-list")).to_be_hidden()
    assert opened.state() == before
    context.close()
