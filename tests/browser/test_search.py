"""Searching a model's page by key, pointer and link, with hostile texts, against the study's own rows."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from generator.build import build_site
from tests.browser.model_page import ModelPage
from tests.generator import tiny_study

ALPHA = "models/alpha-round.html"
MODEL = next(model for model in tiny_study.MODELS if model.model_id == "alpha-round")
LENSES = ("embedding", "logit", "contextual")
LETTER = re.compile(r"[^\W_]|['’-]", re.UNICODE)

HOSTILE = (
    "</script>",
    "<!--<script>",
    "{{ x }}",
    "\\",
    "${x}",
    "\u202eRTL",
    "a&b=c#%",
    "(((",
    "🦊",
    "x" * 500,
)

Hit = tuple[str, str, int, int]
"""Image, lens, vision layer, cell."""


def plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip().lower()


def whole_word(row: dict[str, Any], contexts: dict[Any, dict[str, Any]]) -> str:
    """The word around a row's token, stated anew: letters to both sides of its stored place."""
    token = str(row["token"])
    context = contexts.get(row.get("context_id"))
    if context is None or context["char_start"] is None:
        return token
    text, start, end = (context[key] for key in ("text", "char_start", "char_end"))
    if not text[start:end].strip():
        return token
    while start > 0 and not text[start].isspace() and LETTER.match(text[start - 1]):
        start -= 1
    while end < len(text) and not text[end - 1].isspace() and LETTER.match(text[end]):
        end += 1
    return str(text[start:end])


def names(by: str, text: str, row: dict[str, Any], contexts: dict[Any, dict[str, Any]]) -> bool:
    """Whether a search for `text` finds a row, stated anew for each way to search."""
    if by == "exact":
        return bool(row["token"] == text)
    if by == "regex":
        return re.search(text, row["token"], re.IGNORECASE | re.ASCII) is not None
    word = plain(whole_word(row, contexts))
    return word == text if by == "word" else word.startswith(text)


def hits_of(text: str, rank: int = tiny_study.TOP_K, by: str = "word") -> list[Hit]:
    """Rows of the study that a search finds."""
    contexts = {row["context_id"]: row for row in tiny_study.context_rows(MODEL.llm)}
    return [
        (row["image_id"], lens, row["vision_layer"], row["cell"])
        for lens in LENSES
        for row in tiny_study.neighbor_rows(MODEL, lens)
        if row["rank"] <= rank and names(by, text, row, contexts)
    ]


def open_search(page: Page, site: Path, find: str, rest: str = "") -> ModelPage:
    opened = ModelPage.open(page, site / ALPHA, f"#image=scene-0&layer=2&find={quote(find)}{rest}")
    expect(page.locator("#search-progress")).to_have_text("")
    return opened


def total(page: Page) -> int:
    found = re.match(r"([\d,]+) hits?", page.locator("#search-summary").inner_text())
    return int(found[1].replace(",", "")) if found else 0


SEARCHES = [
    ("word", " DOG", "dog"),
    ("word", " SUN", "sun"),
    ("word", " שלום", "שלום"),
    ("word", " 🦊", "🦊"),
    ("prefix", " DO", "do"),
    ("prefix", "S", "s"),
    ("prefix", "ש", "ש"),
    *(("exact", text, text) for text in (" dog", "dog", " &amp;", "🦊", "{{ x }}", "\\", "</script>")),
    *(
        ("regex", text, text)
        for text in ("^ ?D", "o[gu]", "^[^a-z]$", "e{2}|🦊", r"\W\W", r"\bs\w+$", "[^a-z ]")
    ),
]
"""How to search, what is typed, and what the study is searched for here."""


@pytest.mark.parametrize(("by", "typed", "text"), SEARCHES)
def test_hits_are_the_rows_of_the_study(page: Page, tiny_site: Path, by: str, typed: str, text: str) -> None:
    open_search(page, tiny_site, typed, f"&by={by}")
    hits = hits_of(text, by=by)
    assert hits
    assert total(page) == len(hits)
    by_lens = Counter(lens for _, lens, _, _ in hits)
    counts = page.locator("#search-lenses .count").all_text_contents()
    assert counts == [str(by_lens[lens]) for lens in LENSES]
    by_image = Counter(image for image, _, _, _ in hits)
    assert page.locator("#search-images .count").all_text_contents() == [
        str(by_image[image]) for image, _ in tiny_study.IMAGES if by_image[image]
    ]
    for place, lens in enumerate(LENSES):
        label = page.locator("#search-lenses .bars").nth(place).get_attribute("aria-label") or ""
        for layer in tiny_study.LAYERS:
            count = sum(1 for _, of, at, _ in hits if (of, at) == (lens, layer))
            assert re.search(rf"layer {layer}: {count} hit{'' if count == 1 else 's'}(?![\w])", label), label


def test_keys_alone_search_walk_and_close(page: Page, tiny_site: Path) -> None:
    opened = ModelPage.open(page, tiny_site / ALPHA, "#image=scene-0&layer=0")
    page.keyboard.press("/")
    expect(page.locator("#search-text")).to_be_focused()
    page.keyboard.type("dog")
    expect(page.locator("#search-progress")).to_have_text("")
    places = sorted({(image, layer, cell) for image, _, layer, cell in hits_of("dog")})
    visited = []
    for _ in places:
        page.keyboard.press("Enter")
        visited.append(opened.state())
    expect(page.locator("#search-place")).to_have_text(re.compile(rf"^place \d+ of {len(places)}$"))
    assert len({(at["image"], at["layer"], at["read"]) for at in visited}) == len(places)
    page.keyboard.press("Shift+Enter")
    assert opened.state()["read"] == visited[-2]["read"]
    page.locator("#grid [tabindex='0']").focus()
    page.keyboard.press("n")
    assert opened.state()["read"] == visited[-1]["read"]
    page.keyboard.press("Shift+N")
    assert opened.state()["read"] == visited[-2]["read"]
    page.keyboard.press("/")
    page.keyboard.press("Escape")
    expect(page.locator("#search")).to_be_hidden()
    assert "find" not in opened.state()
    expect(page.locator("#grid [tabindex='0']")).to_be_focused()


def test_a_click_on_an_image_goes_to_its_first_hit(page: Page, tiny_site: Path) -> None:
    opened = open_search(page, tiny_site, "sun")
    page.locator("#search-images button").last.click()
    hits = [hit for hit in hits_of("sun") if hit[0] == "scene-1"]
    assert hits
    at = opened.state()
    row, col = map(int, at["read"].split(","))
    place = (int(at["layer"]), row * MODEL.grid.cols + col)
    here = sorted((layer, cell) for _, _, layer, cell in hits)
    assert place == next((one for one in here if one[0] == 2), here[0])
    expect(page.locator("#search-images [aria-current]")).to_have_count(1)
    page.go_back()
    opened.page.wait_for_function("location.hash.includes('image=scene-0')")


def test_filters_change_what_counts_and_are_in_the_link(page: Page, tiny_site: Path) -> None:
    opened = open_search(page, tiny_site, "dog")
    page.locator("#search-rank").select_option("1")
    assert total(page) == len(hits_of("dog", rank=1))
    page.locator("#search-lenses .found-name").nth(1).click()
    assert total(page) == sum(1 for hit in hits_of("dog", rank=1) if hit[1] == "logit")
    page.locator("#search-from").select_option(label="4")
    page.locator("#search-rank").select_option(str(tiny_study.TOP_K))
    expected = [hit for hit in hits_of("dog") if hit[1] == "logit" and hit[2] == 4]
    assert total(page) == len(expected)
    page.get_by_role("radio", name="Prefix").check()
    page.locator("#search-sentences").check()
    chosen = {
        "find": "dog",
        "by": "prefix",
        "where": "sentences",
        "layers": "4,4",
        "find-lens": "logit",
        "rank": "5",
    }
    assert chosen.items() <= opened.state().items()
    summary = page.locator("#search-summary").inner_text()
    page.reload()
    opened.ready()
    expect(page.locator("#search-summary")).to_have_text(summary)
    expect(page.locator("#search-text")).to_have_value("dog")
    expect(page.locator("#search-sentences")).to_be_checked()


def test_a_click_on_a_bar_goes_to_its_layer(page: Page, tiny_site: Path) -> None:
    opened = open_search(page, tiny_site, "dog")
    page.locator("#search-lenses .layer-bar").nth(0).click()
    assert opened.state()["layer"] == "0"
    page.locator("#search-lenses .layer-bar").nth(2).click()
    assert opened.state()["layer"] == "4"


def test_hits_are_marked_on_the_picture(page: Page, tiny_site: Path) -> None:
    """The veil lies over patches without a hit and over no others."""
    opened = open_search(page, tiny_site, "dog", "&grid=off")
    cells = {cell for image, _, layer, cell in hits_of("dog") if (image, layer) == ("scene-0", 2)}
    assert cells
    assert len(cells) < MODEL.grid.rows * MODEL.grid.cols
    opacity = page.evaluate(
        """([rows, cols]) => {
          const overlay = document.getElementById("map-overlay");
          const {width, height} = overlay;
          const {data} = overlay.getContext("2d").getImageData(0, 0, width, height);
          const middle = (index, count, size) => Math.floor((index + 0.5) / count * size);
          return Array.from({length: rows * cols}, (_, cell) => {
            const y = middle(Math.floor(cell / cols), rows, height);
            return data[4 * (y * width + middle(cell % cols, cols, width)) + 3];
          });
        }""",
        [MODEL.grid.rows, MODEL.grid.cols],
    )
    assert {cell for cell, alpha in enumerate(opacity) if alpha == 0} == cells
    contexts = {row["context_id"]: row for row in tiny_study.context_rows(MODEL.llm)}
    for cell in range(MODEL.grid.rows * MODEL.grid.cols):
        opened.go(
            image="scene-0",
            layer="2",
            patch=f"{cell // MODEL.grid.cols},{cell % MODEL.grid.cols}",
            find="dog",
        )
        for lens in LENSES:
            rows = [
                row
                for row in tiny_study.neighbor_rows(MODEL, lens)
                if (row["image_id"], row["vision_layer"], row["cell"]) == ("scene-0", 2, cell)
            ]
            marked = opened.lens(lens).locator(".neighbour[data-hit] .rank").all_text_contents()
            expected = [str(row["rank"]) for row in rows if plain(whole_word(row, contexts)) == "dog"]
            assert marked == expected
    page.locator("#search-close").click()
    assert "find" not in opened.state()


@pytest.mark.parametrize("by", ["word", "exact", "prefix", "regex"])
@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_texts_are_texts(page: Page, tiny_site: Path, by: str, text: str) -> None:
    opened = open_search(page, tiny_site, text, f"&by={by}")
    expect(page.locator("#search-text")).to_have_value(text)
    assert opened.state()["find"] == text
    rows = [str(row["token"]) for lens in LENSES for row in tiny_study.neighbor_rows(MODEL, lens)]
    if by == "exact":
        assert total(page) == rows.count(text)
    if by == "regex" and text in ("\\", "(((", "{{ x }}"):
        expect(page.locator("#search-summary")).to_contain_text("This pattern cannot be searched: ")


def test_a_pattern_that_takes_for_ever_elsewhere_takes_no_time(page: Page, tiny_site: Path) -> None:
    open_search(page, tiny_site, "^(([a-z ])+.)+[A-Z]([a-z ])+$", "&by=regex&where=sentences")
    page.locator("#search-text").fill("^(a|a)*(.*)*(.*)*[0-9]!$")
    expect(page.locator("#search-summary")).to_contain_text("Nothing found", timeout=2000)


def test_the_onset_has_a_map_a_histogram_and_a_null(page: Page, tiny_site: Path) -> None:
    opened = open_search(page, tiny_site, "red")
    contexts = Counter((image, cell, layer) for image, lens, layer, cell in hits_of("red") if lens == "logit")
    expected: Counter[tuple[str, int]] = Counter()
    onset_cells = {}
    for image, _ in tiny_study.IMAGES:
        for cell in range(MODEL.grid.rows * MODEL.grid.cols):
            for layer, following in zip(tiny_study.LAYERS, tiny_study.LAYERS[1:], strict=False):
                if contexts[image, cell, layer] and contexts[image, cell, following]:
                    expected[image, layer] += 1
                    onset_cells[image, cell] = layer
                    break
    label = page.locator("#onset-lenses .bars").nth(1).get_attribute("aria-label") or ""
    cells = 2 * MODEL.grid.rows * MODEL.grid.cols
    for layer in tiny_study.LAYERS:
        rate = 1000 * sum(expected[image, layer] for image, _ in tiny_study.IMAGES) / cells
        shown = re.search(rf"layer {layer}: ([\d.]+) per 1000 patches", label)
        assert shown
        assert float(shown[1]) == pytest.approx(rate, abs=0.5)
    # Both images are annotated with something red, so there is nothing to compare with, and the page says so.
    expect(page.locator("#onset-groups")).to_contain_text(f"shown in 2 images ({cells} patches)")
    expect(page.locator("#onset-groups")).to_contain_text("so no null")
    page.locator("#search-lenses .found-name").nth(1).click()
    page.locator("#onset-map").click()
    assert opened.state() | {"map": "onset", "lens": "logit"} == opened.state()
    here = Counter(layer for (image, _), layer in onset_cells.items() if image == "scene-0")
    items = page.locator("#legend button").all_text_contents()
    assert items == [f"layer {layer}{here[layer]}" for layer in tiny_study.LAYERS if here[layer]]
    page.locator("#search-close").click()
    assert opened.state()["map"] == "none"
    expect(page.locator("#map-choices [data-choice='onset']")).to_be_hidden()


def test_images_without_the_word_are_the_null(page: Page, tiny_site: Path) -> None:
    open_search(page, tiny_site, "house")
    cells = MODEL.grid.rows * MODEL.grid.cols
    parts = page.locator("#onset-groups > span")
    assert parts.all_inner_texts() == [
        f"shown in 1 image ({cells} patches)",
        f"not shown in 1 image ({cells} patches): the null",
    ]
    colour = "node => getComputedStyle(node).backgroundColor"
    bar = page.locator("#onset-lenses .bar-null").first
    assert parts.locator(".swatch").evaluate(colour) == bar.evaluate(colour)
    expect(page.locator("#onset-meaning")).to_contain_text("per 1000 patches")
    expect(page.locator("#onset-lenses .bars[data-compared]")).to_have_count(3)
    page.locator("#search-sentences").check()
    expect(page.locator("#onset-meaning")).to_contain_text("of tokens only")
    expect(page.locator("#onset-map")).to_be_hidden()


def test_a_pattern_typed_as_a_word_is_offered_as_a_pattern(page: Page, tiny_site: Path) -> None:
    opened = open_search(page, tiny_site, "^ ?d.g$")
    expect(page.locator("#search-summary")).to_contain_text("Nothing found")
    expect(page.locator("#search-results")).to_be_hidden()
    page.locator("#search-summary").get_by_role("button", name="search it as a pattern").click()
    assert opened.state()["by"] == "regex"
    assert total(page) > 0
    expect(page.locator("#search-results")).to_be_visible()
    page.locator("#search-text").fill("nowhere(")
    expect(page.locator("#search-summary").get_by_role("button")).to_have_count(0)


def test_a_fresh_search_offers_words_that_the_model_says(page: Page, tiny_site: Path) -> None:
    ModelPage.open(page, tiny_site / ALPHA)
    page.locator("#search-button").click()
    idea = page.locator("#search-ideas button").first
    word = idea.inner_text()
    idea.click()
    expect(page.locator("#search-text")).to_have_value(word)
    expect(page.locator("#search-text")).to_be_focused()
    expect(page.locator("#search-summary")).to_contain_text(re.compile(r"\d+ hits?"))


def test_hidden_tokens_are_searched_and_the_page_says_so(page: Page, tiny_site: Path) -> None:
    open_search(page, tiny_site, "dog", "&words-only=on")
    assert total(page) == len(hits_of("dog"))
    expect(page.locator("#search-summary")).to_contain_text("hidden tokens included")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    "fragment",
    ["find=", "find=dog&find-lens=logit&layers=2,4", "find=house&map=onset&lens=logit", "find=(&by=regex"],
)
def test_axe_finds_nothing(page: Page, tiny_site: Path, fragment: str, scheme: str) -> None:
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    ModelPage.open(page, tiny_site / ALPHA, f"#image=scene-0&layer=2&patch=0,1&{fragment}")
    expect(page.locator("#search-progress")).to_have_text("")
    violations = Axe().run(page).response["violations"]
    assert not violations, [(found["id"], node["html"]) for found in violations for node in found["nodes"]]


def test_images_in_data_files_are_searched_too(page: Page, tiny_study_folder: Path, tmp_path: Path) -> None:
    build_site(tiny_study_folder, tmp_path / "site", images_in_page=1)
    open_search(page, tmp_path / "site", "dog")
    assert total(page) == len(hits_of("dog"))
