"""The comparison as a reader handles it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from playwright.sync_api import Locator, Page


@dataclass(frozen=True)
class ComparePage:
    """The opened comparison."""

    page: Page

    @staticmethod
    def open(page: Page, site: Path, fragment: str = "") -> ComparePage:
        page.goto((site / "compare.html").as_uri() + fragment)
        return ComparePage(page).ready()

    def ready(self) -> ComparePage:
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

    @property
    def columns(self) -> Locator:
        return self.page.locator(".column:visible")

    def column(self, at: int) -> Locator:
        return self.columns.nth(at)

    def titles(self) -> list[str]:
        return [self.column(at).get_attribute("aria-label") or "" for at in range(self.columns.count())]

    def place(self, at: int) -> str:
        """What a column says of where the place is in its picture."""
        return self.column(at).locator(".place").inner_text()

    def tokens(self, at: int, lens: str) -> list[str]:
        return self.column(at).locator(f"[data-lens='{lens}'] .token").all_text_contents()

    def point(self, at: int, row: int, col: int) -> tuple[float, float]:
        """Where the centre of a cell is on the screen, worked out from the stored geometry alone."""
        facts, state = self.facts, self.state()
        model = next(one for one in facts["models"] if one["id"] == state["models"].split(",")[at])
        image = next(place for place, one in enumerate(facts["images"]) if one["id"] == state["image"])
        file = next(one for one in model["files"] if one["image"] == image)
        canvas = facts["geometries"][file["geometry"]]
        frame = self.column(at).locator(".frame")
        frame.scroll_into_view_if_needed()
        box = frame.bounding_box()
        assert box
        x = (canvas["gridX"] + (col + 0.5) * canvas["cellWidth"]) / canvas["width"]
        y = (canvas["gridY"] + (row + 0.5) * canvas["cellHeight"]) / canvas["height"]
        return box["x"] + x * box["width"], box["y"] + y * box["height"]

    def hover(self, at: int, row: int, col: int) -> None:
        self.page.mouse.move(*self.point(at, row, col))

    def click(self, at: int, row: int, col: int) -> None:
        self.page.mouse.click(*self.point(at, row, col))

    def selected(self, at: int) -> str | None:
        """The label of the patch that is pinned in a column."""
        cell = self.column(at).locator("[aria-selected=true]")
        return cell.get_attribute("aria-label") if cell.count() else None
