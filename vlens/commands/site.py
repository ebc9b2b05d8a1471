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
    with_data: bool = True,
) -> None:
    """Build the site of `results` into `output_dir` and print its size and address."""
    from generator.build import IMAGES_IN_PAGE, build_site

    most = IMAGES_IN_PAGE if images_in_page is None else images_in_page
    report = build_site(
        results, output_dir, progress, with_data=with_data, ablations=ablations, images_in_page=most
    )
    files = f" and {report.data_files} data files" if report.data_files else ""
    tables = f", with {megabytes(report.data_bytes)} of Parquet" if with_data else ""
    size = megabytes(report.bytes)
    click.echo(f"{report.pages} pages{files}, {size}{tables}, built in {report.seconds:.1f} s")
    click.echo(f"Results: {results}")
    click.echo(f"Open {(output_dir.resolve() / 'index.html').as_uri()}")


def megabytes(count: int) -> str:
    """`count` bytes in MB, for readers."""
    return f"{count / 1e6:.1f} MB"
