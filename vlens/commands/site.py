"""Building a site and saying where it is: what `build` and `demo` share."""

from __future__ import annotations

from pathlib import Path

import click

from data_pipeline.progress import Progress


def build_and_report(
    results: Path,
    output_dir: Path,
    progress: Progress,
    *,
    ablations: bool = True,
    images_in_page: int | None = None,
) -> None:
    """Build the site of `results` into `output_dir` and print its size and address."""
    from generator.build import IMAGES_IN_PAGE, build_site

    most = IMAGES_IN_PAGE if images_in_page is None else images_in_page
    report = build_site(results, output_dir, progress, ablations=ablations, images_in_page=most)
    files = f" and {report.data_files} data files" if report.data_files else ""
    size = megabytes(report.bytes)
    click.echo(f"{report.pages} pages{files}, {size}, built in {report.seconds:.1f} s")
    click.echo(f"Results: {results}")
    click.echo(f"Open {(output_dir.resolve() / 'index.html').as_uri()}")


def megabytes(count: int) -> str:
    """`count` bytes in MB, for readers."""
    return f"{count / 1e6:.1f} MB"
