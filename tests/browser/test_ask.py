"""The page that asks a person, by keys, by mouse and on a phone; its file goes back into the results."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from data_pipeline.judges.planning import PlanSettings, make_plan
from data_pipeline.store import Results
from tests.browser.test_axe import findings
from vlens.cli import main

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


@pytest.fixture(scope="module")
def results(tiny_study_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny study with a plan, and `ask.html` beside it."""
    folder = shutil.copytree(tiny_study_folder, tmp_path_factory.mktemp("ask") / "tiny")
    make_plan(folder, PlanSettings(patches=2, models=("alpha-round", "shelf")))
    options = ["--layers", "2", "--lens", "logit,contextual"]
    assert main(["judge", "ask", str(folder), "--output", str(folder.parent / "ask.html"), *options]) == 0
    return folder


@pytest.fixture
def browser_context_args(
    browser_context_args: dict[str, Any], request: pytest.FixtureRequest
) -> dict[str, Any]:
    return browser_context_args | {"accept_downloads": True} | getattr(request, "param", {})


@pytest.fixture
def opened(page: Page, results: Path) -> Page:
    """The page, before any answer."""
    page.goto((results.parent / "ask.html").as_uri())
    page.locator("html[data-ready]").wait_for()
    return page


def place(page: Page) -> str:
    return page.locator("#place").inner_text()


def given(page: Page) -> dict[str, str]:
    """The relation of each word that has one."""
    words = page.locator("#words li[data-relation]")
    return {
        one.locator(".token").inner_text(): one.get_attribute("data-relation") or "" for one in words.all()
    }


def saved(page: Page, folder: Path) -> Path:
    with page.expect_download() as download:
        page.keyboard.press("s")
    path = folder / download.value.suggested_filename
    download.value.save_as(path)
    return path


def test_keys_alone_answer_and_the_file_is_imported(
    opened: Page, results: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = opened
    count = int(place(page).split("/")[1])
    page.keyboard.press("Enter")
    expect(page.locator("#notice")).to_contain_text("Give a word its relation")
    assert place(page) == f"1 / {count}"
    words = page.locator("#words .token").all_inner_texts()
    page.keyboard.press("2")
    page.keyboard.press("c")
    page.keyboard.press("1")
    page.keyboard.press("g")
    page.keyboard.press("g")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("A")
    assert given(page) == {words[1]: "concrete", words[2]: "abstract"}
    page.keyboard.press("Enter")
    page.keyboard.press("u")
    expect(page.locator("#unsure-button")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("Backspace")
    assert given(page) == {words[1]: "concrete", words[2]: "abstract"}
    page.keyboard.press("Enter")
    for _ in range(count - 2):
        page.keyboard.press("Enter")
        page.keyboard.press("n")
    expect(page.locator("#answered")).to_have_text(f"{count} of {count} answered")
    page.keyboard.press("Enter")
    expect(page.locator("#finished")).to_be_visible()
    page.keyboard.press("s")
    expect(page.locator("#annotator")).to_be_focused()
    page.keyboard.type("Ana María")  # among which c, a, n and ? mean nothing
    page.keyboard.press("Enter")
    expect(page.locator("#finish-button")).to_be_focused()
    path = saved(page, tmp_path)
    assert path.name == "answers-ana-maria.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    assert len(content["answers"]) == count
    taken = shutil.copytree(results, tmp_path / "taken")
    assert main(["judge", "import", str(path), "--results", str(taken)]) == 0
    assert f"ana-maria: {count} answers" in capsys.readouterr().out
    rows = [row for row in Results(taken).read("judgments").to_pylist() if row["judge"] == "ana-maria"]
    related = [row for row in rows if row["interpretable"]]
    assert {(tuple(row["concrete_words"]), tuple(row["abstract_words"])) for row in related} == {
        ((words[1],), (words[2],))
    }
    assert {row["status"] for row in rows} == {"ok", "skipped"}


def test_answers_are_kept_and_can_be_loaded_elsewhere(opened: Page, results: Path, tmp_path: Path) -> None:
    page = opened
    page.locator("#annotator").fill("Ben")
    page.keyboard.press("Enter")
    page.keyboard.press("n")
    page.keyboard.press("Enter")
    page.keyboard.press("c")
    path = saved(page, tmp_path)
    page.reload()
    page.locator("html[data-ready]").wait_for()
    assert place(page).startswith("3 /")
    assert page.locator("#annotator").input_value() == "Ben"
    page.evaluate("localStorage.clear()")
    page.reload()
    page.locator("html[data-ready]").wait_for()
    assert place(page).startswith("1 /")
    page.locator("#load-file").set_input_files(path)
    expect(page.locator("#answered")).to_contain_text("2 of")
    assert place(page).startswith("3 /")
    for content, said in (("{", "not JSON"), ("[]", "no file of answers"), ('{"format": 1}', "no file of")):
        (tmp_path / "bad.json").write_text(content, encoding="utf-8")
        page.locator("#load-file").set_input_files(tmp_path / "bad.json")
        expect(page.locator("#notice")).to_contain_text(said)
        expect(page.locator("#answered")).to_contain_text("2 of")


def test_what_the_relations_mean_is_seen_before_the_first_answer(opened: Page) -> None:
    meanings = opened.locator(".ask-meanings div")
    expect(meanings).to_have_count(3)
    for place, start in enumerate(
        ("concrete something that is seen inside", "abstract an idea", "global something")
    ):
        expect(meanings.nth(place)).to_be_in_viewport(ratio=1)
        expect(meanings.nth(place)).to_contain_text(start)


def test_the_mouse_leaves_enter_to_the_next_question(opened: Page) -> None:
    page = opened
    page.locator("#words li").nth(2).get_by_role("button", name="global").click()
    assert list(given(page).values()) == ["global"]
    page.keyboard.press("Enter")
    assert place(page).startswith("2 /")
    page.keyboard.press("Tab")  # from the question to its first word, whose button keeps Enter
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert list(given(page).values()) == ["concrete"]
    assert place(page).startswith("2 /")
    expect(page.locator("#words li").first.get_by_role("button", name="concrete")).to_be_focused()


def test_frames_stand_where_the_cell_is(opened: Page) -> None:
    page = opened
    data = json.loads(page.locator("#page").inner_text() or page.locator("#page").text_content() or "")
    question = data["questions"][0]
    canvas = data["canvases"][question["canvas"]]
    picture, own = (page.locator(part).bounding_box() for part in ("#whole", '#whole [data-mark="own"]'))
    assert picture
    assert own
    scale = picture["width"] / canvas["width"]
    row, col = divmod(question["cell"], canvas["cols"])
    expected = (
        picture["x"] + scale * (canvas["gridX"] + col * canvas["cellWidth"]),
        picture["y"] + scale * (canvas["gridY"] + row * canvas["cellHeight"]),
        scale * canvas["cellWidth"],
        scale * canvas["cellHeight"],
    )
    assert (own["x"], own["y"], own["width"], own["height"]) == pytest.approx(expected, abs=0.6)


@pytest.mark.parametrize("browser_context_args", [PHONE], indirect=True)
def test_a_phone_answers_by_touch(opened: Page) -> None:
    page = opened
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    for part in ("#whole", "#crop", "#next-button"):
        expect(page.locator(part)).to_be_in_viewport()
    page.locator("#words li").first.get_by_role("button", name="abstract").tap()
    assert list(given(page).values()) == ["abstract"]
    page.locator("#next-button").tap()
    page.locator("#none-button").tap()
    page.locator("#back-button").tap()
    assert list(given(page).values()) == ["abstract"]
    targets = page.locator("main button:visible, .tools button").all()
    assert len(targets) > 20
    assert [
        box for box in (target.bounding_box() for target in targets) if not box or box["height"] < 28
    ] == []


@pytest.mark.parametrize(
    "browser_context_args",
    [{"color_scheme": "light", "reduced_motion": "reduce"}, {"color_scheme": "dark", **PHONE}],
    indirect=True,
)
def test_axe_finds_nothing(opened: Page) -> None:
    page = opened
    page.keyboard.press("c")
    assert findings(page) == []
    page.keyboard.press("?")
    assert findings(page) == []
    page.keyboard.press("Escape")
    while page.locator("#asking").is_visible():
        page.keyboard.press("u")
        page.keyboard.press("Enter")
        if page.locator("#unsure-button").get_attribute("aria-pressed") == "false":
            break
    assert findings(page) == []
