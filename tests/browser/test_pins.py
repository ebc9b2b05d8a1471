"""Pins, as a reader handles them: up to four, each with a colour and a number, and never in the way."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.model_page import ModelPage
from tests.browser.test_model_page import ALPHA, SHELF, shown, stored

OPEN = "#image=scene-0&layer=2&map=none&lens=contextual"


@pytest.fixture(params=["desktop", "phone"])
def browser_context_args(
    browser_context_args: dict[str, Any], request: pytest.FixtureRequest
) -> dict[str, Any]:
    phone = {"viewport": {"width": 390, "height": 844}, "has_touch": True}
    return browser_context_args | (phone if request.param == "phone" else {})


def pinned(page: Page) -> list[tuple[str | None, str | None]]:
    """Number and cell of each chip."""
    chips = page.locator("#pins .pin")
    return [(chip.get_attribute("data-slot"), chip.get_attribute("data-pin")) for chip in chips.all()]


def test_four_patches_are_pinned_and_a_fifth_moves_the_one_that_is_read(page: Page, tiny_site: Path) -> None:
    opened = ModelPage.open(page, tiny_site / ALPHA, OPEN)
    for row, col in ((0, 0), (0, 1), (0, 2), (1, 0)):
        opened.click(row, col)
    assert pinned(page) == [("1", "0"), ("2", "1"), ("3", "2"), ("4", "3")]
    assert opened.state()["pins"] == "0,0;0,1;0,2;1,0"
    expect(page.locator("#notice")).to_be_hidden()
    opened.click(1, 1)
    assert pinned(page) == [("1", "0"), ("2", "1"), ("3", "2"), ("4", "4")]
    expect(page.locator("#notice")).to_contain_text("All four pins are in use")
    opened.click(1, 2)
    expect(page.locator("#notice")).to_be_hidden()
    page.keyboard.press("Escape")
    assert pinned(page) == []
    assert "pins" not in opened.state()
    expect(page.locator("#pins")).to_be_hidden()


def test_the_pages_own_choice_gives_way_to_the_first_pin(page: Page, tiny_site: Path) -> None:
    opened = ModelPage.open(page, tiny_site / ALPHA)
    row, col = map(int, opened.state()["patch"].split(","))
    opened.click(row, (col + 1) % 3)
    assert len(pinned(page)) == 1
    opened.click(row, col)
    assert len(pinned(page)) == 2


def test_a_pin_never_blocks_the_hover_of_others(page: Page, tiny_site: Path) -> None:
    opened = ModelPage.open(page, tiny_site / ALPHA, OPEN + "&patch=0,0&pins=0,0;1,2")
    for row, col in ((0, 1), (1, 2), (1, 1), (0, 0)):
        opened.hover(row, col)
        assert opened.title() == f"Patch at row {row}, column {col}"
        row_of = stored("alpha-round", "scene-0", "logit", 2, row * 3 + col)
        assert opened.tokens("logit") == [shown(str(neighbour["token"])) for neighbour in row_of]
    page.locator("#image-count").hover()
    assert opened.title() == "Patch at row 0, column 0"


def test_a_chip_reads_its_pin_or_lets_go_of_it(page: Page, tiny_site: Path) -> None:
    opened = ModelPage.open(page, tiny_site / ALPHA, OPEN + "&patch=0,0&pins=0,0;0,1;1,2")
    read = page.get_by_role("button", name="read pin 3 row 1, col 2")
    expect(read).to_have_attribute("aria-pressed", "false")
    read.click()
    expect(read).to_have_attribute("aria-pressed", "true")
    assert opened.state()["patch"] == "1,2"
    page.get_by_role("button", name="let go of pin 2").click()
    assert pinned(page) == [("1", "0"), ("3", "5")]
    assert opened.state()["pins"] == "0,0;;1,2"
    page.get_by_role("button", name="let go of pin 3").click()
    assert opened.state()["patch"] == "0,0"


def test_the_table_compares_the_pins_in_every_lens(page: Page, tiny_site: Path) -> None:
    ModelPage.open(page, tiny_site / ALPHA, OPEN + "&patch=0,0&pins=0,0;;1,2")
    table = page.locator(".pin-table")
    expect(table.locator("thead .pin")).to_have_count(2)
    for layer in (2, 4):
        for lens in ("embedding", "logit", "contextual"):
            row = table.locator(f"tr[data-lens={lens}]")
            for place, cell in enumerate((0, 5)):
                firsts = [
                    str(found["token"]) for found in stored("alpha-round", "scene-0", lens, layer, cell)
                ]
                tokens = row.locator("td").nth(place).locator(".token").all_text_contents()
                assert tokens == [shown(token) for token in firsts[:3]]
        page.keyboard.press("]")


def test_words_of_several_lenses_are_marked_in_the_table_too(page: Page, tiny_site: Path) -> None:
    opened = ModelPage.open(page, tiny_site / ALPHA, OPEN + "&patch=0,0&pins=0,0;0,1;0,2;1,0")
    marked = 0
    for slot, cell in enumerate(((0, 0), (0, 1), (0, 2), (1, 0))):
        opened.hover(*cell)
        for lens in ("embedding", "logit", "contextual"):
            in_list = opened.lens(lens).locator(".neighbour[data-agrees=true] .token").all_text_contents()
            column = page.locator(f".pin-table tr[data-lens={lens}] td").nth(slot)
            in_table = column.locator("[data-agrees=true] .token").all_text_contents()
            first_three = opened.tokens(lens)[:3]
            assert in_table == [token for token in first_three if token in in_list]
            marked += len(in_table)
    assert marked > 0


def test_pins_are_told_apart_without_their_colours(page: Page, tiny_site: Path) -> None:
    """The chip's number is on the picture as well: another slot draws another figure in the same place."""
    drawn = {}
    for slots in ("0,0;;;", ";0,0", ";;0,0"):
        ModelPage.open(page, tiny_site / ALPHA, OPEN + f"&patch=0,0&pins={slots}")
        pixels = page.locator("#mark-overlay").evaluate(
            """canvas => { const context = canvas.getContext('2d');
            const { data } = context.getImageData(0, 0, 40, 40);
            let dark = ''; for (let i = 0; i < data.length; i += 4)
              dark += data[i] + data[i + 1] + data[i + 2] < 200 && data[i + 3] > 200 ? '1' : '0';
            return dark; }"""
        )
        drawn[slots] = pixels
        page.goto("about:blank")
    assert len(set(drawn.values())) == 3


def test_an_absent_lens_says_why_in_the_table(page: Page, tiny_site: Path) -> None:
    ModelPage.open(page, tiny_site / SHELF, OPEN + "&patch=0,0&pins=0,0;1,1")
    row = page.locator(".pin-table tr[data-lens=embedding]")
    expect(row).to_contain_text("Absent because the embedding matrix is <not> published")
    expect(page.locator(".pin-table tr[data-lens=contextual] .token").first).to_be_visible()


def test_the_focus_stays_with_the_pins(page: Page, tiny_site: Path) -> None:
    ModelPage.open(page, tiny_site / ALPHA, OPEN + "&patch=0,0&pins=0,0;0,1;1,2")
    page.locator("[data-control='read 1']").focus()
    page.keyboard.press("Enter")
    expect(page.locator("[data-control='read 1']")).to_be_focused()
    page.locator("[data-control='drop 1']").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#pins [data-control]:focus")).to_have_count(1)


def test_every_pinned_cell_is_selected_for_screen_readers(page: Page, tiny_site: Path) -> None:
    ModelPage.open(page, tiny_site / ALPHA, OPEN + "&patch=0,0&pins=0,0;;1,2")
    expect(page.locator("#grid")).to_have_attribute("aria-multiselectable", "true")
    chosen = page.locator("#grid [aria-selected=true]")
    assert [cell.get_attribute("data-cell") for cell in chosen.all()] == ["0", "5"]
    expect(page.locator("#grid [tabindex='0']")).to_have_attribute("data-cell", "0")
