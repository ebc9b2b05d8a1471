"""Sweeping through the layers as a reader does: slider, play, the table, all layers at once."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.model_page import ModelPage
from tests.generator import tiny_study

ALPHA = "models/alpha-round.html"
LAYERS = [str(layer) for layer in tiny_study.LAYERS]
START = "#image=scene-0&layer=0&patch=1,1&map=words&lens=logit"


@pytest.fixture
def phone(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    yield context.new_page()
    context.close()


def shown_layers(page: Page) -> None:
    """Keep on record which layers the page shows, from now on."""
    page.evaluate(
        """() => {
          const output = document.getElementById("layer-value");
          window.layersSeen = [];
          const note = () => window.layersSeen.push([output.textContent, performance.now()]);
          new MutationObserver(note).observe(output, { childList: true });
        }"""
    )


def test_play_goes_through_the_layers_and_stops_at_the_last(page: Page, tiny_site: Path) -> None:
    opened = ModelPage.open(page, tiny_site / ALPHA, START)
    shown_layers(page)
    button = page.locator("#play-button")
    expect(button).to_have_attribute("aria-label", "play through the layers")
    button.click()
    expect(button).to_have_attribute("aria-label", "pause")
    expect(page.locator("#layer-value")).to_have_text(LAYERS[-1])
    expect(button).to_have_attribute("aria-label", "play through the layers")
    seen = page.evaluate("window.layersSeen")
    assert [layer for layer, _ in seen] == LAYERS[1:]
    gaps = [later - earlier for (_, earlier), (_, later) in pairwise(seen)]
    assert all(480 < gap < 2000 for gap in gaps)
    assert opened.state()["layer"] == LAYERS[-1]


def test_the_play_button_stands_left_of_the_slider(page: Page, tiny_site: Path) -> None:
    ModelPage.open(page, tiny_site / ALPHA)
    button, slider = (page.locator(name).bounding_box() for name in ("#play-button", "#layer-slider"))
    assert button
    assert slider
    assert button["x"] + button["width"] <= slider["x"]


@pytest.mark.parametrize("how", ["p", "click", "key", "press"])
def test_any_input_stops_it(page: Page, tiny_site: Path, how: str) -> None:
    opened = ModelPage.open(page, tiny_site / ALPHA, START)
    page.keyboard.press("p")
    button = page.locator("#play-button")
    expect(button).to_have_attribute("data-playing", "")
    if how == "p":
        page.keyboard.press("p")
    elif how == "click":
        button.click()
    elif how == "key":
        page.keyboard.press("g")
    else:
        opened.click(0, 0)
    expect(button).not_to_have_attribute("data-playing", "")
    layer = page.locator("#layer-value").inner_text()
    page.wait_for_timeout(900)
    assert page.locator("#layer-value").inner_text() == layer


def test_patches_can_be_read_while_it_plays(page: Page, tiny_site: Path) -> None:
    opened = ModelPage.open(page, tiny_site / ALPHA, START)
    page.keyboard.press("p")
    opened.hover(0, 2)
    assert opened.title() == "Patch at row 0, column 2"
    expect(page.locator("#layer-value")).to_have_text(LAYERS[-1])  # it went on


def test_with_reduced_motion_it_plays_on_request_and_nothing_glides(
    browser: Browser, tiny_site: Path
) -> None:
    context = browser.new_context(reduced_motion="reduce")
    page = context.new_page()
    ModelPage.open(page, tiny_site / ALPHA, START)
    page.wait_for_timeout(800)
    expect(page.locator("#layer-value")).to_have_text(LAYERS[0])
    longest = page.evaluate(
        """() => Math.max(...[...document.querySelectorAll("*")].flatMap((element) => {
          const { transitionDuration, animationDuration } = getComputedStyle(element);
          return [transitionDuration, animationDuration].join(",").split(",").map(parseFloat);
        }))"""
    )
    assert longest <= 0.001
    page.locator("#play-button").click()
    expect(page.locator("#layer-value")).to_have_text(LAYERS[-1])
    context.close()


def test_a_row_of_the_layer_table_goes_to_its_layer(page: Page, tiny_site: Path) -> None:
    opened = ModelPage.open(page, tiny_site / ALPHA, START)
    expect(page.locator("#layer-table-head th").first).to_have_text("vision layer")
    page.locator(f"#layer-table-body tr[data-layer='{len(LAYERS) - 1}'] td").first.click()
    assert opened.state()["layer"] == LAYERS[-1]
    expect(page.locator("#layer-table-body tr[aria-current]")).to_have_attribute(
        "data-layer", str(len(LAYERS) - 1)
    )


def test_lines_of_the_layer_table_end_in_dots_and_their_titles_say_all(page: Page, tiny_site: Path) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    opened = ModelPage.open(page, tiny_site / ALPHA, START)
    lines = page.locator("#layer-table-body .tops")
    line = page.locator("#layer-table-body tr[aria-current] [data-lens=embedding] .tops")
    shown = [token.strip("␣") or "␣" for token in opened.tokens("embedding")[:3]]
    assert (line.get_attribute("title") or "").split(" · ") == shown
    expect(line).to_have_css("text-overflow", "ellipsis")
    heights = lines.evaluate_all("nodes => nodes.map((node) => node.getBoundingClientRect().height)")
    assert max(heights) < 1.5 * min(heights)


def test_the_norm_map_says_its_scale(page: Page, tiny_site: Path) -> None:
    """The ends of the colours are those stored of all layers; beside them the range of the layer."""
    opened = ModelPage.open(page, tiny_site / ALPHA, "#image=scene-0&layer=2&map=norm&patch=0,0")
    legend = page.locator("#legend")
    expect(legend).to_contain_text("norm (L2) of the hidden state")
    expect(legend).to_contain_text("one scale for all layers of this image")
    model = next(model for model in tiny_study.MODELS if model.model_id == "alpha-round")
    rows = [row for row in tiny_study.cell_rows(model) if row["image_id"] == "scene-0"]
    norms = {
        layer: [row["norm"] for row in rows if row["vision_layer"] == layer] for layer in map(int, LAYERS)
    }
    every = [norm for some in norms.values() for norm in some]
    ends = legend.locator(".ramp > span:not([class])").all_inner_texts()
    assert [float(end) for end in ends] == pytest.approx([min(every), max(every)], abs=0.0006)
    here = f"{min(norms[2]):.3f} to {max(norms[2]):.3f}"
    expect(legend).to_contain_text(f"at this layer {here}")
    assert opened.state()["map"] == "norm"


def test_both_axes_have_names(page: Page, tiny_site: Path) -> None:
    ModelPage.open(page, tiny_site / ALPHA, "#image=scene-0&layer=2&patch=1,1&map=text-layer")
    expect(page.locator("label[for='layer-slider']")).to_contain_text("Vision layer 2")
    expect(page.locator("#legend button").first).to_contain_text("text layer")
    expect(page.locator(".neighbour .text-layer").first).to_contain_text("text layer")
    table = page.locator("#layer-table")
    columns = table.locator("thead th")
    expect(columns.first).to_have_text("vision layer")
    expect(columns.and_(page.locator("[data-lens=contextual]"))).to_contain_text("text layer")
    for layer in LAYERS:
        row = table.locator("tbody tr").filter(
            has=page.get_by_role("button", name=f"layer {layer}", exact=False)
        )
        depth = row.first.locator("[data-lens=contextual] .text-layer")
        expect(depth).to_have_text(str(stored_depth(int(layer))))
        expect(row.first.locator("[data-lens=logit] .text-layer")).to_have_count(0)


def stored_depth(layer: int) -> int:
    """The text layer of LN-Lens's first token in the patch of row 1, column 1, as it is stored."""
    model = next(model for model in tiny_study.MODELS if model.model_id == "alpha-round")
    place = ("scene-0", layer, 1 * tiny_study.ROUND.cols + 1, 1)
    rows = tiny_study.neighbor_rows(model, "contextual")
    key = ("image_id", "vision_layer", "cell", "rank")
    return next(row["text_layer"] for row in rows if tuple(row[name] for name in key) == place)


def paint(page: Page, selector: str) -> str:
    return page.locator(selector).evaluate("canvas => canvas.toDataURL()")


def test_all_layers_stand_in_the_pictures_place(page: Page, tiny_site: Path) -> None:
    opened = ModelPage.open(page, tiny_site / ALPHA, START)
    before = page.locator(".picture").bounding_box()
    page.get_by_role("checkbox", name="All layers").check()
    assert opened.state()["all-layers"] == "on"
    tiles = page.locator("#multiples button")
    assert tiles.all_inner_texts() == [f"vision layer {layer}" for layer in LAYERS]
    expect(page.locator("#multiples [aria-current]")).to_have_text(f"vision layer {LAYERS[0]}")
    expect(page.locator("#frame")).to_be_hidden()
    boxes = [tile.bounding_box() for tile in tiles.all()]
    assert before
    for box in boxes:
        assert box
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= page.evaluate("document.documentElement.clientWidth")
        assert abs(box["y"] - before["y"]) < 2  # side by side: the page's whole width is theirs
        assert box["width"] >= 224
    pictures = {
        paint(page, f"#multiples button[data-layer='{index}'] canvas") for index in range(len(LAYERS))
    }
    assert len(pictures) == len(LAYERS)


def test_the_mark_follows_the_layer_and_a_click_goes_there(page: Page, tiny_site: Path) -> None:
    opened = ModelPage.open(page, tiny_site / ALPHA, START + "&all-layers=on")
    expect(page.locator("#legend")).to_contain_text(f"Patches at vision layer {LAYERS[0]}")
    page.keyboard.press("]")
    expect(page.locator("#multiples [aria-current]")).to_have_text(f"vision layer {LAYERS[1]}")
    expect(page.locator("#legend")).to_contain_text(f"Patches at vision layer {LAYERS[1]}")
    page.locator("#multiples button").last.click()
    expect(page.locator("#multiples")).to_be_hidden()
    assert opened.state()["layer"] == LAYERS[-1]
    assert "all-layers" not in opened.state()
    page.go_back()
    expect(page.locator("#multiples")).to_be_visible()


def test_all_layers_by_keyboard_alone(page: Page, tiny_site: Path) -> None:
    opened = ModelPage.open(page, tiny_site / ALPHA, START)
    page.keyboard.press("a")
    expect(page.locator("#multiples")).to_be_visible()
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.closest('#multiples') !== null"):
            break
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert opened.state()["layer"] == LAYERS[1]
    expect(page.locator("#multiples-toggle")).to_be_focused()


def test_without_a_map_all_layers_show_the_words(page: Page, tiny_site: Path) -> None:
    opened = ModelPage.open(page, tiny_site / ALPHA, "#image=scene-0&layer=0&map=none")
    page.keyboard.press("a")
    assert opened.state()["map"] == "words"
    page.locator("#map-choices [data-choice=none]").click()
    expect(page.locator("#multiples")).to_be_hidden()
    expect(page.locator("#multiples-toggle")).not_to_be_checked()


def test_isolating_a_word_shows_in_every_small_map(page: Page, tiny_site: Path) -> None:
    ModelPage.open(page, tiny_site / ALPHA, START + "&all-layers=on")
    before = paint(page, "#multiples button[data-layer='2'] canvas")
    page.locator("#legend button").first.click()
    expect(page.locator("#legend button[aria-pressed=true]")).to_have_count(1)
    assert paint(page, "#multiples button[data-layer='2'] canvas") != before


def test_on_a_phone(phone: Page, tiny_site: Path) -> None:
    opened = ModelPage.open(phone, tiny_site / ALPHA, START)
    phone.locator("#play-button").tap()
    expect(phone.locator("#layer-value")).to_have_text(LAYERS[-1])
    phone.locator("label:has(#multiples-toggle)").tap()
    tiles = phone.locator("#multiples button")
    expect(tiles).to_have_count(len(LAYERS))
    for tile in tiles.all():
        box = tile.bounding_box()
        assert box
        assert box["width"] >= 24
        assert box["x"] + box["width"] <= 390
    tiles.first.tap()
    assert opened.state()["layer"] == LAYERS[0]
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390
