"""Models side by side: one place in all of them, at one relative depth, from `file://`."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from generator.build import build_site
from tests.browser.compare_page import ComparePage
from tests.browser.model_page import ModelPage
from tests.generator import tiny_study as tiny
from tests.spoiling import spoil

DESKTOP: dict[str, Any] = {"viewport": {"width": 1440, "height": 900}}
PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
TWO = "#models=alpha-round,beta-wide&image=scene-0&depth=0.5&lens=logit&map=words"


@pytest.fixture(params=[DESKTOP, PHONE], ids=["desktop", "phone"])
def browser_context_args(
    browser_context_args: dict[str, Any], request: pytest.FixtureRequest
) -> dict[str, Any]:
    return {**browser_context_args, **request.param}


def listed(model_id: str, lens: str, layer: int, cell: int, image: str = "scene-0") -> list[str]:
    """The tokens that were written for a cell, as the page shows them."""
    model = next(one for one in tiny.MODELS if one.model_id == model_id)
    rows = tiny.neighbor_rows(model, lens)
    keys = ("image_id", "vision_layer", "cell")
    found = [row for row in rows if tuple(row[key] for key in keys) == (image, layer, cell)]
    return [row["token"] for row in sorted(found, key=lambda row: int(row["rank"]))]


def is_phone(page: Page) -> bool:
    return bool(page.viewport_size and page.viewport_size["width"] < 500)


def test_a_fresh_page_shows_models_that_differ_in_both_halves(page: Page, tiny_site: Path) -> None:
    opened = ComparePage.open(page, tiny_site)
    assert opened.titles() == ["Alpha + Round", "Beta & <Co> + Wide", "Shelf VLM"][: len(opened.titles())]
    assert opened.columns.count() >= 2
    assert opened.state()["in"] == "alpha-round"
    assert page.evaluate("document.documentElement.scrollWidth") == page.viewport_size["width"]  # type: ignore[index]


def test_one_place_is_read_in_every_picture(page: Page, tiny_site: Path) -> None:
    """Row 1, column 2 of the 2 × 3 grid: source (80, 48), which is row 2, column 1 of the 3 × 2 grid."""
    opened = ComparePage.open(page, tiny_site, TWO)
    if is_phone(page):
        page.touchscreen.tap(*opened.point(0, 1, 2))
    else:
        opened.hover(0, 1, 2)
    assert [opened.place(0), opened.place(1)] == ["Row 1, column 2", "Row 2, column 1"]
    for at, model, cell in ((0, "alpha-round", 5), (1, "beta-wide", 5)):
        written = listed(model, "logit", 2, cell)
        assert len(opened.tokens(at, "logit")) == len(written)
        plain = [token for token in written if token.strip().isascii() and token.strip().isalpha()]
        shown = [token.replace("␣", " ") for token in opened.tokens(at, "logit")]
        assert [token for token in shown if token in plain] == plain


def test_a_click_pins_in_all_pictures_and_hovering_goes_on(page: Page, tiny_site: Path) -> None:
    opened = ComparePage.open(page, tiny_site, TWO)
    opened.click(1, 2, 1)
    assert opened.state()["in"] == "beta-wide"
    assert opened.state()["patch"] == "2,1"
    assert (opened.selected(0) or "").startswith("row 1, column 2")
    assert (opened.selected(1) or "").startswith("row 2, column 1")
    if not is_phone(page):
        opened.hover(0, 0, 0)
        assert opened.place(1) == "Row 0, column 0"
        page.mouse.move(2, 2)
        assert opened.place(1) == "Row 2, column 1"
    page.keyboard.press("Escape")
    assert "patch" not in opened.state()
    assert opened.selected(0) is None


def test_a_place_outside_of_a_models_crop_is_not_seen_by_it(
    page: Page, tiny_results: Path, tmp_path: Path
) -> None:
    """The second grid now shows the left half of the image only: x' = 40 / 48 x."""
    spoil(tiny_results, "canvases", "affine", lambda row, old: [40 / 48, 0, 0, *old[3:]] if row > 1 else old)
    build_site(tiny_results, tmp_path / "site")
    opened = ComparePage.open(page, tmp_path / "site", TWO)
    opened.click(0, 0, 2)
    assert opened.place(1) == "Not seen by this model."
    assert opened.selected(1) is None
    assert opened.tokens(1, "logit") == []
    opened.click(0, 0, 0)
    assert opened.place(1) == "Row 0, column 0"
    expect(page.locator("#link-note")).to_be_hidden()


def test_without_a_map_places_are_told_by_the_pictures_and_the_page_says_so(
    page: Page, tiny_results: Path, tmp_path: Path
) -> None:
    spoil(tiny_results, "canvases", "affine", lambda row, old: [] if row > 1 else old)
    build_site(tiny_results, tmp_path / "site")
    opened = ComparePage.open(page, tmp_path / "site", TWO)
    expect(page.locator("#link-note")).to_be_visible()
    opened.click(0, 1, 2)
    assert opened.place(1) == "Row 2, column 1"


def test_one_slider_of_relative_depth_moves_every_model(page: Page, tiny_site: Path) -> None:
    opened = ComparePage.open(page, tiny_site, TWO)
    facts = opened.column(1).locator(".column-facts")
    expect(facts).to_contain_text("layer 2 of 4")
    page.locator("#depth-slider").fill("2")
    expect(facts).to_contain_text("layer 4 of 4")
    expect(opened.column(0).locator(".column-facts")).to_contain_text("depth 100")
    assert opened.state()["depth"] == "1"
    page.locator("#depth-down").click()
    expect(facts).to_contain_text("layer 2 of 4")


def test_the_link_holds_the_whole_state(page: Page, tiny_site: Path) -> None:
    opened = ComparePage.open(page, tiny_site, TWO)
    opened.click(0, 1, 0)
    page.locator("#map-choices [data-choice=agreement]").click()
    page.locator("#first-choices [data-choice='5']").click()
    page.locator("#lens-choices [data-choice=embedding]").click()
    state = opened.state()
    assert state == {
        "models": "alpha-round,beta-wide",
        "image": "scene-0",
        "depth": "0.5",
        "lens": "embedding",
        "map": "agreement",
        "first": "5",
        "in": "alpha-round",
        "patch": "1,0",
    }
    expect(page.locator("#summary")).not_to_contain_text("chance …")
    summary = page.locator("#summary").inner_text()
    other = page.context.new_page()
    again = ComparePage.open(other, tiny_site, "#" + page.url.partition("#")[2])
    assert again.state() == state
    assert again.place(0) == "Row 1, column 0"
    expect(other.locator("#summary")).to_have_text(summary)
    other.close()


def test_agreement_and_chance_are_those_of_the_written_tokens(page: Page, tiny_site: Path) -> None:
    """Two models on one grid: counted by hand from the tokens that were written."""
    opened = ComparePage.open(
        page, tiny_site, "#models=alpha-round,beta-round&image=scene-0&depth=0.5&lens=logit&first=5"
    )

    def word(token: str) -> str | None:
        return token.strip().lower() if any(map(str.isalnum, token)) else None

    def share(image: str) -> str:
        pairs = (("alpha-round", "beta-round"), ("beta-round", "alpha-round"))
        hits = 0
        for mine, theirs in pairs:
            for cell in range(6):
                first = word(listed(mine, "logit", 2, cell)[0])
                hits += first is not None and first in map(word, listed(theirs, "logit", 2, cell, image))
        return f"{int(100 * hits / 12 + 0.5)}\u202f%"

    expect(page.locator("#summary strong")).to_have_text(share("scene-0"))
    expect(page.locator("#summary")).to_contain_text(f"chance {share('scene-1')}")
    assert opened.columns.count() == 2


def test_models_are_added_changed_and_removed(page: Page, tiny_site: Path) -> None:
    opened = ComparePage.open(page, tiny_site, TWO)
    page.locator("#add-model select").select_option(label="Alpha + Wide")
    expect(opened.columns).to_have_count(3)
    page.locator("#add-model select").select_option(label="Shelf VLM")
    expect(opened.columns).to_have_count(4)
    expect(page.locator("#add-model")).to_be_hidden()
    opened.column(0).locator("select").select_option(label="Beta & <Co> + Round")
    expect(opened.column(0)).to_have_attribute("aria-label", "Beta & <Co> + Round")
    opened.column(1).locator("header button").click()
    opened.column(1).locator("header button").click()
    expect(opened.columns).to_have_count(2)
    assert opened.state()["models"] == "beta-round,shelf"
    assert opened.column(0).locator("header button:visible").count() == 0


def test_a_model_that_lacks_a_lens_says_so(page: Page, tiny_site: Path) -> None:
    opened = ComparePage.open(
        page, tiny_site, "#models=alpha-round,shelf&image=scene-0&depth=0.5&lens=embedding&patch=0,0"
    )
    expect(opened.column(1).locator("[data-lens=embedding]")).to_contain_text(
        "Absent because the embedding matrix is <not> published"
    )
    expect(page.locator("#summary")).to_contain_text("No place is read by two")


def test_a_word_of_the_legend_stands_alone_in_all_pictures(page: Page, tiny_site: Path) -> None:
    opened = ComparePage.open(page, tiny_site, TWO)
    button = page.locator("#legend button").first
    word = button.get_attribute("data-word")
    button.click()
    expect(page.locator("#legend [aria-pressed=true]")).to_have_attribute("data-word", word or "")
    assert opened.state()["only"] == word
    page.locator("#legend [aria-pressed=true]").click()
    assert "only" not in opened.state()


def test_another_image_keeps_the_place_and_back_returns(page: Page, tiny_site: Path) -> None:
    opened = ComparePage.open(page, tiny_site, TWO + "&patch=1,1")
    page.locator("#strip button").nth(1).click()
    expect(page.locator("#strip button").nth(1)).to_have_attribute("aria-current", "true")
    assert opened.state()["image"] == "scene-1"
    assert opened.place(0) == "Row 1, column 1"
    page.go_back()
    expect(page.locator("#strip button").nth(0)).to_have_attribute("aria-current", "true")


def test_by_keyboard_alone(page: Page, tiny_site: Path) -> None:
    opened = ComparePage.open(page, tiny_site, TWO)
    opened.column(1).locator("[data-cell='0']").focus()
    page.keyboard.press("ArrowDown")
    assert (opened.state()["in"], opened.state()["patch"]) == ("beta-wide", "1,0")
    page.keyboard.press("ArrowRight")
    expect(opened.column(1).locator("[data-cell='3']")).to_be_focused()
    assert opened.place(0) == "Row 1, column 2"
    page.keyboard.press("Enter")
    assert "patch" not in opened.state()
    page.keyboard.press("]")
    assert opened.state()["depth"] == "1"
    page.keyboard.press(".")
    assert opened.state()["image"] == "scene-1"
    page.keyboard.press("m")
    assert opened.state()["map"] == "agreement"
    page.keyboard.press("?")
    expect(page.locator("#help")).to_be_visible()
    expect(page.locator("#keys dt")).to_have_count(page.locator("#keys dd").count())
    expect(page.locator("#keys")).to_contain_text("let go of the patch, show all words")
    expect(page.locator("#keys")).not_to_contain_text("search")
    page.keyboard.press("Escape")
    expect(page.locator("#help")).to_be_hidden()


def test_from_a_models_page_with_what_it_shows_and_back(page: Page, tiny_site: Path) -> None:
    ModelPage.open(
        page, tiny_site / "models/alpha-round-linear.html", "#image=scene-1&layer=4&patch=1,2&lens=logit"
    )
    page.locator("a[data-compare]").click()
    opened = ComparePage(page).ready()
    assert opened.titles() == [tiny.MODELS[4].title, "Alpha + Round"]  # the ablation and its baseline
    assert opened.place(0) == "Row 1, column 2"
    expect(opened.column(0).locator(".column-facts")).to_contain_text("layer 4 of 4")
    assert opened.state()["image"] == "scene-1"
    assert opened.state()["lens"] == "logit"
    opened.column(1).locator(".column-facts a").click()
    back = ModelPage(page).ready()
    assert back.title() == "Patch at row 1, column 2"
    assert back.state()["layer"] == "4"


def test_from_the_index(page: Page, tiny_site: Path) -> None:
    page.goto((tiny_site / "index.html").as_uri())
    page.locator(".compare-entry a[href='compare.html']").click()
    ComparePage(page).ready()
    page.go_back()
    page.locator(".llm a").first.click()
    assert ComparePage(page).ready().titles() == ["Alpha + Round", "Alpha + Wide"]


def test_a_link_to_what_is_not_there_says_so(page: Page, tiny_site: Path) -> None:
    opened = ComparePage.open(page, tiny_site, "#models=alpha-round,nobody&image=no-scene&patch=9,9")
    notice = page.locator("#notice")
    expect(notice).to_contain_text("model nobody")
    expect(notice).to_contain_text("image no-scene")
    expect(notice).to_contain_text("patch 9,9")
    assert opened.columns.count() == 2


def test_only_files_beside_the_page_are_asked_for(page: Page, tiny_site: Path) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    ComparePage.open(page, tiny_site, TWO)
    files = [url for url in asked if url.startswith("file:") and not url.endswith("compare.html")]
    assert files
    folders = tuple((tiny_site / name).as_uri() + "/" for name in ("compare", "canvases"))
    assert all(url.startswith(folders) for url in files)


def test_a_missing_data_file_is_named_and_the_other_models_are_read(
    page: Page, tiny_site: Path, tmp_path: Path
) -> None:
    site = shutil.copytree(tiny_site, tmp_path / "site")
    (site / "compare/beta-wide/00001.js").write_text("// of another build", encoding="utf-8")
    opened = ComparePage.open(page, site, TWO + "&patch=0,0")
    expect(opened.column(1).locator(".problem")).to_contain_text("beta-wide/00001.js")
    assert len(opened.tokens(0, "logit")) == 5


def test_hostile_names_are_text(page: Page, tiny_site: Path) -> None:
    opened = ComparePage.open(page, tiny_site, "#models=alpha-round-linear,beta-wide&image=scene-0&patch=0,0")
    title = tiny.MODELS[4].title
    assert opened.titles()[0] == title
    assert title in opened.column(0).locator("select option").all_text_contents()
    assert page.locator("main i, main b, main img[onerror]").count() == 0


def test_targets_can_be_touched_and_nothing_is_wider_than_the_screen(page: Page, tiny_site: Path) -> None:
    ComparePage.open(page, tiny_site, TWO + "&patch=0,0")
    assert page.evaluate("document.documentElement.scrollWidth") == page.viewport_size["width"]  # type: ignore[index]
    targets = page.locator("main button:visible, main select:visible, main .choices label, .tool:visible")
    boxes = [target.bounding_box() for target in targets.all()]
    assert len(boxes) > 10
    if is_phone(page):
        assert [box for box in boxes if not box or box["height"] < 24 or box["width"] < 24] == []


FOUR = "#models=alpha-round,alpha-wide,beta-round,beta-wide&image=scene-0&depth=0.5&patch=0,0"


def test_long_names_are_whole_and_leave_pictures_side_by_side(page: Page, tiny_site: Path) -> None:
    """A select cannot wrap its name; the heading under it does, at the width of a small laptop too."""
    if not is_phone(page):
        page.set_viewport_size({"width": 1024, "height": 768})
    opened = ComparePage.open(page, tiny_site, FOUR)
    name = "A model of a family with a long name and a connector of its own"
    first = opened.column(0)
    first.locator("h2").evaluate("(element, name) => { element.textContent = name }", name)
    assert first.locator("h2").evaluate("one => one.scrollWidth <= one.clientWidth")
    box, choice = first.locator("h2").bounding_box(), first.locator("select").bounding_box()
    assert box and choice
    assert choice["y"] <= box["y"] and box["y"] + box["height"] <= choice["y"] + choice["height"]
    tops = {
        round((column.locator(".frame").bounding_box() or {"y": -1.0})["y"])
        for column in opened.columns.all()
    }
    assert len(tops) == (4 if is_phone(page) else 1)


def test_depth_and_image_can_be_changed_while_the_last_picture_is_looked_at(
    page: Page, tiny_site: Path
) -> None:
    opened = ComparePage.open(page, tiny_site, FOUR)
    opened.column(3).locator(".frame").scroll_into_view_if_needed()
    if is_phone(page):
        assert page.evaluate("scrollY") > 500
        for control in ("#image-on", "#depth-slider", "#depth-up"):
            expect(page.locator(control)).to_be_in_viewport(ratio=1)
        expect(page.locator("#image-number")).to_have_text("1/2")
        assert (page.locator(".compare-bar").bounding_box() or {"height": 0.0})["height"] < 80
    page.locator("#depth-up").click()
    page.locator("#image-on").click()
    assert (opened.state()["depth"], opened.state()["image"]) == ("1", "scene-1")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("chosen", ["none", "words", "agreement"])
def test_axe_finds_nothing(page: Page, tiny_site: Path, scheme: str, chosen: str) -> None:
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light", reduced_motion="reduce")
    hash_ = f"#models=alpha-round,beta-wide,alpha-round-linear&image=scene-0&depth=0.5&map={chosen}&patch=1,1"
    ComparePage.open(page, tiny_site, hash_)
    violations = Axe().run(page).response["violations"]
    assert [(found["id"], [node["html"][:160] for node in found["nodes"]]) for found in violations] == []


def test_where_pages_have_data_files_these_are_read(
    page: Page, tiny_study_folder: Path, tiny_site: Path, tmp_path: Path
) -> None:
    build_site(tiny_study_folder, tmp_path / "site", images_in_page=1)
    assert not (tmp_path / "site/compare").exists()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    filed = ComparePage.open(page, tmp_path / "site", TWO + "&patch=1,1")
    assert (tmp_path / "site/models/beta-wide/00001.js").as_uri() in asked
    tokens = [filed.tokens(at, "logit") for at in range(2)]
    summary = page.locator("#summary")
    expect(summary).to_contain_text("%")
    slim = ComparePage.open(page, tiny_site, TWO + "&patch=1,1")
    assert [slim.tokens(at, "logit") for at in range(2)] == tokens
