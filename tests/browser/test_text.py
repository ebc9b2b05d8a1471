"""Text is shown as it is: whatever a token, a sentence, a caption or a name holds can be read on the page."""

from __future__ import annotations

import re
import subprocess
import unicodedata
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from generator.build import build_site
from tests.browser.model_page import ModelPage
from tests.browser.test_model_page import ALPHA, stored
from tests.generator import tiny_study

# Each token and how a page shows it.
TORTURE = {
    "<s>": "<s>",
    "</s>": "</s>",
    "</script>": "</script>",
    "<!--<script>": "<!--<script>",
    "&lt;b&gt;": "&lt;b&gt;",
    "<img src=x onerror=alert(1)>": "<img␣src=x␣onerror=alert(1)>",
    "{{ 7 * 7 }}": "{{␣7␣*␣7␣}}",
    " dog": "␣dog",
    "  ": "␣␣",
    "\n\n": "↵↵",
    "\t": "⇥",
    "a\u2028b": "a⟨U+2028⟩b",
    "\u202egnp": "⟨U+202E⟩gnp",
    "x\u200by": "x⟨U+200B⟩y",
    "\u0000": "⟨U+0000⟩",
    "\u001b[31m": "⟨U+001B⟩[31m",
    "\ufffd": "\ufffd",
    "<0xE4>": "<0xE4>",
    "\u0301": "◌\u0301",
    "e\u0301": "e\u0301",
    "Z\u0351\u036b\u0343": "Z\u0351\u036b\u0343",
    "猫": "猫",
    "ねこ": "ねこ",
    "고양이": "고양이",
    " قطة": "␣قطة",
    "חתול": "חתול",
    "👩\u200d🚀": "👩\u200d🚀",
    "": "∅",
}
CAPTION = "A \u202ered\u202c dog </script><b>&amp;\u2028 on\u0000 猫"
CAPTION_SHOWN = "A ⟨U+202E⟩red⟨U+202C⟩ dog </script><b>&amp;⟨U+2028⟩ on⟨U+0000⟩ 猫"
LINK = "#image=scene-0&layer={}&patch=0,0&pins=0,0;0,1;0,2;1,0&region=0,0;1,2&map=words&lens={}"

# What the page writes on its canvases, where no test could read it.
SPY = """window.written = new Set();
const fillText = CanvasRenderingContext2D.prototype.fillText;
CanvasRenderingContext2D.prototype.fillText = function (text, ...rest) {
  window.written.add(text);
  return fillText.call(this, text, ...rest);
};"""


@pytest.fixture(params=["desktop", "phone"])
def browser_context_args(
    browser_context_args: dict[str, Any], request: pytest.FixtureRequest
) -> dict[str, Any]:
    phone = {"viewport": {"width": 390, "height": 844}, "has_touch": True}
    return browser_context_args | (phone if request.param == "phone" else {})


@pytest.fixture(scope="session")
def torture_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny study with no token, sentence or caption that is easy to show."""
    folder = tmp_path_factory.mktemp("torture")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tiny_study, "TOKENS", tuple(TORTURE))
        patch.setattr(
            tiny_study, "SENTENCES", ("猫 \u202esat\u202c </script> on\u2028it", "<s> 고양이 e\u0301")
        )
        patch.setattr(tiny_study, "IMAGES", (("scene-0", CAPTION), ("scene-1", CAPTION[::-1])))
        tiny_study.write_tiny_study(folder / "results")
    build_site(folder / "results", folder / "site")
    return folder / "site"


@pytest.fixture(autouse=True)
def the_same_study(monkeypatch: pytest.MonkeyPatch) -> None:
    """What `stored` works out is what the site was built from."""
    monkeypatch.setattr(tiny_study, "TOKENS", tuple(TORTURE))


def without_space(shown: str) -> str:
    """A token as maps, chips' labels and titles write it: its leading space left out."""
    return shown[1:] if len(shown) > 1 and shown.startswith("␣") else shown


def bare(texts: set[str]) -> set[str]:
    """Texts without those that the page has shortened for want of room."""
    return {text for text in texts if "…" not in text}


def test_every_token_shows_literally_in_every_panel(page: Page, torture_site: Path) -> None:
    page.add_init_script(SPY)
    seen: dict[str, set[str]] = {}
    for layer in tiny_study.LAYERS:
        for lens in ("embedding", "logit"):
            page.goto("about:blank")
            opened = ModelPage.open(page, torture_site / ALPHA, LINK.format(layer, lens))
            panels = {
                "lenses": opened.lens(lens).locator(".token"),
                "pins": page.locator(f".pin-table tr[data-lens={lens}] .token"),
                "region": page.locator(f".region-lens[data-lens={lens}] .token"),
                "layers": page.locator(f"#layer-table td[data-lens={lens}] .token"),
            }
            for name, tokens in panels.items():
                seen.setdefault(name, set()).update(tokens.all_text_contents())
            seen.setdefault("map", set()).update(page.evaluate("[...written]"))
            labels = page.locator("#legend bdi").all_text_contents()
            seen.setdefault("legend", set()).update(labels)
    shown = set(TORTURE.values())
    for name in ("lenses", "pins", "region", "layers"):
        assert seen[name] <= shown, (name, seen[name] - shown)
    assert len(seen["lenses"]) > len(shown) / 2
    on_map = {without_space(token) for token in shown} | set("1234")
    assert bare(seen["map"]) <= on_map, bare(seen["map"]) - on_map
    assert len(bare(seen["map"])) > 8
    words = {without_space(unicodedata.normalize("NFKC", token).lower()) for token in shown}
    legend = {unicodedata.normalize("NFKC", label) for label in seen["legend"]}
    assert {label for label in legend if not re.match(r"[a-z]", label)} <= words | on_map
    page.close()  # else the next test's page would run the script too


def test_labels_and_titles_say_the_same(page: Page, torture_site: Path) -> None:
    ModelPage.open(page, torture_site / ALPHA, LINK.format(2, "logit"))
    page.wait_for_selector("[role=gridcell][aria-label]")
    texts = page.evaluate(
        """[...document.querySelectorAll('*')].flatMap(node =>
             ['title', 'aria-label', 'alt', 'aria-valuetext'].map(name => node.getAttribute(name))
             .filter(text => text))"""
    )
    assert len(texts) > 30
    hidden = [
        text for text in texts if any(unicodedata.category(c) in ("Cc", "Cf", "Zl", "Zp") for c in text)
    ]
    assert [text for text in hidden if "\u200d" not in text] == []
    for cell in range(6):
        firsts = [
            stored("alpha-round", "scene-0", lens, 2, cell)[0]["token"] for lens in ("embedding", "logit")
        ]
        said = ", ".join(without_space(TORTURE[str(token)]) for token in firsts)
        label = page.locator("[role=gridcell]").nth(cell).get_attribute("aria-label") or ""
        assert label.startswith(f"row {cell // 3}, column {cell % 3}: {said}, ")


def test_captions_and_names_show_literally(page: Page, torture_site: Path) -> None:
    ModelPage.open(page, torture_site / ALPHA)
    expect(page.locator("#caption")).to_have_text(CAPTION_SHOWN)
    expect(page.locator("#strip a").first).to_have_attribute("title", CAPTION_SHOWN)
    expect(page.locator("#strip a").first).to_have_attribute("aria-label", f"image 1: {CAPTION_SHOWN}")
    expect(page.locator("#canvas-image")).to_have_attribute("alt", CAPTION_SHOWN)


def test_nothing_of_it_becomes_markup(page: Page, torture_site: Path) -> None:
    ModelPage.open(page, torture_site / ALPHA, LINK.format(2, "logit"))
    assert page.locator("main").locator("b, s, i, script, img[src=x]").count() == 0
    for node in page.locator("main .token").all()[:40]:
        assert node.evaluate("node => node.tagName") == "BDI"
        assert node.get_attribute("dir") == "auto"


def test_a_token_keeps_to_itself_what_it_does_to_directions(page: Page, torture_site: Path) -> None:
    """Beside an Arabic or a Hebrew token the rank stays left and the score right."""
    for layer in tiny_study.LAYERS:
        opened = ModelPage.open(page, torture_site / ALPHA, LINK.format(layer, "logit"))
        for row in opened.lens("embedding").locator(".neighbour").all():
            rank, token, score = (
                row.locator(f".{part}").bounding_box() for part in ("rank", "named", "score")
            )
            assert rank
            assert token
            assert score
            assert rank["x"] < token["x"] < score["x"] + score["width"]


@pytest.mark.parametrize(("token", "language"), [("猫", "zh"), (" قطة", "ar")])
def test_scripts_have_a_font_where_the_machine_has_one(
    page: Page, torture_site: Path, token: str, language: str
) -> None:
    fonts = subprocess.run(["fc-list", f":lang={language}"], capture_output=True, text=True, check=False)
    if not fonts.stdout.strip():
        pytest.skip(f"no font for {language} on this machine")
    for layer in tiny_study.LAYERS:
        ModelPage.open(page, torture_site / ALPHA, LINK.format(layer, "logit") + "&region-ranks=all")
        if page.locator(".more").count():
            page.locator(".more").first.click()
        found = page.locator(".panel .token", has_text=token.strip())
        if found.count():
            break
    found.first.evaluate("node => node.id = 'probe'")
    session = page.context.new_cdp_session(page)
    session.send("DOM.enable")
    session.send("CSS.enable")
    root = session.send("DOM.getDocument")["root"]["nodeId"]
    node = session.send("DOM.querySelector", {"nodeId": root, "selector": "#probe"})["nodeId"]
    used = session.send("CSS.getPlatformFontsForNode", {"nodeId": node})["fonts"]
    families = {line.split(":")[1].strip().split(",")[0] for line in fonts.stdout.splitlines()}
    assert families & {font["familyName"] for font in used}


def test_a_rows_title_says_the_tokens_number(page: Page, torture_site: Path) -> None:
    """Pieces of a character all look alike; their numbers do not."""
    opened = ModelPage.open(page, torture_site / ALPHA, LINK.format(2, "logit"))
    numbers = [row["token_id"] for row in stored("alpha-round", "scene-0", "logit", 2, 0)]
    titles = [row.get_attribute("title") or "" for row in opened.lens("logit").locator(".named").all()]
    assert [title.split(";")[0] for title in titles] == [f"token {number}" for number in numbers]
