"""The judge page in a browser: choice of judge, gallery and filters, tables as CSV, hostile text."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.model_page import ModelPage
from tests.generator.judged_study import FAILURES, MODEL_JUDGE

SETTLED = "html[data-ready]:not([data-unsaved])"


def opened(page: Page, site: Path, hash_: str = "") -> Page:
    page.goto((site / "judge.html").as_uri() + hash_)
    page.locator(SETTLED).wait_for(state="attached")
    return page


def count(page: Page) -> int:
    return int((page.locator("#item-count").text_content() or "0").split(" ")[0])


def choose(page: Page, name: str, value: str) -> None:
    page.locator(f"#filters [name={name}]").select_option(value)


@pytest.fixture
def judge(page: Page, judged_site: Path) -> Page:
    return opened(page, judged_site, f"#judge={MODEL_JUDGE}")


def test_a_judge_shows_its_own_parts_and_is_in_the_address(page: Page, judged_site: Path) -> None:
    opened(page, judged_site)
    expect(page.locator("[data-judge=annotations]").first).to_be_visible()
    page.locator("[name=judge][value=ada]").check()
    assert page.locator("[data-judge]:not([data-judge=ada]):not([hidden])").count() == 0
    assert page.locator("[data-judge=ada]").count() == 7
    page.locator(SETTLED).wait_for(state="attached")
    assert "judge=ada" in page.url
    page.reload()
    page.locator(SETTLED).wait_for(state="attached")
    expect(page.locator("[name=judge][value=ada]")).to_be_checked()
    assert count(page) == 64, "a person judged one cell of each image, for two lenses of four models"


def test_filters_are_those_of_the_judges_own_verdicts(judge: Page) -> None:
    total = count(judge)
    counts = {}
    for verdict in ("yes", "no", "failed"):
        choose(judge, "verdict", verdict)
        counts[verdict] = count(judge)
    assert sum(counts.values()) + skipped(judge) == total
    choose(judge, "verdict", "failed")
    expect(judge.locator(".item-reason[data-kind=failure]").first).to_contain_text(FAILURES[0][:3])
    assert judge.locator(".item [data-relation]").count() == 0, "a failed call relates no words"
    choose(judge, "verdict", "")
    choose(judge, "relation", "abstract")
    judge.locator("#item-list .item").first.wait_for()
    assert judge.locator(".item:not(:has([data-relation=abstract]))").count() == 0


def skipped(page: Page) -> int:
    choose(page, "verdict", "skipped")
    return count(page)


def test_text_lens_layer_and_model_narrow_together_and_come_back_by_link(judge: Page) -> None:
    choose(judge, "lens", "logit")
    choose(judge, "layer", "2")
    choose(judge, "model", "beta-round")
    judge.locator("[name=text]").fill("SCENE 3")
    found = count(judge)
    assert 0 < found <= 2
    assert judge.locator(".item").count() == found
    for place in judge.locator(".item-place").all_text_contents():
        assert "LogitLens · layer 2" in place
    judge.locator(SETTLED).wait_for(state="attached")
    judge.reload()
    judge.locator(SETTLED).wait_for(state="attached")
    assert count(judge) == found
    judge.locator("[name=text]").fill("no such text")
    expect(judge.locator("#item-count")).to_contain_text("None of")


def test_disagreements_hold_two_verdicts(judge: Page) -> None:
    judge.locator("[name=disagree]").check()
    assert count(judge) > 0
    for item in judge.locator(".item").all():
        verdicts = {one.get_attribute("data-verdict") for one in item.locator("[data-verdict]").all()}
        assert {"yes", "no"} <= verdicts


def test_an_item_leads_to_its_patch_with_its_judge(judge: Page) -> None:
    choose(judge, "lens", "contextual")
    choose(judge, "layer", "4")
    place = judge.locator(".item-place").first.text_content() or ""
    judge.locator(".item h3 a").first.click()
    viewer = ModelPage(judge).ready()
    state = viewer.state()
    assert (state["layer"], state["lens"], state["map"]) == ("4", "contextual", "verdict")
    row, col = state["patch"].split(",")
    assert f"row {row}, column {col}" in place
    assert state["judge"] == MODEL_JUDGE
    expect(judge.locator("#judge-select")).to_have_value(MODEL_JUDGE)


def test_the_verdict_map_and_the_panel_are_the_chosen_judges(page: Page, judged_site: Path) -> None:
    patch = "image=scene-0&layer=2&patch=0,1&map=verdict&lens=contextual"
    viewer = ModelPage.open(page, judged_site / "models/alpha-round.html", f"#{patch}&judge={MODEL_JUDGE}")
    expect(page.locator("#legend button").last).to_contain_text("not judged")
    lens = viewer.lens("contextual")
    expect(lens.locator(".verdict-judge")).to_have_text("Made-up VLM <judge>")
    expect(lens.locator(".verdict-why")).to_be_visible()
    assert lens.locator(".verdict-others li").count() == 3
    expect(lens.locator(".verdict-others [data-verdict=failed]")).to_contain_text("annotations")
    page.keyboard.press("j")
    expect(page.locator("#judge-select")).not_to_have_value(MODEL_JUDGE)
    page.locator("#judge-select").select_option("annotations")
    expect(page.locator("#legend")).not_to_contain_text("not judged")
    expect(lens.locator(".verdict-why[data-kind=failure]")).to_have_text("no <answer>")
    assert "judge" not in viewer.state(), "the page's first judge needs no word in the link"


def test_more_items_are_shown_when_asked_for_and_pictures_come(judge: Page) -> None:
    assert judge.locator(".item").count() == 24
    judge.locator("#more-items").click()
    assert judge.locator(".item").count() == 48
    expect(judge.locator(".crop img:not([src])")).to_have_count(0)
    judge.evaluate("Promise.all([...document.querySelectorAll('.crop img')].map((img) => img.decode()))")


def test_a_table_is_saved_with_figures_as_figures(judge: Page) -> None:
    judge.locator(".figures:visible summary").first.click()
    with judge.expect_download() as download:
        judge.locator(".save-csv:visible").first.click()
    text = Path(download.value.path()).read_text(encoding="utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert download.value.suggested_filename == f"tiny-{MODEL_JUDGE}-alpha-round_shares.csv"
    assert {json.loads(row["lens"]) for row in rows} == {"Embedding", "LogitLens", "LN-Lens"}
    for row in rows:
        assert int(row["k"]) <= int(row["n"])
        assert float(row["share"]) == pytest.approx(100 * int(row["k"]) / int(row["n"]), abs=0.06)


def test_published_lines_can_be_switched_off(judge: Page) -> None:
    line = judge.locator(f"[data-judge={MODEL_JUDGE}] polyline.published").first
    expect(line).to_be_visible()
    judge.locator(".published-toggle:visible").uncheck()
    expect(line).to_be_hidden()


def test_nothing_of_the_results_is_run(page: Page, judged_site: Path) -> None:
    opened(page, judged_site)
    for name in ("annotations", MODEL_JUDGE, "ada", "bob"):
        page.locator(f"[name=judge][value={name}]").check()
        while page.locator("#more-items:visible").count() and page.locator(".item").count() < 120:
            page.locator("#more-items").click()
        page.locator("details").evaluate_all("nodes => nodes.forEach((node) => { node.open = true; })")
        assert page.evaluate("window.hacked") is None
        assert page.locator("main script, main img[onerror], main iframe").count() == 0
    page.locator(f"[name=judge][value={MODEL_JUDGE}]").check()
    expect(page.locator(".prompt pre:visible")).to_contain_text("</script><script>window.hacked=1</script>")


@pytest.mark.parametrize("width", [390, 1024, 1440])
def test_the_page_is_no_wider_than_the_screen(page: Page, judged_site: Path, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    opened(page, judged_site, f"#judge={MODEL_JUDGE}")
    page.locator("details").evaluate_all("nodes => nodes.forEach((node) => { node.open = true; })")
    assert page.evaluate("document.documentElement.scrollWidth") == width


def test_from_the_index_and_a_model_to_the_judges_and_back(page: Page, judged_site: Path) -> None:
    page.goto((judged_site / "index.html").as_uri())
    page.get_by_role("link", name="What the judges say").click()
    page.locator(SETTLED).wait_for(state="attached")
    page.locator(".breadcrumb a").click()
    assert page.url == (judged_site / "index.html").as_uri()
    ModelPage.open(page, judged_site / "models/beta-round.html")
    page.get_by_role("link", name="Judges").click()
    page.locator(SETTLED).wait_for(state="attached")
    expect(page.locator("[name=model]")).to_have_value("beta-round")
