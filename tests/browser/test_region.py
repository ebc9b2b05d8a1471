"""A region, as a reader selects it: with the pointer, with keys alone, and with two taps."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.model_page import ModelPage
from tests.browser.test_model_page import ALPHA, SHELF, WIDE, shown, stored

OPEN = "#image=scene-0&layer=2&map=none&lens=contextual"
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
ON_A_PHONE = pytest.mark.parametrize("browser_context_args", [PHONE], indirect=True, ids=["phone"])


@pytest.fixture
def browser_context_args(
    browser_context_args: dict[str, Any], request: pytest.FixtureRequest
) -> dict[str, Any]:
    return browser_context_args | getattr(request, "param", {})


def word(token: str) -> str:
    """What counts as one word; an independent statement of the rule for the tiny study's tokens."""
    return token.strip().lower() or token


def counts(model: str, cells: list[int], lens: str, layer: int, *, lists: bool) -> list[tuple[str, int, str]]:
    """What the panel must say: each word's cells, and the mean of its best scores, counted from the rows."""
    cells_of: Counter[str] = Counter()
    scores: dict[str, float] = {}
    for cell in cells:
        best: dict[str, float] = {}
        for row in stored(model, "scene-0", lens, layer, cell)[: None if lists else 1]:
            best.setdefault(word(str(row["token"])), float(str(row["score"])))
        for name, score in best.items():
            cells_of[name] += 1
            scores[name] = scores.get(name, 0) + score
    return [(name, count, f"{scores[name] / count:.3f}") for name, count in cells_of.items()]


def table(page: Page, lens: str) -> list[tuple[str, int, str]]:
    """What the panel says of a lens: token, patches, mean score."""
    part = page.locator(f".region-lens[data-lens={lens}]")
    if part.locator("button").count():
        part.locator("button").click()
    rows = part.locator("tbody tr")
    found = []
    for row in rows.all():
        token = row.locator(".token").text_content() or ""
        patches = row.locator("td").nth(0).text_content() or ""
        score = row.locator("td").nth(1).text_content() or ""
        found.append((token, int(patches.split()[0]), score.replace("\u2212", "-")))
    return found


def check(page: Page, model: str, cells: list[int], layer: int = 2, *, lists: bool = False) -> None:
    for lens in ("embedding", "logit", "contextual"):
        said = {
            (token.replace("␣", " ").strip().lower() or token, patches, score)
            for token, patches, score in table(page, lens)
        }
        meant = {
            (shown(name).replace("␣", " ").strip().lower() or shown(name), patches, score)
            for name, patches, score in counts(model, cells, lens, layer, lists=lists)
        }
        assert said == meant


def drag(opened: ModelPage, start: tuple[int, int], end: tuple[int, int]) -> None:
    page = opened.page
    page.mouse.move(*opened.point(*start))
    page.keyboard.down("Shift")
    page.mouse.down()
    page.mouse.move(*opened.point(*end), steps=4)
    page.mouse.up()
    page.keyboard.up("Shift")


@pytest.mark.parametrize(("file", "model", "cols"), [(ALPHA, "alpha-round", 3), (WIDE, "alpha-wide", 2)])
def test_a_shift_drag_counts_the_tokens_of_its_cells(
    page: Page, tiny_site: Path, file: str, model: str, cols: int
) -> None:
    opened = ModelPage.open(page, tiny_site / file, OPEN + "&patch=0,0")
    drag(opened, (0, 1), (1, 0))
    assert opened.state()["region"] == "0,1;1,0"
    assert opened.state()["patch"] == "0,0"
    cells = [0, 1, cols, cols + 1]
    expect(page.locator("#region-title")).to_contain_text("Region of 4 patches")
    check(page, model, cells)
    page.locator("#region .choices label").nth(1).click()
    assert opened.state()["region-ranks"] == "all"
    check(page, model, cells, lists=True)
    page.keyboard.press("]")
    check(page, model, cells, layer=4, lists=True)


def test_counts_are_in_order_with_their_share_of_the_cells(page: Page, tiny_site: Path) -> None:
    ModelPage.open(page, tiny_site / ALPHA, OPEN + "&region=0,0;1,2&region-ranks=all")
    for lens in ("embedding", "logit", "contextual"):
        found = table(page, lens)
        patches = [count for _, count, _ in found]
        assert patches == sorted(patches, reverse=True)
        shares = page.locator(f".region-lens[data-lens={lens}] .share").all_text_contents()
        assert shares == [f"{round(100 * count / 6)}\u202f%" for count in patches]


def test_by_the_keyboard_alone(page: Page, tiny_site: Path) -> None:
    opened = ModelPage.open(page, tiny_site / ALPHA, OPEN + "&patch=0,1")
    page.locator("[data-cell='1']").focus()
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("Shift+ArrowDown")
    assert opened.state()["region"] == "0,1;1,2"
    assert opened.state()["patch"] == "0,1"
    check(page, "alpha-round", [1, 2, 4, 5])
    page.keyboard.press("Shift+Home")
    assert opened.state()["region"] == "0,1;1,0"
    page.locator("#region input[value=lists]").focus()
    page.keyboard.press("Space")
    check(page, "alpha-round", [0, 1, 3, 4], lists=True)
    page.keyboard.press("Escape")
    assert "region" not in opened.state()
    expect(page.locator("#region")).to_be_hidden()


def test_shift_and_a_click_go_from_the_pin_to_the_patch(page: Page, tiny_site: Path) -> None:
    opened = ModelPage.open(page, tiny_site / ALPHA, OPEN + "&patch=0,1")
    page.keyboard.down("Shift")
    opened.click(1, 2)
    page.keyboard.up("Shift")
    assert opened.state()["region"] == "0,1;1,2"
    page.locator("#region-close").click()
    assert "region" not in opened.state()
    assert opened.state()["patch"] == "0,1"


def test_a_drag_that_leaves_the_picture_ends_at_its_edge(page: Page, tiny_site: Path) -> None:
    opened = ModelPage.open(page, tiny_site / ALPHA, OPEN)
    x, y = opened.point(0, 1)
    page.keyboard.down("Shift")
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(2, 2, steps=3)
    page.mouse.up()
    page.keyboard.up("Shift")
    assert opened.state()["region"] == "0,1;0,0"
    opened.click(1, 1)
    assert opened.state()["patch"] == "1,1"


@ON_A_PHONE
def test_two_taps_select_a_region(page: Page, tiny_site: Path) -> None:
    opened = ModelPage.open(page, tiny_site / ALPHA, OPEN + "&patch=0,0")
    button = page.locator("#region-button")
    button.tap()
    expect(button).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#notice")).to_contain_text("tap one corner")
    page.touchscreen.tap(*opened.point(1, 0))
    expect(page.locator("#notice")).to_contain_text("opposite corner")
    page.touchscreen.tap(*opened.point(0, 1))
    expect(page.locator("#notice")).to_be_hidden()
    expect(button).to_have_attribute("aria-pressed", "false")
    assert opened.state()["region"] == "1,0;0,1"
    assert opened.state()["patch"] == "0,0"
    check(page, "alpha-round", [0, 1, 3, 4])
    page.touchscreen.tap(*opened.point(1, 2))
    assert opened.state()["patch"] == "1,2"


@ON_A_PHONE
def test_on_a_phone_the_regions_first_words_stand_under_the_picture(page: Page, tiny_site: Path) -> None:
    ModelPage.open(page, tiny_site / ALPHA, OPEN + "&patch=0,0&region=0,0;1,1")
    line = page.locator("#region-words")
    expect(line).to_contain_text("4 patches")
    for lens in ("embedding", "logit", "contextual"):
        assert line.locator(f"[data-lens={lens}] .token").text_content() == table(page, lens)[0][0]
    page.locator("#region-close").tap()
    expect(line).to_be_hidden()


@pytest.mark.parametrize("end", ["inside", "outside"])
def test_after_a_drag_nothing_stays_hovered(page: Page, tiny_site: Path, end: str) -> None:
    opened = ModelPage.open(page, tiny_site / ALPHA, OPEN + "&patch=0,0")
    frame = page.locator("#frame").bounding_box()
    assert frame
    beside = (frame["x"] + frame["width"] + 40, frame["y"] + 20)
    page.mouse.move(*opened.point(0, 1))
    page.keyboard.down("Shift")
    page.mouse.down()
    page.mouse.move(*opened.point(1, 2), steps=4)
    if end == "outside":
        page.mouse.move(*beside, steps=4)
    page.mouse.up()
    page.keyboard.up("Shift")
    page.mouse.move(*beside, steps=2)
    expect(page.locator("#patch-title .place")).to_have_text("Patch at row 0, column 0")
    expect(page.locator("#patch-title .kind")).to_have_text("pinned")


def test_the_region_button_looks_like_one(page: Page, tiny_site: Path) -> None:
    ModelPage.open(page, tiny_site / ALPHA, OPEN)
    expect(page.locator("#region-button")).to_have_css("border-top-style", "solid")
    expect(page.locator("#region-button")).to_have_css("border-top-width", "1px")


def test_escape_stops_choosing_before_it_clears(page: Page, tiny_site: Path) -> None:
    opened = ModelPage.open(page, tiny_site / ALPHA, OPEN + "&patch=0,0")
    page.locator("#region-button").click()
    page.keyboard.press("Escape")
    expect(page.locator("#region-button")).to_have_attribute("aria-pressed", "false")
    expect(page.locator("#notice")).to_be_hidden()
    assert opened.state()["patch"] == "0,0"
    page.keyboard.press("Escape")
    assert "patch" not in opened.state()


def test_the_region_is_drawn_on_the_picture(page: Page, tiny_site: Path) -> None:
    light = """canvas => {
        const context = canvas.getContext('2d');
        const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
        let light = 0;
        for (let i = 0; i < data.length; i += 4) if (data[i] > 250 && data[i + 3] > 250) light += 1;
        return light; }"""
    drawn = []
    for region in ("", "&region=0,0;0,1", "&region=0,0;1,2"):
        page.goto("about:blank")
        ModelPage.open(page, tiny_site / ALPHA, OPEN + region)
        drawn.append(page.locator("#mark-overlay").evaluate(light))
    assert drawn[0] == 0
    assert 100 < drawn[1] < drawn[2]


def test_the_region_goes_along_to_the_next_image_and_layer(page: Page, tiny_site: Path) -> None:
    opened = ModelPage.open(page, tiny_site / ALPHA, OPEN + "&region=0,1;1,2")
    page.keyboard.press(".")
    assert opened.state()["image"] == "scene-1"
    assert opened.state()["region"] == "0,1;1,2"
    expect(page.locator("#region-title")).to_contain_text("Region of 4 patches")


def test_an_absent_lens_says_why_in_the_region(page: Page, tiny_site: Path) -> None:
    ModelPage.open(page, tiny_site / SHELF, OPEN + "&region=0,0;1,1")
    parts = page.locator(".region-lens")
    expect(parts.nth(0)).to_contain_text("Absent because the embedding matrix is <not> published")
    expect(parts.nth(1)).to_contain_text("Absent because the run ended early")
    assert table(page, "contextual")
