"""`vlens build`: results in, a site out."""

from __future__ import annotations

from pathlib import Path

import click

from vlens.commands.options import FOLDER, output_dir_option


@click.command()
@click.argument("results", type=FOLDER)
@output_dir_option
def command(results: Path, output_dir: Path) -> None:
    """Build the site of RESULTS: one page per model and an index."""
    from vlens.commands.site import build_and_report
    from vlens.progress import TerminalProgress

    with TerminalProgress() as progress:
        build_and_report(results, output_dir, progress)
