"""All budgets of the viewer, measured and printed as one Markdown table.

    python -m benchmarks.viewer [--many 300] [--keep FOLDER]

needs the published results (`--published`) and a Chromium (on the path, or named by VLENS_CHROMIUM). It
imports Molmo-7B-D, builds its page, a page of the study's own size and a model of many images out of it
(`benchmarks/tiled_study.py` says how), and uses them in the browser. Times are of this machine as it is: let
nothing else run.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from benchmarks.published_viewer import MODEL, PUBLISHED_BYTES_AN_IMAGE, cpu_name, peak_bytes

ROOT = Path(__file__).resolve().parents[1]
MEGABYTE = 10**6
MODELS = 9
"""Models of the study, for the arithmetic of its site."""
IMAGES = 300
"""Images of the study, likewise."""
ENCODERS = 3
"""Vision encoders of the study: models of one share its canvases."""
SITE = 10**9
"""Bytes of a GitHub Pages site."""


@dataclass(frozen=True)
class Budget:
    """One line of the table; less is better."""

    what: str
    limit: float
    measured: float
    unit: str
    note: str = ""

    def row(self) -> str:
        """The line as Markdown."""
        verdict = "met" if self.measured <= self.limit else f"missed by {self.measured / self.limit - 1:.0%}"
        values = " | ".join(
            f"{value:,.{self.decimals}f} {self.unit}" for value in (self.limit, self.measured)
        )
        return f"| {self.what} | {values} | {verdict} | {self.note} |"

    @property
    def decimals(self) -> int:
        """As many as tell the two values apart."""
        return 0 if self.limit >= 100 else 1


@dataclass(frozen=True)
class Built:
    """One build in a process of its own."""

    bytes: int
    seconds: float
    peak: int


def build(results: Path, site: Path, images_in_page: int = IMAGES) -> Built:
    """Build in a fresh process, so that its memory is the build's alone."""
    context = multiprocessing.get_context("spawn")
    with context.Pool(1) as pool:
        return pool.apply(_build, (results, site, images_in_page))


def _build(results: Path, site: Path, images_in_page: int) -> Built:
    from generator.build import build_site

    began = perf_counter()
    report = build_site(results, site, with_data=False, images_in_page=images_in_page)
    return Built(report.bytes, perf_counter() - began, peak_bytes())


def budgets(published: Path, folder: Path, many: int) -> list[Budget]:
    """Measure everything, making what is needed in `folder`."""
    molmo = _made(folder / "molmo", lambda target: _import(published, target))
    return [*_small_page(molmo, folder), *_study_page(molmo, folder), *_many_images(molmo, folder, many)]


def _import(published: Path, target: Path) -> None:
    from data_pipeline.importers.vlens_json import import_vlens_json

    import_vlens_json(published, target, models=[MODEL])


def _made(folder: Path, make: Callable[[Path], object]) -> Path:
    """`folder`, made unless an earlier run left it there whole."""
    if not folder.is_dir():
        partial = folder.with_name(folder.name + ".partial")
        make(partial)
        partial.rename(folder)
    return folder


def _tiled(molmo: Path, folder: Path, images: int, side: int) -> Path:
    from benchmarks.tiled_study import read_source, write_tiled_study

    name = folder / f"tiled-{images}-{side}"
    return _made(name, lambda target: write_tiled_study(read_source(molmo), target, images, side, side))


def _page(site: Path) -> Path:
    (page,) = (site / "models").glob("*.html")
    return page


def _small_page(molmo: Path, folder: Path) -> list[Budget]:
    build(molmo, folder / "site-molmo")
    size = _page(folder / "site-molmo").stat().st_size / 5
    limit = PUBLISHED_BYTES_AN_IMAGE / 25
    note = f"1/{PUBLISHED_BYTES_AN_IMAGE / size:.1f} of the published viewer's"
    return [Budget("Molmo-7B-D's page, for each of 5 images", limit / 1000, size / 1000, "kB", note)]


def _study_page(molmo: Path, folder: Path) -> list[Budget]:
    from benchmarks.viewer_browser import high, measure

    site = folder / "site-study"
    build(_tiled(molmo, folder, 10, 27), site)
    page = _page(site)
    found = measure(page, openings=5)
    slowest = max(found.searches, key=lambda search: search["took"])
    return [
        Budget(
            "729 cells × 9 layers × 3 lenses × 5 × 10 images: first patch can be read",
            1000,
            found.opening,
            "ms",
            f"median of 5; the page has {page.stat().st_size / MEGABYTE:.1f} MB",
        ),
        Budget(
            "the same: layer shown for the first time, with the word map, 95th percentile",
            16,
            high(found.first_changes),
            "ms",
            f"{len(found.first_changes)} changes; main thread, layout included, painting not",
        ),
        Budget(
            "the same: layer shown again, 95th percentile",
            16,
            high(found.layer_changes),
            "ms",
            f"{len(found.layer_changes)} changes; likewise",
        ),
        Budget(
            "the same: search of the whole page",
            50,
            found.search,
            "ms",
            f"from the key to all counts, medians of 5 openings; the slowest of {len(found.searches)}: "
            f"{slowest['by']} `{slowest['text']}`",
        ),
        Budget(
            "the same: memory after all images were read and searched",
            250,
            found.heap / MEGABYTE,
            "MB",
            "objects, arrays and the document",
        ),
    ]


def _many_images(molmo: Path, folder: Path, many: int) -> list[Budget]:
    results = _tiled(molmo, folder, many, 24)
    site = folder / "site-many"
    built = build(results, site, images_in_page=0)
    canvas = sum(file.stat().st_size for file in site.glob("canvases/*.js")) / many
    rest = built.bytes / many - canvas
    whole = IMAGES * (MODELS * rest + ENCODERS * canvas)
    note = (
        f"{IMAGES} × ({MODELS} × {rest / 1000:.0f} kB + {ENCODERS} canvases × {canvas / 1000:.0f} kB), "
        f"measured on one model of {many} images, built in {built.seconds:.0f} s with "
        f"{built.peak / 2**20:.0f} MiB at most; without the Parquet (`--no-data`)"
    )
    return [
        Budget("a site of 9 models × 300 images × 576 cells", SITE / MEGABYTE, whole / MEGABYTE, "MB", note)
    ]


def main() -> int:
    """Parse the command line, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    default = ROOT.parent / "shared" / "data" / "vlens_results"
    parser.add_argument("--published", type=Path, default=default, help="the published results")
    parser.add_argument("--many", type=int, default=IMAGES, help="images of the model with many")
    parser.add_argument("--keep", type=Path, help="keep the tiled studies here for the next time")
    options = parser.parse_args()
    if not options.published.is_dir():
        print(f"viewer: {options.published}: no such folder; --published names it", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as name:
        folder = options.keep or Path(name)
        folder.mkdir(parents=True, exist_ok=True)
        before = os.getloadavg()[0]
        rows = [budget.row() for budget in budgets(options.published, folder, options.many)]
        print("| what | budget | measured | | how |", "|---|---|---|---|---|", *rows, sep="\n")
        print(f"\n{cpu_name()}; load {before:.1f} at the beginning, {os.getloadavg()[0]:.1f} at the end.")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
