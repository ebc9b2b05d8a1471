"""A model's page as a reader handles it."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from playwright.sync_api import Locator, Page, expect


@dataclass(frozen=True)
class ModelPage:
    """One opened model page."""

    page: Page

    @staticmethod
    def open(page: Page, file: Path, fragment: str = "") -> ModelPage:
        page.goto(file.as_uri() + fragment)
        return ModelPage(page).ready()

    def ready(self) -> ModelPage:
        self.page.locator("html[data-ready]").wait_for()
        return self

    @property
    def facts(self) -> dict[str, Any]:
        """The small JSON of the page."""
        return json.loads(self.page.locator("#page").text_content() or "")

    def state(self) -> dict[str, str]:
        """The URL hash as keys and values, once the page has written it; Playwright hears of it later."""
        self.page.locator("html:not([data-unsaved])").wait_for()
        fragment = self.page.evaluate("location.hash.slice(1)")
        return {key: values[0] for key, values in parse_qs(fragment, keep_blank_values=True).items()}

    def point(self, row: int, col: int) -> tuple[float, float]:
        """Where the centre of a cell is on the screen, worked out from the stored geometry alone."""
        image = next(image for image in self.facts["images"] if image["id"] == self.state()["image"])
        canvas = image["canvas"]
        frame = self.page.locator("#frame")
        frame.scroll_into_view_if_needed()
        box = frame.bounding_box()
        assert box
        x = (canvas["gridX"] + (col + 0.5) * canvas["cellWidth"]) / canvas["width"]
        y = (canvas["gridY"] + (row + 0.5) * canvas["cellHeight"]) / canvas["height"]
        assert math.isclose(box["width"] / box["height"], canvas["width"] / canvas["height"], rel_tol=0.01)
        return box["x"] + x * box["width"], box["y"] + y * box["height"]

    def click(self, row: int, col: int) -> None:
        self.page.mouse.click(*self.point(row, col))

    def hover(self, row: int, col: int) -> None:
        self.page.mouse.move(*self.point(row, col))

    def lens(self, lens: str) -> Locator:
        return self.page.locator(f"section.lens[data-lens='{lens}']")

    def tokens(self, lens: str) -> list[str]:
        """The tokens shown in a lens's list, with their glyphs."""
        return self.lens(lens).locator(".neighbour .token").all_text_contents()

    def go(self, **wanted: str) -> None:
        """Follow a link to another place of the same page."""
        self.page.evaluate(
            "hash => { location.hash = hash; }", "&".join(f"{k}={v}" for k, v in wanted.items())
        )
        row, col = wanted["patch"].split(",")
        expect(self.page.locator("#patch-title .place")).to_have_text(f"Patch at row {row}, column {col}")
        expect(self.page.locator("#patch-title .depth")).to_have_text(f"vision layer {wanted['layer']}")

    def title(self) -> str:
        return self.page.locator("#patch-title .place").inner_text()
