"""Whatever is blank says why: a lens, a layer, an image's readings, an image, statistics."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from data_pipeline.manifest import Absence, Manifest
from data_pipeline.schema import LENSES
from generator.build import build_site
from tests.browser.model_page import ModelPage
from tests.browser.test_model_page import SHELF
from tests.generator import tiny_study

GAPS = "models/alpha-wide.html"
NOT_PUBLISHED = "absent because the embedding matrix is <not> published"
LOST = "the disk </b> was\u2028full"
LOST_SHOWN = "the disk </b> was⟨U+2028⟩full"
UNREADABLE = "the file \u202e<img src=x> could not be read"
UNREADABLE_SHOWN = "the file ⟨U+202E⟩<img src=x> could not be read"


@pytest.fixture(params=["desktop", "phone"])
def browser_context_args(
    browser_context_args: dict[str, Any], request: pytest.FixtureRequest
) -> dict[str, Any]:
    phone = {"viewport": {"width": 390, "height": 844}, "has_touch": True}
    return browser_context_args | (phone if request.param == "phone" else {})


@pytest.fixture(scope="session")
def gaps_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny study, but one model lacks all readings of one image, and three images that were promised."""
    folder = tmp_path_factory.mktemp("gaps")
    with pytest.MonkeyPatch.context() as patch:
        _lose_readings(patch)
        tiny_study.write_tiny_study(folder / "results")
    build_site(folder / "results", folder / "site")
    return folder / "site"


def _lose_readings(patch: pytest.MonkeyPatch) -> None:
    def without_lost(rows: Any) -> Any:
        def kept(model: tiny_study.TinyModel, *rest: str) -> list[dict[str, Any]]:
            lost = model.model_id == "alpha-wide"
            return [row for row in rows(model, *rest) if not (lost and row["image_id"] == "scene-1")]

        return kept

    for name in ("neighbor_rows", "judgment_rows", "cell_rows"):
        patch.setattr(tiny_study, name, without_lost(getattr(tiny_study, name)))
    manifest = _more(tiny_study.tiny_manifest())
    patch.setattr(tiny_study, "tiny_manifest", lambda: manifest)


def _more(manifest: Manifest) -> Manifest:
    images = (*(image_id for image_id, _ in tiny_study.IMAGES), "gone-1", "gone-2", "gone-3")
    expected = [
        replace(entry, images=images) if entry.model_id == "alpha-wide" else entry
        for entry in manifest.expected
    ]
    absent = [
        *manifest.absent,
        Absence("alpha-wide", LOST, image_id="scene-1"),
        Absence("alpha-wide", UNREADABLE, image_id="gone-1"),
        Absence("alpha-wide", UNREADABLE, image_id="gone-3"),
    ]
    return Manifest(manifest.study, expected, absent)


def test_a_lens_without_a_layer_says_so_in_every_panel(page: Page, tiny_site: Path) -> None:
    opened = ModelPage.open(
        page,
        tiny_site / SHELF,
        "#image=scene-0&layer=2&patch=0,0&pins=0,0;1,1&region=0,0;1,1&map=words&lens=logit",
    )
    for place in (
        opened.lens("logit"),
        page.locator(".pin-table tr[data-lens=logit]"),
        page.locator(".region-lens[data-lens=logit]"),
    ):
        expect(place).to_contain_text("Absent because the run ended early")
    expect(page.locator("#legend")).to_contain_text("absent because the run ended early")
    expect(page.locator("#absences p").nth(0)).to_have_text(f"Input Embedding Matrix: {NOT_PUBLISHED}")
    expect(page.locator("#absences p").nth(1)).to_have_text(
        "LogitLens at vision layer 2: absent because the run ended early"
    )
    row = page.locator("#layer-table tbody tr").nth(1)
    expect(row.locator("td").nth(0)).to_have_attribute("title", NOT_PUBLISHED)
    expect(row.locator("td").nth(1)).to_have_text("absent")
    expect(page.locator("[role=gridcell]").first).to_have_attribute(
        "aria-label", "row 0, column 0: absent, absent, " + _first(opened)
    )


def _first(opened: ModelPage) -> str:
    return opened.tokens("contextual")[0].removeprefix("␣")


def test_statistics_that_are_not_stored_are_said_to_be(page: Page, tiny_site: Path) -> None:
    ModelPage.open(page, tiny_site / SHELF, "#image=scene-0&layer=2&patch=0,0")
    expect(page.locator("#patch-facts")).to_contain_text("not in these results")
    expect(page.locator("#generated-caption")).to_have_text("none stored")


def test_an_image_without_any_reading_says_why(page: Page, gaps_site: Path) -> None:
    link = "#image=scene-1&layer=2&patch=0,0&pins=0,0;1,1&region=0,0;1,1&map=words&lens=contextual"
    opened = ModelPage.open(page, gaps_site / GAPS, link)
    for lens in LENSES:
        expect(opened.lens(lens)).to_contain_text(f"Absent because {LOST_SHOWN}")
        expect(page.locator(f".pin-table tr[data-lens={lens}]")).to_contain_text(LOST_SHOWN)
        expect(page.locator(f".region-lens[data-lens={lens}]")).to_contain_text(LOST_SHOWN)
    expect(page.locator("#legend")).to_contain_text(f"absent because {LOST_SHOWN}")
    expect(page.locator("#absences p")).to_have_count(3)
    assert opened.tokens("contextual") == []
    for choice in ("score", "none", "words"):
        page.locator(f"#map-choices label:has([value={choice}])").click()
    page.locator("#strip a").first.click()
    # The other image's data are decoded when they are asked for.
    expect(opened.lens("contextual").locator(".neighbour .token")).to_have_count(tiny_study.TOP_K)
    expect(page.locator("#absences p")).to_have_count(0)


def test_images_that_cannot_be_shown_are_listed_with_the_reason(page: Page, gaps_site: Path) -> None:
    opened = ModelPage.open(page, gaps_site / GAPS)
    summary = page.locator("#absent-images summary")
    expect(summary).to_have_text("3 absent")
    summary.click()
    lines = page.locator("#absent-images p")
    expect(lines.nth(0)).to_have_text(f"gone-1, gone-3 because {UNREADABLE_SHOWN}")
    expect(lines.nth(1)).to_contain_text("gone-2 because they are not in the results")
    expect(lines.nth(0)).to_be_in_viewport(ratio=1)
    page.evaluate("location.hash = 'image=gone-3&layer=2'")
    expect(page.locator("#notice")).to_contain_text(f"The image is absent because {UNREADABLE_SHOWN}.")
    assert opened.state()["image"] == "scene-0"


def test_a_page_that_lacks_no_image_says_nothing_of_it(page: Page, tiny_site: Path) -> None:
    ModelPage.open(page, tiny_site / SHELF)
    expect(page.locator("#absent-images")).to_be_hidden()
