"""A study whose every text is an attack: shown literally wherever it stands, and nothing of it is run."""

from __future__ import annotations

import csv
import io
import json
import re
import unicodedata
from pathlib import Path
from urllib.parse import quote
from xml.etree import ElementTree

import pytest
from playwright.sync_api import Page, expect

from data_pipeline.schema import LENSES
from generator.build import build_site
from tests.browser.model_page import ModelPage
from tests.generator import hostile_study
from tests.generator.hostile_study import ATTACKS, IMAGES, LAYERS, MODELS, TOP_K, token

PATCH = f"image={IMAGES[0]}&layer=2&patch=0,1"
HARM = """() => {
  const found = [];
  if ("hacked" in window) found.push("a script has run");
  for (const element of document.querySelectorAll("*")) {
    if (["I", "IFRAME", "OBJECT", "EMBED", "TEXTAREA", "BASE"].includes(element.tagName)) {
      found.push(element.outerHTML);
    }
    if (element.tagName === "B" && element.textContent === "bold") found.push(element.outerHTML);
    for (const { name, value } of element.attributes) {
      if (name.startsWith("on")) found.push(`${name} in ${element.outerHTML}`);
      if (["href", "src", "action"].includes(name) && /^\\s*javascript:/i.test(value)) found.push(value);
    }
  }
  if (Object.keys(Object.prototype).length) found.push("a prototype was written to");
  return found;
}"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hostile")
    build_site(hostile_study.write_hostile_study(folder / "results"), folder / "site")
    return folder / "site"


def unharmed(page: Page) -> None:
    found = page.evaluate(HARM)
    assert not found, found


def expect_hits(page: Page, count: int) -> None:
    """The summary begins with this count: "1 hit" is not told from "11 hits" by its end."""
    beginning = rf"^{count:,} hits? in " if count else "^Nothing found"
    expect(page.locator("#search-summary")).to_have_text(re.compile(beginning))


def shown(text: str) -> str:
    """A token as the page writes it; an independent statement of the rule."""
    named = {" ": "␣", "\n": "↵", "\t": "⇥", "\ufffd": "\ufffd"}
    written, seated, emoji = "", False, False
    for character in text:
        kind = unicodedata.category(character)
        if character in named:
            written, seated = written + named[character], False
        elif character == "\u200d" and emoji:
            written += character
        elif kind in ("Cc", "Cf", "Zl", "Zp", "Zs", "Co", "Cn") or character == "\u3164":
            written, seated = f"{written}⟨U+{ord(character):04X}⟩", False
        else:
            written += character if seated or not kind.startswith("M") else f"◌{character}"
            seated = True
        emoji = kind == "So" or (character == "\ufe0f" and emoji)
    return written or "∅"


def named(text: str) -> str:
    """A name or sentence as the page writes it: ordinary spaces are left as they are."""
    return " ".join(shown(part) if part else "" for part in text.split(" ")) or "∅"


def lists(model: int, image: int, layer: int, cell: int) -> dict[str, list[str]]:
    return {
        lens: [token(model, image, number, layer, cell, rank) for rank in range(TOP_K)]
        for number, lens in enumerate(LENSES)
        if (MODELS[model], lens, LAYERS[layer]) != (MODELS[1], "embedding", 2)
    }


@pytest.mark.parametrize("model", range(len(MODELS)))
def test_every_token_and_sentence_is_shown_literally(page: Page, site: Path, model: int) -> None:
    opened = ModelPage.open(page, site / f"models/{MODELS[model]}.html")
    seen: dict[str, set[str]] = {lens: set() for lens in LENSES}
    text = ""
    for layer, depth in enumerate(LAYERS):
        for cell in range(hostile_study.CELLS):
            opened.go(image=IMAGES[1], layer=str(depth), patch=f"{cell // 3},{cell % 3}")
            for lens, tokens in lists(model, 1, layer, cell).items():
                assert opened.tokens(lens) == [shown(text) for text in tokens]
                seen[lens].update(tokens)
            text += page.evaluate("document.body.innerText")
            marks = opened.lens("contextual").locator("mark").all_text_contents()
            assert marks == [named(text) for text in lists(model, 1, layer, cell)["contextual"] if text]
    unharmed(page)
    assert seen["contextual"] == set(ATTACKS)
    assert [attack for attack in ATTACKS if shown(attack) not in text] == []


def test_names_notes_and_reasons_are_shown_literally(page: Page, site: Path) -> None:
    for number, model_id in enumerate(MODELS):
        opened = ModelPage.open(page, site / f"models/{model_id}.html", f"#{PATCH}")
        title = ATTACKS[number * 9]
        expect(page.locator("h1")).to_have_text(title)
        expect(page.locator(".breadcrumb a").first).to_contain_text(hostile_study.SCRIPT)
        assert page.title().startswith(title)
        assert page.locator(".verdict-word").count() > 0
        caption = opened.facts["images"][0]["caption"]
        assert page.locator("#caption").text_content() == named(caption)
        assert page.locator("#canvas-image").get_attribute("alt") == named(caption)
        unharmed(page)
    page.goto((site / f"models/{MODELS[1]}.html").as_uri() + f"#{PATCH}&map=words&lens=embedding")
    absent = ModelPage(page).ready().lens("embedding").locator(".absent")
    expect(absent).to_contain_text(hostile_study.SCRIPT)


EVERYWHERE = "pins=0,1;0,0;1,0;1,2&region=0,0;1,2&region-ranks=all"


@pytest.mark.parametrize(
    "fragment",
    [
        f"{EVERYWHERE}&map=words&lens=contextual",
        f"{EVERYWHERE}&map=words&lens=logit&all-layers=on",
        f"{EVERYWHERE}&map=verdict&lens=logit&find=.&by=regex&where=sentences&rank=5",
        f"{EVERYWHERE}&map=words&lens=embedding&defaults=hide&words-only=on&find=a&by=prefix&rank=5",
        f"{EVERYWHERE}&map=onset&lens=contextual&find=constructor&by=word&rank=5",
    ],
)
def test_with_everything_open(page: Page, site: Path, fragment: str) -> None:
    opened = ModelPage.open(page, site / f"models/{MODELS[0]}.html", f"#{PATCH}&{fragment}")
    for image in IMAGES:
        page.locator(f"#strip a[data-image='{IMAGES.index(image)}']").click()
        for _ in LAYERS:
            page.keyboard.press("]")
        for cell in page.locator("[role=gridcell]").all():
            if cell.is_visible():  # with all layers open there is no one grid
                cell.hover(force=True)
        page.mouse.move(0, 0)
        text = page.evaluate("document.body.innerText")
        for tokens in lists(0, IMAGES.index(image), 2, 1).values():
            if "words-only" not in fragment:
                assert [shown(token) for token in tokens if shown(token) not in text] == []
        for _ in LAYERS:
            page.keyboard.press("[")
    for key in ("?", "s"):
        page.keyboard.press(key)
        page.keyboard.press("Escape")
    assert opened.state()["patch"] == "0,1"
    labels = page.locator("[role=gridcell]").evaluate_all("nodes => nodes.map((node) => node.ariaLabel)")
    assert all(label.startswith("row ") for label in labels)
    unharmed(page)


def test_every_attack_can_be_searched_for_and_isolated(page: Page, site: Path) -> None:
    opened = ModelPage.open(page, site / f"models/{MODELS[2]}.html", f"#{PATCH}")
    rows = [row["token"] for lens in range(len(LENSES)) for row in hostile_study._neighbors(2, lens)]
    for attack in ATTACKS:
        asked = quote(attack)
        page.evaluate(
            "hash => { location.hash = hash; }",
            f"{PATCH}&map=words&only={asked}&find={asked}&by=exact&rank=5",
        )
        expect(page.locator("#search-text")).to_be_visible()
        if attack in ("\n", "\r\n"):  # a field of one line cannot hold them
            continue
        if attack != "":
            expect_hits(page, rows.count(attack))
    unharmed(page)
    assert opened.state()["map"] == "words"


@pytest.mark.parametrize("way", ["word", "exact", "prefix", "regex"])
def test_names_that_every_object_has_are_searched_as_words(page: Page, site: Path, way: str) -> None:
    for word in ("__proto__", "constructor", "hasOwnProperty", "toString"):
        page.goto("about:blank")
        fragment = f"#{PATCH}&map=words&lens=logit&find={word}&by={way}&rank=5"
        ModelPage.open(page, site / f"models/{MODELS[2]}.html", fragment)
        rows = [row["token"] for lens in range(len(LENSES)) for row in hostile_study._neighbors(2, lens)]
        expect_hits(page, rows.count(word))
    unharmed(page)


def test_a_link_may_name_what_every_object_has(page: Page, site: Path) -> None:
    names = ("__proto__", "constructor", "toString")
    keys = ("image", "layer", "patch", "pins", "region", "map", "lens", "only", "find", "by", "where", "in")
    for name in names:
        page.goto("about:blank")
        fragment = "&".join(f"{key}={name}" for key in (*keys, name))
        opened = ModelPage.open(page, site / f"models/{MODELS[0]}.html", f"#{fragment}")
        assert opened.state()["image"] == IMAGES[0]
        unharmed(page)


def test_what_is_saved_holds_the_attacks_and_runs_none(page: Page, site: Path) -> None:
    ModelPage.open(page, site / f"models/{MODELS[0]}.html", f"#{PATCH}&{EVERYWHERE}&map=words&lens=logit")
    for kind in ("lists", "layers", "region"):
        page.locator("#take-button").click()
        place = ("lists", "layers", "region").index(kind)
        with page.expect_download() as download:
            page.locator(f"[data-table='{place}']").click()
        assert download.value.suggested_filename == f"constructor-constructor-{IMAGES[0]}-layer-2-{kind}.csv"
        text = Path(download.value.path()).read_bytes().decode("utf-8-sig")
        rows = list(csv.DictReader(io.StringIO(text, newline=""), strict=True))
        tokens = {json.loads(row["token_json"]) for row in rows}
        assert tokens <= set(ATTACKS)
        assert len(tokens) > 30
        assert not any(
            value[:1] in ("=", "+", "-", "@", "\t", "\r") for row in rows for value in row.values()
        )
    page.locator("#take-button").click()
    with page.expect_download() as download:
        page.locator("[data-picture='svg']").click()
    root = ElementTree.parse(download.value.path()).getroot()  # noqa: S314 the page's own file, checked here
    tags = {element.tag.rpartition("}")[2] for element in root.iter()}
    assert tags == {"svg", "title", "desc", "rect", "path", "image", "text"}
    assert not [name for element in root.iter() for name in element.attrib if name.startswith("on")]
    page.goto(Path(download.value.path()).as_uri())
    assert page.evaluate("'hacked' in window") is False


def test_the_citation_is_one_entry(page: Page, site: Path) -> None:
    for model_id in MODELS:
        ModelPage.open(page, site / f"models/{model_id}.html", f"#{PATCH}")
        page.locator("#take-button").click()
        page.locator("#cite-button").click()
        lines = (page.locator("#cite-text").text_content() or "").splitlines()
        assert [line.count("{") - line.count("}") for line in lines] == [1, *[0] * (len(lines) - 2), -1]
        assert lines[0] == f"@misc{{vlens-constructor-{model_id},"
        unharmed(page)


def test_the_index(page: Page, site: Path) -> None:
    page.goto((site / "index.html").as_uri())
    page.locator("details").evaluate_all("nodes => nodes.forEach((node) => { node.open = true; })")
    unharmed(page)
    text = page.evaluate("document.body.innerText")
    assert hostile_study.SCRIPT in text
    template = hostile_study.SCRIPT + "{{ 7 * 7 }}"
    assert template in text
    assert template.replace("{{ 7 * 7 }}", "49") not in text


@pytest.mark.parametrize(
    "models", ["constructor,toString", "__proto__,hasOwnProperty", "toString,CON.x%2By_z-1"]
)
def test_the_comparison(page: Page, site: Path, models: str) -> None:
    page.goto((site / "compare.html").as_uri() + f"#models={models}&image={IMAGES[1]}&patch=0,0")
    page.locator("html[data-ready]").wait_for()
    for cell in page.locator("[role=gridcell]").all()[:6]:
        cell.hover(force=True)
    unharmed(page)
    assert "[object" not in page.evaluate("document.body.innerText")
