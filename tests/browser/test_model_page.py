"""A reader's way through the tiny study's model pages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.model_page import ModelPage
from tests.generator import tiny_study

ALPHA = "models/alpha-round.html"
WIDE = "models/alpha-wide.html"
SHELF = "models/shelf.html"


def shown(token: str) -> str:
    """A token as the page writes it; an independent statement of the rule for the tiny study's tokens."""
    glyphs = {
        " ": "␣",
        "\n": "↵",
        "\u2028": "⟨U+2028⟩",
        "\u2029": "⟨U+2029⟩",
        "\u202e": "⟨U+202E⟩",
        "\x00": "⟨U+0000⟩",
    }
    return "".join(glyphs.get(character, character) for character in token) or "∅"


def stored(model_id: str, image: str, lens: str, layer: int, cell: int) -> list[dict[str, object]]:
    """The rows that the tiny study wrote for one list."""
    model = next(model for model in tiny_study.MODELS if model.model_id == model_id)
    rows = tiny_study.neighbor_rows(model, lens)
    return [
        row for row in rows if (row["image_id"], row["vision_layer"], row["cell"]) == (image, layer, cell)
    ]


def test_a_fresh_page_shows_a_read_patch(page: Page, tiny_site: Path) -> None:
    opened = ModelPage.open(page, tiny_site / ALPHA)
    assert opened.state()["image"] == "scene-0"
    assert opened.state()["layer"] == "2"
    assert "patch" in opened.state()
    assert len(opened.tokens("contextual")) == tiny_study.TOP_K


@pytest.mark.parametrize("lens", ["embedding", "logit", "contextual"])
@pytest.mark.parametrize("layer", tiny_study.LAYERS)
def test_the_lists_are_the_stored_ones(page: Page, tiny_site: Path, lens: str, layer: int) -> None:
    opened = ModelPage.open(page, tiny_site / ALPHA, f"#image=scene-1&layer={layer}&patch=1,2")
    rows = stored("alpha-round", "scene-1", lens, layer, 5)
    assert opened.tokens(lens) == [shown(str(row["token"])) for row in rows]
    scores = opened.lens(lens).locator(".score").all_text_contents()
    assert scores == [f"{row['score']:.3f}".replace("-", "−") for row in rows]


def test_logit_lens_shows_probabilities_too(page: Page, tiny_site: Path) -> None:
    opened = ModelPage.open(page, tiny_site / ALPHA, "#image=scene-0&layer=4&patch=0,1")
    rows = stored("alpha-round", "scene-0", "logit", 4, 1)
    probabilities = opened.lens("logit").locator(".probability").all_text_contents()
    assert [float(text) for text in probabilities] == pytest.approx(
        [float(str(row["probability"])) for row in rows], abs=0.001
    )
    expect(opened.lens("embedding").locator(".probability")).to_have_count(0)


def test_a_click_pins_and_hovering_shows_another_patch(page: Page, tiny_site: Path) -> None:
    opened = ModelPage.open(page, tiny_site / ALPHA)
    opened.click(1, 2)
    assert opened.title() == "Patch at row 1, column 2"
    assert opened.state()["patch"] == "1,2"
    opened.hover(0, 0)
    assert opened.title() == "Patch at row 0, column 0"
    assert opened.state()["patch"] == "1,2"
    page.mouse.move(0, 0)
    assert opened.title() == "Patch at row 1, column 2"
    page.keyboard.press("Escape")
    assert opened.title() == "No patch chosen"
    assert "patch" not in opened.state()
    page.reload()
    assert opened.ready().title() == "No patch chosen"


@pytest.mark.parametrize("file", [ALPHA, WIDE])
def test_every_cell_is_where_its_stored_geometry_says(page: Page, tiny_site: Path, file: str) -> None:
    opened = ModelPage.open(page, tiny_site / file)
    canvas = opened.facts["images"][0]["canvas"]
    for row in range(canvas["rows"]):
        for col in range(canvas["cols"]):
            opened.click(row, col)
            assert opened.state()["patch"] == f"{row},{col}"
            element = page.locator(f"[data-cell='{row * canvas['cols'] + col}']").bounding_box()
            x, y = opened.point(row, col)
            assert element
            assert element["x"] + element["width"] / 2 == pytest.approx(x, abs=1)
            assert element["y"] + element["height"] / 2 == pytest.approx(y, abs=1)
            page.mouse.move(0, 0)


def test_layers_change_by_slider_ticks_keys_and_table(page: Page, tiny_site: Path) -> None:
    opened = ModelPage.open(page, tiny_site / ALPHA, "#image=scene-0&layer=0&patch=0,0")
    page.keyboard.press("]")
    assert opened.state()["layer"] == "2"
    page.locator("#layer-up").click()
    assert opened.state()["layer"] == "4"
    page.keyboard.press("]")
    assert opened.state()["layer"] == "4"
    page.locator("#layer-ticks button", has_text="0").click()
    assert opened.state()["layer"] == "0"
    page.locator("#layer-slider").fill("1")
    assert opened.state()["layer"] == "2"
    page.locator("#layer-table tbody tr").nth(2).click()
    assert opened.state() | {"layer": "4", "patch": "0,0"} == opened.state()
    expect(page.locator("#layer-table tr[aria-current]")).to_have_count(1)
    expect(page.locator("#layer-value")).to_have_text("4")


def test_the_layer_table_shows_every_layers_first_token(page: Page, tiny_site: Path) -> None:
    ModelPage.open(page, tiny_site / ALPHA, "#image=scene-0&layer=2&patch=1,1")
    for index, layer in enumerate(tiny_study.LAYERS):
        row = page.locator("#layer-table tbody tr").nth(index)
        for place, lens in enumerate(("embedding", "logit", "contextual")):
            first = stored("alpha-round", "scene-0", lens, layer, 4)[0]
            token = row.locator("td").nth(place).locator(".token").first
            assert token.text_content() == shown(str(first["token"]))


def test_the_token_is_marked_at_its_stored_place(page: Page, tiny_site: Path) -> None:
    opened = ModelPage.open(page, tiny_site / ALPHA)
    places = {row["context_id"]: row for row in tiny_study.context_rows("Alpha")}
    marked = 0
    for layer in tiny_study.LAYERS:
        for cell in range(6):
            opened.go(image="scene-0", layer=str(layer), patch=f"{cell // 3},{cell % 3}")
            for index, row in enumerate(stored("alpha-round", "scene-0", "contextual", layer, cell)):
                context = places[row["context_id"]]
                sentence = opened.lens("contextual").locator(".neighbour").nth(index).locator(".sentence")
                before = sentence.evaluate(
                    "node => { const mark = node.querySelector('mark'); if (!mark) return null;"
                    "const range = document.createRange(); range.setStart(node, 0); range.setEndBefore(mark);"
                    "return range.toString(); }"
                )
                if context["char_start"] is None:
                    assert before is None
                    continue
                marked += 1
                text, start, end = (context[key] for key in ("text", "char_start", "char_end"))
                assert before == shown(text[:start]).replace("␣", " ").replace("∅", "")
                assert sentence.locator("mark").text_content() == shown(text[start:end])
    assert marked > 30


def test_selection_and_layer_stay_when_the_image_changes(page: Page, tiny_site: Path) -> None:
    opened = ModelPage.open(page, tiny_site / ALPHA, "#image=scene-0&layer=4&patch=1,0&map=words")
    page.locator("#strip a").nth(1).click()
    assert (
        opened.state() | {"image": "scene-1", "layer": "4", "patch": "1,0", "map": "words"} == opened.state()
    )
    row = stored("alpha-round", "scene-1", "contextual", 4, 3)[0]
    assert opened.tokens("contextual")[0] == shown(str(row["token"]))
    expect(page.locator("#caption")).to_have_text("Blue house under a sun")
    page.go_back()
    expect(page.locator("#strip a").first).to_have_attribute("aria-current", "true")
    assert opened.state()["image"] == "scene-0"
    page.keyboard.press(".")
    assert opened.state()["image"] == "scene-1"
    page.keyboard.press(",")
    assert opened.state()["image"] == "scene-0"


def test_the_next_model_shows_the_same_place(page: Page, tiny_site: Path) -> None:
    opened = ModelPage.open(page, tiny_site / ALPHA, "#image=scene-1&layer=4&patch=1,0&map=words&lens=logit")
    before = opened.state()
    page.locator("a[rel=next]").click()
    page.wait_for_url("**/alpha-wide.html#*")
    assert ModelPage(page).ready().state() == before
    page.go_back()
    assert ModelPage(page).ready().state() == before


@pytest.mark.parametrize(
    "fragment",
    [
        "image=scene-1&layer=4&patch=1,2&map=words&lens=logit",
        "image=scene-0&layer=0&map=score&lens=embedding&grid=off",
        "image=scene-0&layer=2&patch=0,0&map=verdict&lens=contextual&only=yes",
        "image=scene-1&layer=2&patch=0,2&map=text-layer&lens=contextual",
    ],
)
def test_a_deep_link_comes_back_as_it_was(page: Page, tiny_site: Path, fragment: str) -> None:
    opened = ModelPage.open(page, tiny_site / ALPHA, "#" + fragment)
    assert opened.page.url.split("#")[1] == fragment
    before = page.locator("main").inner_text()
    page.goto("about:blank")
    ModelPage.open(page, tiny_site / ALPHA, "#" + fragment)
    assert page.locator("main").inner_text() == before


def test_a_link_to_what_is_not_there_opens_all_the_same(page: Page, tiny_site: Path) -> None:
    opened = ModelPage.open(
        page, tiny_site / ALPHA, "#image=%E0%A4%A&layer=99&patch=7,7&map=<b>&lens=x&only=%00"
    )
    assert opened.state()["image"] == "scene-0"
    assert opened.state()["layer"] == "4"
    expect(page.locator("#notice")).to_contain_text("vision layer 99")


def test_a_stale_link_says_so_until_the_next_action(page: Page, tiny_site: Path) -> None:
    ModelPage.open(page, tiny_site / ALPHA, "#image=report-9999&layer=2")
    notice = page.locator("#notice[role=status]")
    expect(notice).to_have_text("This link asks for image report-9999, which this page does not have.")
    page.keyboard.press("]")
    expect(notice).to_be_hidden()
    page.evaluate("location.hash = 'image=scene-1&patch=9,9'")
    expect(notice).to_have_text("This link asks for patch 9,9, which this page does not have.")
    page.locator("#strip a").first.click()
    expect(notice).to_be_hidden()


def test_the_way_of_the_keyboard_alone(page: Page, tiny_site: Path) -> None:
    opened = ModelPage.open(page, tiny_site / ALPHA, "#image=scene-0&layer=0")
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.getAttribute('role')") == "gridcell":
            break
    focused = page.locator("[role=gridcell]:focus")
    expect(focused).to_have_attribute("data-cell", "0")
    page.keyboard.press("Enter")
    assert opened.state()["patch"] == "0,0"
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    assert opened.state() | {"patch": "0,0", "read": "1,1"} == opened.state()
    expect(focused).to_have_attribute("data-cell", "4")
    expect(focused).to_have_attribute("aria-selected", "false")
    expect(focused).to_have_attribute("aria-label", re.compile("^row 1, column 1: "))
    page.keyboard.press("End")
    assert opened.state()["read"] == "1,2"
    page.keyboard.press("Enter")
    assert opened.state() | {"patch": "1,2", "pins": "0,0;1,2"} == opened.state()
    expect(focused).to_have_attribute("aria-selected", "true")
    page.keyboard.press("]")
    assert opened.state()["layer"] == "2"
    page.keyboard.press("m")
    assert opened.state()["map"] == "words"
    page.keyboard.press("g")
    assert opened.state()["grid"] == "off"
    page.keyboard.press("?")
    expect(page.locator("#help")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#help")).to_be_hidden()
    assert opened.state()["patch"] == "1,2"
    page.keyboard.press("Escape")
    assert "patch" not in opened.state()


def test_the_help_defines_the_words_of_the_page(page: Page, tiny_site: Path) -> None:
    ModelPage.open(page, tiny_site / ALPHA, "#image=scene-0&layer=2&patch=0,0")
    page.keyboard.press("?")
    defined = set(page.locator("#help dt").all_text_contents())
    shown_terms = set(page.locator(".statistics dt").all_text_contents())
    assert len(shown_terms) == 5
    assert shown_terms | {"interpretable", "concrete", "elsewhere", "chance", "text layer", "bold"} <= defined
    page.locator("#help a").click()
    expect(page.locator(":target")).to_have_text("How each number was made")


def test_focus_can_be_seen(page: Page, tiny_site: Path) -> None:
    ModelPage.open(page, tiny_site / ALPHA)
    for _ in range(12):
        page.keyboard.press("Tab")
        outline = page.evaluate(
            """() => { const element = document.activeElement;
            const shown = element.matches('input[type=radio]') ? element.nextElementSibling : element;
            return getComputedStyle(shown).outlineStyle; }"""
        )
        assert outline != "none", page.evaluate("document.activeElement.outerHTML")


def test_the_legend_isolates_a_word(page: Page, tiny_site: Path) -> None:
    opened = ModelPage.open(page, tiny_site / ALPHA, "#image=scene-0&layer=2&map=words&lens=contextual")
    word = page.locator("#legend button").first
    word.click()
    expect(word).to_have_attribute("aria-pressed", "true")
    assert "only" in opened.state()
    page.keyboard.press("]")
    assert "only" in opened.state()
    page.locator("#legend button[aria-pressed=true]").click()
    assert "only" not in opened.state()


def test_verdicts_say_yes_no_failed_or_unjudged(page: Page, tiny_site: Path) -> None:
    opened = ModelPage.open(page, tiny_site / ALPHA, "#image=scene-0&layer=2&patch=0,1")
    expect(opened.lens("contextual").locator(".verdict")).to_have_text("the judge failed here")
    model = next(model for model in tiny_study.MODELS if model.model_id == "alpha-round")
    for lens in ("embedding", "logit"):
        row = next(
            row
            for row in tiny_study.judgment_rows(model, lens)
            if (row["image_id"], row["vision_layer"], row["cell"]) == ("scene-0", 2, 1)
        )
        expect(opened.lens(lens).locator(".verdict-badge")).to_have_text(
            "interpretable" if row["interpretable"] else "not interpretable"
        )
    opened = ModelPage.open(page, tiny_site / WIDE, "#image=scene-0&layer=2&patch=2,1")
    expect(opened.lens("logit").locator(".verdict")).to_have_text("not judged")


def test_what_is_absent_says_why(page: Page, tiny_site: Path) -> None:
    opened = ModelPage.open(
        page, tiny_site / SHELF, "#image=scene-0&layer=2&patch=0,0&map=words&lens=embedding"
    )
    expect(opened.lens("embedding").locator(".absent")).to_contain_text("Absent because ")
    expect(opened.lens("logit").locator(".absent")).to_contain_text("Absent because ")
    assert len(opened.tokens("contextual")) == tiny_study.TOP_K
    expect(page.locator("#legend")).to_contain_text("absent")


def test_hostile_text_is_shown_and_never_run(page: Page, tiny_site: Path) -> None:
    opened = ModelPage.open(page, tiny_site / "models/alpha-round-linear.html")
    expect(page.locator("h1")).to_have_text('linear </script><script>alert("title")</script>')
    expect(page.locator(".site-footer")).to_contain_text("<img src=x onerror=alert(1)> {{ 7 * 7 }}")
    seen = set()
    for layer in tiny_study.LAYERS:
        for cell in range(6):
            opened.go(image="scene-0", layer=str(layer), patch=f"{cell // 3},{cell % 3}")
            seen.update(opened.tokens("embedding") + opened.tokens("logit"))
    hostile = {shown(token) for token in tiny_study.HOSTILE_TOKENS}
    assert len(hostile & seen) > len(hostile) / 2
    assert page.locator("main").locator("b, i, img[src=x], script").count() == 0


def test_the_theme_follows_the_system_and_the_toggle(page: Page, tiny_site: Path) -> None:
    page.emulate_media(color_scheme="dark")
    ModelPage.open(page, tiny_site / ALPHA)
    lightness = "Number(getComputedStyle(document.documentElement).backgroundColor.match(/\\d+/)[0])"
    assert page.evaluate(lightness) < 60
    page.locator("[data-theme-toggle]").click()
    assert page.evaluate(lightness) > 200
    page.wait_for_timeout(500)  # the browser stores the choice in the background
    page.reload()
    assert page.evaluate(lightness) > 200
    page.emulate_media(color_scheme="light")
    page.locator("[data-theme-toggle]").click()
    assert page.evaluate(lightness) < 60


def test_reduced_motion_is_obeyed(page: Page, tiny_site: Path) -> None:
    page.emulate_media(reduced_motion="reduce")
    ModelPage.open(page, tiny_site / ALPHA)
    moving = (
        "[...document.querySelectorAll('*')].filter(e => getComputedStyle(e).transitionProperty !== 'none')"
    )
    assert page.evaluate(f"{moving}.length") == 0


@pytest.mark.parametrize("width", [390, 768, 1024, 1440])
def test_no_width_scrolls_sideways(page: Page, tiny_site: Path, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 844})
    for file in (ALPHA, WIDE, SHELF, "models/alpha-round-linear.html"):
        ModelPage.open(page, tiny_site / file, "#image=scene-0&layer=2&patch=0,0&map=words")
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_copying_a_link_says_so(page: Page, tiny_site: Path) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    ModelPage.open(page, tiny_site / ALPHA)
    page.keyboard.press("c")
    expect(page.locator("#notice")).to_have_text("Link copied")
    assert page.evaluate("navigator.clipboard.readText()") == page.url
