"""A built model page in a real browser: how soon it can be read, and what it costs then."""

from __future__ import annotations

import os
import shutil
import statistics
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_PROBE = Path(__file__).with_name("viewer_probe.js")
_QUERIES = [["dog", "word"], ["s", "prefix"], [" the", "exact"], ["^.*[aeiou]{2}", "regex"], ["zzzz", "word"]]
_SWEEPS = 2
_LOOK = 3000
"""Milliseconds that a reader looks at a page before sweeping its layers."""
# When the page says that the first patch can be read, by its own clock, which starts when it is asked for.
_WATCH_READY = """
new MutationObserver(() => {
  if (document.documentElement?.dataset.ready) globalThis.readyAt ??= performance.now();
}).observe(document, { subtree: true, attributes: true, attributeFilter: ["data-ready"] });
"""


def high(times: list[float]) -> float:
    """The 95th percentile."""
    return statistics.quantiles(times, n=20, method="inclusive")[-1]


@dataclass(frozen=True)
class Measured:
    """Milliseconds and bytes of one page."""

    openings: list[float]
    """Until the first patch can be read, by opening."""
    first_changes: list[float]
    """Layers that are shown for the first time, some seconds after the page was opened, in each opening."""
    layer_changes: list[float]
    """Up and down again after that."""
    searches: list[dict[str, Any]]
    """Each with `text`, `by`, `took` from the key to all counts shown, the median of the openings, and the
    `summary` on the page."""
    heap: float
    """After every image was read and shown: objects and the memory behind arrays."""

    @property
    def opening(self) -> float:
        """The median opening."""
        return statistics.median(self.openings)

    @property
    def search(self) -> float:
        """The slowest search."""
        return max(search["took"] for search in self.searches)


def measure(file: Path, openings: int) -> Measured:
    """Open a model's page some times and use it."""
    url = file.resolve().as_uri()
    times = []
    for _ in range(openings):
        with _opened(url) as page:
            times.append(page.evaluate("readyAt"))
    first, changes = [], []
    for _ in range(openings):
        with _opened(url + "#layer=0&map=words&lens=logit") as page:
            facts = page.evaluate("JSON.parse(document.getElementById('page').textContent)")
            steps = len(facts["visionLayers"]) - 1
            page.wait_for_timeout(_LOOK)
            first += page.evaluate("steps => probe.sweep(steps)", steps)
            changes += page.evaluate(f"steps => probe.sweeps({_SWEEPS}, steps)", steps)
    with _opened(url) as page:
        heap = _heap_after_all_images(page, len(facts["images"]))
    return Measured(times, first, changes, _searches(url, openings), heap)


def _searches(url: str, openings: int) -> list[dict[str, Any]]:
    """Each query's median: in one opening a frame of the browser may come in between."""
    found: list[list[dict[str, Any]]] = []
    for _ in range(openings):
        with _opened(url) as page:
            found.append(page.evaluate("queries => probe.searches(queries)", _QUERIES))
    return [
        {**searches[0], "took": statistics.median(search["took"] for search in searches)}
        for searches in zip(*found, strict=True)
    ]


@contextmanager
def _opened(url: str) -> Iterator[Page]:
    """The page in a browser of its own, so that nothing is left from the last opening."""
    found = os.environ.get("VLENS_CHROMIUM") or next(filter(None, map(shutil.which, _BROWSERS)), None)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        page = browser.new_context(viewport={"width": 1440, "height": 900}, bypass_csp=True).new_page()
        page.add_init_script(_WATCH_READY)
        page.add_init_script(path=_PROBE)
        page.goto(url)
        page.locator("html[data-ready]").wait_for()
        yield page
        browser.close()


def _heap_after_all_images(page: Page, images: int) -> float:
    """Show every image, search them all, and count what is still needed."""
    for image in range(1, images):
        page.keyboard.press(".")
        page.locator(f"#strip a[aria-current][data-image='{image}']").wait_for()
    page.evaluate("location.hash += '&find=dog'")
    page.wait_for_timeout(8000)
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    usage = session.send("Runtime.getHeapUsage")
    return float(
        usage["usedSize"] + usage.get("backingStorageSize", 0) + usage.get("embedderHeapUsedSize", 0)
    )
