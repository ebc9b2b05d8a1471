"""The word map as a reader sees it: one colour for a word, a legend by area, words set apart."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from tests.browser.model_page import ModelPage
from tests.generator import tiny_study

ALPHA = "models/alpha-round.html"
BETA = "models/beta-round.html"


def colours(page: Page) -> dict[str, str]:
    """The legend's words and their colours."""
    page.locator("#legend button").first.wait_for()
    if page.locator("#legend [data-fold][aria-expanded=false]").count():
        page.locator("#legend [data-fold]").click()
    pairs = page.locator("#legend button[data-item]").evaluate_all(
        """buttons => buttons.map((button) => [
          button.querySelector("bdi").textContent.toLowerCase(),
          getComputedStyle(button.querySelector(".swatch")).backgroundColor,
        ])"""
    )
    return dict(pairs)


def of_page(page: Page, file: Path, image: str, lens: str) -> list[dict[str, str]]:
    found = []
    for layer in tiny_study.LAYERS:
        page.goto("about:blank")
        ModelPage.open(page, file, f"#image={image}&layer={layer}&map=words&lens={lens}")
        found.append(colours(page))
    return found


def test_a_word_has_one_colour_on_every_layer_image_lens_and_model(page: Page, tiny_site: Path) -> None:
    maps = [
        shown
        for model in (ALPHA, BETA)
        for image, _ in tiny_study.IMAGES
        for lens in ("embedding", "logit")
        for shown in of_page(page, tiny_site / model, image, lens)
    ]
    seen: dict[str, set[str]] = {}
    for shown in maps:
        for word, colour in shown.items():
            seen.setdefault(word, set()).add(colour)
    assert all(len(found) == 1 for found in seen.values()), seen
    shared = [word for word in seen if sum(word in shown for shown in maps) > 3]
    assert len(shared) > 3


def hue_of(page: Page, colour: str) -> tuple[int, int, int]:
    """Red, green and blue of a CSS colour, 0 to 255."""
    return tuple(
        page.evaluate(
            """colour => {
              const context = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
              context.fillStyle = colour;
              context.fillRect(0, 0, 1, 1);
              return [...context.getImageData(0, 0, 1, 1).data].slice(0, 3);
            }""",
            colour,
        )
    )


def test_words_for_colours_show_their_own(page: Page, tiny_site: Path) -> None:
    found: dict[str, str] = {}
    for image, _ in tiny_study.IMAGES:
        for lens in ("embedding", "logit"):
            for shown in of_page(page, tiny_site / ALPHA, image, lens):
                found.update(shown)
    red = hue_of(page, found["red"])
    assert red[0] == max(red)
    blue = hue_of(page, found["blue"])
    assert blue[2] == max(blue)


def test_the_legend_is_sorted_by_area_and_sets_a_word_apart(page: Page, tiny_site: Path) -> None:
    opened = ModelPage.open(page, tiny_site / ALPHA, "#image=scene-0&layer=2&patch=0,0&map=words&lens=logit")
    counts = [int(text) for text in page.locator("#legend .count").all_inner_texts()]
    assert counts == sorted(counts, reverse=True)
    assert sum(counts) == 6
    overlay = page.locator("#map-overlay")
    before = overlay.evaluate("canvas => canvas.toDataURL()")
    page.locator("#legend button").first.click()
    assert "only" in opened.state()
    assert overlay.evaluate("canvas => canvas.toDataURL()") != before
    page.locator("#legend button[aria-pressed=true]").click()
    assert "only" not in opened.state()
    assert overlay.evaluate("canvas => canvas.toDataURL()") == before


def test_the_legend_says_that_the_chosen_word_is_nowhere(page: Page, tiny_site: Path) -> None:
    ModelPage.open(page, tiny_site / ALPHA, "#image=scene-0&layer=2&map=words&lens=logit&only=zebra")
    chosen = page.locator("#legend button[aria-pressed=true]")
    expect(chosen.locator("bdi")).to_have_text("zebra")
    expect(chosen.locator(".count")).to_have_text("nowhere at this layer")


def test_the_text_layers_legend_shows_their_order(page: Page, tiny_site: Path) -> None:
    opened = ModelPage.open(page, tiny_site / ALPHA, "#image=scene-0&layer=2&map=text-layer")
    layers = opened.facts["textLayers"]
    expect(page.locator("#legend .ramp")).to_have_text(f"text layer {layers[0]}{layers[-1]}")
    expect(page.locator("#legend .ramp-steps span")).not_to_have_count(0)


def test_the_legend_is_in_view_on_a_laptop(page: Page, tiny_site: Path) -> None:
    page.set_viewport_size({"width": 1440, "height": 900})
    ModelPage.open(page, tiny_site / ALPHA, "#image=scene-0&layer=2&patch=0,0&map=words&lens=logit")
    box = page.locator("#legend").bounding_box()
    picture = page.locator("#frame").bounding_box()
    assert box
    assert picture
    assert box["y"] + box["height"] <= 900
    assert picture["width"] >= 480


def test_a_long_legend_folds(browser: Browser, tiny_site: Path) -> None:
    """Words of one cell each are out of the way, and in reach."""
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page = context.new_page()
    ModelPage.open(page, tiny_site / ALPHA, "#image=scene-0&layer=2&map=words&lens=logit")
    buttons = page.locator("#legend button[data-item]")
    expect(buttons.first).to_be_visible()
    buttons.first.tap()
    expect(page.locator("#legend button[aria-pressed=true]")).to_have_count(1)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    context.close()
