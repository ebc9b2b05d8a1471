"""Bytes, seconds and memory of the Molmo-7B-D page beside those of the published viewer.

    python benchmarks/published_viewer.py [--published FOLDER] [--runs 5]

Imports the published results once, then builds the page in fresh processes and prints the medians as a
Markdown table. The published viewer's figures were measured on its ten pages of the same model (one page an
image, 144 patches, 9 layers, 3 lenses, 5 neighbours) and on its generator, on a machine of two cores.
"""

from __future__ import annotations

import argparse
import multiprocessing
import platform
import resource
import statistics
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from time import perf_counter, process_time

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

MODEL = "Molmo-7B-D-0924"
PUBLISHED_BYTES_AN_IMAGE = 3.71e6
PUBLISHED_SECONDS_AN_IMAGE = 0.4
MEBIBYTE = 2**20


@dataclass(frozen=True)
class Run:
    """One build in a process of its own; `process_seconds` is with loading libraries.

    `cpu_seconds` counts what the build's threads worked, whatever else the machine is doing.
    """

    seconds: float
    cpu_seconds: float
    process_seconds: float
    page_bytes: int
    peak_bytes: int


def build_once(results: Path, site: Path) -> Run:
    """Build the site of `results` into `site`, in this process."""
    began = perf_counter()
    from data_pipeline.progress import SilentProgress
    from generator.build import build_site

    loaded, worked = perf_counter(), process_time()
    build_site(results, site, SilentProgress())
    ended = perf_counter()
    (page,) = (site / "models").glob("*.html")
    return Run(ended - loaded, process_time() - worked, ended - began, page.stat().st_size, peak_bytes())


def peak_bytes() -> int:
    """The most memory this process ever held: Linux counts it in KiB, macOS in bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def measure(results: Path, folder: Path, runs: int) -> list[Run]:
    """Build `runs` times, each in a fresh process and into a fresh folder."""
    context = multiprocessing.get_context("spawn")
    with context.Pool(1, maxtasksperchild=1) as pool:
        return [pool.apply(build_once, (results, folder / f"site{number}")) for number in range(runs)]


def cpu_name() -> str:
    """The processor's name as the system gives it."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.is_file() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return f"{names[0]}, {len(names)} cores" if names else platform.processor() or platform.machine()


def report(runs: list[Run], images: int, import_seconds: float) -> str:
    """The Markdown table."""

    def median(value: Callable[[Run], float]) -> float:
        return statistics.median(value(run) for run in runs)

    size = median(lambda run: run.page_bytes) / images
    seconds = median(lambda run: run.seconds) / images
    cpu = median(lambda run: run.cpu_seconds) / images
    whole = median(lambda run: run.process_seconds) / images
    peak = median(lambda run: run.peak_bytes) / MEBIBYTE
    libraries = ", ".join(f"{name} {version(name)}" for name in ("duckdb", "jinja2", "numpy", "pyarrow"))
    return "\n".join(
        [
            f"| {MODEL}, {images} images | published viewer | V-Lens | ratio |",
            "|---|---|---|---|",
            f"| bytes an image | {PUBLISHED_BYTES_AN_IMAGE:,.0f} | {size:,.0f} "
            f"| 1/{PUBLISHED_BYTES_AN_IMAGE / size:.1f} |",
            f"| seconds an image, building | {PUBLISHED_SECONDS_AN_IMAGE} | {seconds:.3f} "
            f"| 1/{PUBLISHED_SECONDS_AN_IMAGE / seconds:.1f} |",
            f"| processor seconds an image, building | | {cpu:.3f} | |",
            f"| seconds an image, building, with loading the libraries | | {whole:.3f} "
            f"| 1/{PUBLISHED_SECONDS_AN_IMAGE / whole:.1f} |",
            f"| peak memory of the build, MiB | | {peak:.0f} | |",
            f"| import from JSON, seconds an image | | {import_seconds / images:.3f} | |",
            "",
            f"Median of {len(runs)} builds, each in a fresh process. {cpu_name()}; "
            f"Python {platform.python_version()}, {libraries}.",
        ]
    )


def main() -> int:
    """Parse the command line, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    default = ROOT.parent / "shared" / "data" / "vlens_results"
    parser.add_argument("--published", type=Path, default=default, help="the published results")
    parser.add_argument("--runs", type=int, default=5, help="how often to build")
    options = parser.parse_args()
    from data_pipeline.errors import InputError
    from data_pipeline.importers.vlens_json import import_vlens_json
    from data_pipeline.store import Results

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        began = perf_counter()
        try:
            import_vlens_json(options.published, folder / "results", models=[MODEL])
        except InputError as error:
            print(f"published_viewer: {error}", file=sys.stderr)
            return 2
        import_seconds = perf_counter() - began
        images = Results(folder / "results").read("samples").num_rows
        print(report(measure(folder / "results", folder, options.runs), images, import_seconds))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
