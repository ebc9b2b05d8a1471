"""Browser pages that test after test uses: a page of its own for each would mean a process of its own.

Starting one takes longer than most tests do. What a test may leave behind is put back afterwards; a page that
cannot be trusted to be as new (its test failed, closed it or went elsewhere) is thrown away.
"""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Browser, Page

SIZE = {"width": 1280, "height": 720}
"""Playwright's own, in CSS pixels."""
MOST = 4
"""Pages kept at once: a desk and a phone, light and dark."""


class KeptPages:
    """One page for each way of opening a context, the last used at the end."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._pages: dict[str, Page] = {}

    def taken(self, wanted: dict[str, Any]) -> Page:
        """An empty page of a context with these arguments, which is not kept until it is given back."""
        page = self._pages.pop(_key(wanted), None)
        return page or self._browser.new_context(**wanted).new_page()

    def give_back(self, page: Page, wanted: dict[str, Any]) -> None:
        """Make the page as new and keep it for the next test."""
        if page.is_closed() or not page.url.startswith(("file:", "about:blank")):
            page.context.close()
            return
        _clean(page, wanted)
        self._pages[_key(wanted)] = page
        if len(self._pages) > MOST:
            self._pages.pop(next(iter(self._pages))).context.close()


def _key(wanted: dict[str, Any]) -> str:
    return repr(sorted(wanted.items()))


def _clean(page: Page, wanted: dict[str, Any]) -> None:
    """Leave nothing stored, allowed, emulated, held or open beside the page."""
    for other in page.context.pages:
        if other is not page:
            other.close()
    page.context.clear_permissions()
    if page.url.startswith("file:"):
        page.evaluate("localStorage.clear()")
    page.set_viewport_size(wanted.get("viewport", SIZE))
    page.emulate_media(
        media="null",
        color_scheme=wanted.get("color_scheme", "light"),
        reduced_motion=wanted.get("reduced_motion", "no-preference"),
    )
    page.mouse.move(0, 0)
    page.goto("about:blank")
