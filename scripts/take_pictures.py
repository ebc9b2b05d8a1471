"""The README's pictures: real pages of a built site in a real browser.

    .venv/bin/python scripts/take_pictures.py site

writes `model.png`, `search.png`, `compare.png` and `index.png` in `docs/images/`. The browser is the one
that the tests use.
"""

from __future__ import annotations

import io
import os
import shutil
from pathlib import Path

import click
from PIL import Image
from playwright.sync_api import Browser, sync_playwright

IMAGES = Path(__file__).resolve().parents[1] / "docs" / "images"
BALLOON = "#layer=2&patch=1,5&map=words&lens=contextual"
SEARCH = "#layer=3&patch=5,1&find=red"
COMPARISON = (
    "#models=llama-clip,olmo-dinov2,qwen2-siglip&depth=0.5&map=words&lens=contextual&in=llama-clip&patch=2,4"
)
SETTLE = 2000
"""Milliseconds."""
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def take(browser: Browser, file: Path, fragment: str, size: tuple[int, int], output: Path) -> None:
    """Save what a reader sees first of one page, at twice the resolution, in 256 colours."""
    width, height = size
    page = browser.new_page(
        viewport={"width": width, "height": height}, device_scale_factor=2, color_scheme="light"
    )
    page.goto(file.as_uri() + fragment)
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(SETTLE)  # a search goes on while the page is idle
    with Image.open(io.BytesIO(page.screenshot())) as picture:
        picture.convert("RGB").quantize(256, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).save(
            output, optimize=True
        )
    click.echo(f"{output}: {output.stat().st_size / 1000:.0f} kB")
    page.close()


@click.command()
@click.argument("site", type=click.Path(path_type=Path, exists=True))
@click.option("--model", default="olmo-clip", show_default=True, help="Whose page is shown.")
@click.option("--fragment", default=BALLOON, show_default=True, help="What is selected on it.")
def main(site: Path, model: str, fragment: str) -> None:
    """Take the README's pictures from SITE."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    chromium = os.environ.get("VLENS_CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        folder = site.resolve()
        page = _page_of(folder, model)
        take(browser, page, fragment, (1400, 860), IMAGES / "model.png")
        take(browser, page, SEARCH, (1400, 860), IMAGES / "search.png")
        take(browser, folder / "compare.html", COMPARISON, (1400, 900), IMAGES / "compare.png")
        take(browser, folder / "index.html", "", (1400, 1000), IMAGES / "index.png")
        browser.close()


def _page_of(site: Path, model: str) -> Path:
    (page,) = site.glob(f"**/{model}.html")
    return page


if __name__ == "__main__":
    main()
