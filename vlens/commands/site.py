"""Building a site and saying where it is: what `build` and `demo` share."""

from __future__ import annotations

from pathlib import Path

import click

from data_pipeline.progress import Progress


def build_and_report(results: Path, output_dir: Path, progress: Progress, *, ablations: bool = True) -> None:
    """Build the site of `results` into `output_dir` and print its size and address."""
    from generator.build import build_site

    report = build_site(results, output_dir, progress, ablations=ablations)
    click.echo(f"{report.pages} pages, {megabytes(report.bytes)}, built in {report.seconds:.1f} s")
    click.echo(f"Results: {results}")
    click.echo(f"Open {(output_dir.resolve() / 'index.html').as_uri()}")


def megabytes(count: int) -> str:
    """`count` bytes in MB, for readers."""
    return f"{count / 1e6:.1f} MB"
