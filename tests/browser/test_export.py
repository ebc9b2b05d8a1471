"""What can be taken along: the link, the picture, the tables, the citation; on a desk and on a phone."""

from __future__ import annotations

import csv
import io
import json
import math
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from PIL import Image
from playwright.sync_api import Download, Page, expect

from tests.browser.model_page import ModelPage
from tests.generator import tiny_study

ALPHA = "models/alpha-round.html"
HOSTILE = "models/alpha-round-linear.html"
PLACE = "#image=scene-0&layer=2&patch=1,2&pins=1,2;0,1&map=words&lens=embedding"
SVG = "{http://www.w3.org/2000/svg}"
MARGIN = 12
COLUMN = 480  # what a picture is wide on the sheet


@pytest.fixture(params=["desk", "phone"])
def browser_context_args(
    browser_context_args: dict[str, Any], request: pytest.FixtureRequest
) -> dict[str, Any]:
    phone = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
    return browser_context_args | (phone if request.param == "phone" else {})


def saved(page: Page, selector: str) -> Download:
    """What a button of the menu saves."""
    page.locator("#take-button").click()
    with page.expect_download() as download:
        page.locator(f"#take {selector}").click()
    return download.value


def content(download: Download) -> bytes:
    return Path(download.path()).read_bytes()


def drawing(download: Download) -> ElementTree.Element:
    return ElementTree.fromstring(content(download))  # noqa: S314 the page's own file, checked here


def texts(drawing: ElementTree.Element) -> list[str]:
    return ["".join(node.itertext()) for node in drawing.iter(f"{SVG}text")]


def rows_of(download: Download) -> list[dict[str, str]]:
    text = content(download).decode("utf-8")
    assert text[0] == "\ufeff"
    return list(csv.DictReader(io.StringIO(text[1:], newline=""), strict=True))


def test_the_menu_opens_and_closes_without_touching_the_view(page: Page, tiny_site: Path) -> None:
    opened = ModelPage.open(page, tiny_site / ALPHA, PLACE)
    before = opened.state()
    menu = page.locator("#take")
    page.keyboard.press("s")
    expect(menu).to_be_visible()
    box = menu.bounding_box()
    assert box
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= page.evaluate("innerWidth")
    page.keyboard.press("Escape")
    expect(menu).to_be_hidden()
    page.locator("#take-button").click()
    expect(menu).to_be_visible()
    page.locator("#take-button").click()
    expect(menu).to_be_hidden()
    assert opened.state() == before


def test_copying_the_link_copies_the_whole_state(page: Page, tiny_site: Path) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    opened = ModelPage.open(page, tiny_site / ALPHA, PLACE)
    page.locator("#take-button").click()
    page.locator("#copy-button").click()
    expect(page.locator("#notice")).to_have_text("Link copied")
    link = page.evaluate("navigator.clipboard.readText()")
    before = opened.state()
    page.goto("about:blank")
    page.goto(link)
    assert ModelPage(page).ready().state() == before


@pytest.mark.parametrize("scale", [1, 2])
def test_a_png_has_whole_numbers_of_pixels_for_each_of_the_canvas(
    page: Page, tiny_site: Path, scale: int
) -> None:
    ModelPage.open(page, tiny_site / ALPHA, "#image=scene-0&layer=2&map=none&grid=off&patch=9,9")
    download = saved(page, f"[data-picture='{scale}']")
    assert (
        download.suggested_filename
        == f"tiny-alpha-round-scene-0-layer-2-none{'-2x' if scale == 2 else ''}.png"
    )
    picture = Image.open(io.BytesIO(content(download))).convert("RGB")
    grid = tiny_study.ROUND
    stored = Image.open(io.BytesIO(tiny_study._canvas_png(grid, 0))).convert("RGB")
    times = math.ceil(2 * COLUMN / grid.width) * scale
    fine = times * grid.width / COLUMN
    edge = round(MARGIN * fine)
    assert picture.width == round((COLUMN + 2 * MARGIN) * fine)
    assert picture.height > edge + grid.height * times + 2 * 20 * fine  # words below
    for x, y in ((1, 1), (grid.width - 2, grid.height - 2), (grid.width // 2, 3)):
        middle = picture.getpixel((edge + x * times + times // 2, edge + y * times + times // 2))
        assert middle == pytest.approx(stored.getpixel((x, y)), abs=6)
    assert picture.getpixel((2, 2)) == (255, 255, 255)
    assert picture.getpixel((edge - 1, edge + 9)) == (255, 255, 255)
    assert picture.getpixel((edge + grid.width * times, edge + 9)) == (255, 255, 255)


def test_a_png_shows_the_map_and_the_pins(page: Page, tiny_site: Path) -> None:
    ModelPage.open(page, tiny_site / ALPHA, PLACE)
    with_marks = Image.open(io.BytesIO(content(saved(page, "[data-picture='2']")))).convert("RGB")
    colours = {colour for _, colour in with_marks.crop((0, 0, *[with_marks.width] * 2)).getcolors(10**7)}
    assert {(255, 210, 62), (76, 195, 255)} <= colours  # the first two pins
    assert (196, 226, 180) not in colours  # the bare canvas


def test_an_svg_is_text_and_rectangles_around_the_picture(page: Page, tiny_site: Path) -> None:
    opened = ModelPage.open(page, tiny_site / ALPHA, PLACE)
    legend = page.locator("#legend button bdi").all_inner_texts()
    first = opened.tokens("embedding")[0].lstrip("␣") or "␣"
    download = saved(page, "[data-picture='svg']")
    assert download.suggested_filename == "tiny-alpha-round-scene-0-layer-2-words.svg"
    text = content(download).decode("utf-8")
    root = drawing(download)
    words = texts(root)
    assert "Alpha + Round" in words
    assert any("image scene-0 · vision layer 2" in line for line in words)
    assert set(legend) <= set(words)
    pin = words.index("1: row 1, column 2")
    assert words[pin + 1 : pin + 3] == ["Input Embedding Matrix", first]
    assert len(list(root.iter(f"{SVG}rect"))) > 6
    images = [node.get("{http://www.w3.org/1999/xlink}href", "") for node in root.iter(f"{SVG}image")]
    assert len(images) == 1
    assert images[0].startswith("data:image/png;base64,")
    assert not re.search(r"oklch|light-dark|var\(|<script|https?://(?!www\.w3\.org/)", text)
    page.goto(Path(download.path()).as_uri())  # a browser reads it without a complaint


def test_an_svg_has_the_colours_of_the_screen(page: Page, tiny_site: Path) -> None:
    """The browser's own conversion of every hue against the colours in the file."""
    ModelPage.open(page, tiny_site / ALPHA, PLACE)
    swatches = page.locator("#legend .swatch")
    shown = swatches.evaluate_all(
        """nodes => nodes.map((node) => {
          const context = document.createElement("canvas").getContext("2d");
          context.fillStyle = getComputedStyle(node).backgroundColor;
          context.fillRect(0, 0, 1, 1);
          return [...context.getImageData(0, 0, 1, 1).data.slice(0, 3)];
        })"""
    )
    root = drawing(saved(page, "[data-picture='svg']"))
    fills = {node.get("fill", "") for node in root.iter(f"{SVG}rect")}
    found = [tuple(int(fill[at : at + 2], 16) for at in (1, 3, 5)) for fill in fills - {"none"}]
    assert len(shown) > 2
    for colour in shown:
        nearest = min(found, key=lambda other: sum(abs(a - b) for a, b in zip(colour, other, strict=True)))
        assert max(abs(a - b) for a, b in zip(colour, nearest, strict=True)) <= 1


def stored_rows(lens: str, cell: int, layer: int) -> list[dict[str, Any]]:
    model = next(model for model in tiny_study.MODELS if model.model_id == "alpha-round")
    return [
        row
        for row in tiny_study.neighbor_rows(model, lens)
        if (row["image_id"], row["vision_layer"], row["cell"]) == ("scene-0", layer, cell)
    ]


def test_a_table_holds_the_stored_lists(page: Page, tiny_site: Path) -> None:
    ModelPage.open(page, tiny_site / ALPHA, PLACE)
    download = saved(page, "[data-table='0']")
    assert download.suggested_filename == "tiny-alpha-round-scene-0-layer-2-lists.csv"
    rows = rows_of(download)
    stored = [row for cell in (5, 1) for lens in tiny_study.LENSES for row in stored_rows(lens, cell, 2)]
    assert [json.loads(row["token_json"]) for row in rows] == [row["token"] for row in stored]
    assert [(row["lens"], int(row["rank"])) for row in rows] == [(row["lens"], row["rank"]) for row in stored]
    assert [float(row["score"]) for row in rows] == pytest.approx(
        [row["score"] for row in stored], abs=0.0006
    )
    sentences = {json.loads(row["sentence_json"]) for row in rows if row["sentence_json"]}
    assert sentences <= set(tiny_study.SENTENCES)
    assert sentences


def test_the_layer_table_can_be_saved(page: Page, tiny_site: Path) -> None:
    ModelPage.open(page, tiny_site / ALPHA, PLACE)
    rows = rows_of(saved(page, "[data-table='1']"))
    assert {(row["row"], row["column"]) for row in rows} == {("1", "2")}
    assert sorted({int(row["vision_layer"]) for row in rows}) == list(tiny_study.LAYERS)


def test_the_words_of_a_region_can_be_saved(page: Page, tiny_site: Path) -> None:
    ModelPage.open(page, tiny_site / ALPHA, f"{PLACE}&region=0,0;1,1")
    download = saved(page, "[data-table='2']")
    assert download.suggested_filename == "tiny-alpha-round-scene-0-layer-2-region.csv"
    rows = rows_of(download)
    for lens in tiny_study.LENSES:
        firsts = [stored_rows(lens, cell, 2)[0]["token"] for cell in (0, 1, 3, 4)]
        mine = [row for row in rows if row["lens"] == lens]
        assert sum(int(row["patches"]) for row in mine) == 4
        spellings = {spelling for row in mine for spelling in json.loads(row["spellings_json"])}
        assert spellings == set(firsts)


def test_the_results_of_a_search_can_be_saved(page: Page, tiny_site: Path) -> None:
    ModelPage.open(page, tiny_site / ALPHA, f"{PLACE}&find=%20dog&by=exact&rank=5")
    page.locator("#search-summary").get_by_text("hit").first.wait_for()
    rows = rows_of(saved(page, "[data-table='3']"))
    model = next(model for model in tiny_study.MODELS if model.model_id == "alpha-round")
    tokens = [row["token"] for lens in tiny_study.LENSES for row in tiny_study.neighbor_rows(model, lens)]
    assert sum(int(row["hits"]) for row in rows) == tokens.count(" dog")
    assert {json.loads(row["search_json"]) for row in rows} == {" dog"}


def test_no_cell_of_a_table_is_a_formula(page: Page, tiny_site: Path) -> None:
    numbers = {"score"}
    seen = 0
    for patch in ("0,0", "0,1", "0,2", "1,0", "1,1", "1,2"):
        ModelPage.open(page, tiny_site / ALPHA, f"#image=scene-0&layer=2&patch={patch}")
        for row in rows_of(saved(page, "[data-table='1']")):
            for name, value in row.items():
                seen += 1
                assert not re.match(r"[=+@\t\r]", value), (name, value)
                assert not value.startswith("-") or name in numbers
    assert seen > 1000


def test_without_a_patch_no_table_is_offered(page: Page, tiny_site: Path) -> None:
    opened = ModelPage.open(page, tiny_site / ALPHA, PLACE)
    page.keyboard.press("Escape")
    assert "patch" not in opened.state()
    page.locator("#take-button").click()
    expect(page.locator("#take-tables button")).to_have_count(0)
    expect(page.locator("#take-tables")).to_have_text("pin a patch first")


def field(text: str, name: str) -> str:
    found = re.search(rf"^  {name} += \{{(.*)\}},$", text, re.MULTILINE)
    assert found, name
    return found[1]


def test_a_citation_names_the_origin_of_what_it_cites(page: Page, tiny_site: Path) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    opened = ModelPage.open(page, tiny_site / ALPHA, PLACE)
    page.locator("#take-button").click()
    page.locator("#cite-button").click()
    expect(page.locator("#cite")).to_be_visible()
    text = page.locator("#cite-text").text_content() or ""
    citation = opened.facts["citation"]
    assert text.startswith("@misc{vlens-tiny-alpha-round,\n")
    assert (
        field(text, "title")
        == "{Alpha + Round: what its vision tokens mean. Tiny \\textless{}study\\textgreater{} \\& friends}"
    )
    note = field(text, "note")
    for fact in (
        "Study tiny",
        citation["studyConfiguration"],
        citation["configuration"],
        "made-up sentences",
        "2026-01-02",
    ):
        assert fact in note
    assert "results schema 1" in note
    assert "file:" not in text
    assert "  url " not in text  # a page on a disk has no address for others
    page.locator("#cite-copy").click()
    expect(page.locator("#cite-notice")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == text
    page.keyboard.press("Escape")
    expect(page.locator("#cite")).to_be_hidden()
    assert opened.state()["patch"] == "1,2"


def test_a_hostile_title_stays_inside_its_field(page: Page, tiny_site: Path) -> None:
    ModelPage.open(page, tiny_site / HOSTILE)
    page.locator("#take-button").click()
    page.locator("#cite-button").click()
    lines = (page.locator("#cite-text").text_content() or "").splitlines()
    assert [line.count("{") - line.count("}") for line in lines] == [1, *[0] * (len(lines) - 2), -1]
    assert "\\textless{}/script\\textgreater{}" in lines[1]
    page.keyboard.press("Escape")
    words = texts(drawing(saved(page, "[data-picture='svg']")))
    assert 'linear </script><script>alert("title")</script>' in words
